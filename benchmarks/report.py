"""The pages with the figures: all of them for contributors, a few for users."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl
from pydantic import TypeAdapter

from .finding import Finding, Series

mpl.use("Agg")
from matplotlib import pyplot as plt

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = Path(__file__).with_name("figures.json")
PAGE = DOCS / "how-to" / "contribute" / "speed.md"
USERS_PAGE = DOCS / "explanations" / "speed.md"
BEGIN, END = "<!-- figures begin -->\n", "<!-- figures end -->\n"
HEAD = """\
| what | here | beside it | ratio | goal | reached |
| --- | --- | --- | --: | --: | --- |
"""


NAMES = (
    *("puts", "put-rates", "looks", "results", "result-rates"),
    *("devices", "frames", "start", "idle", "memory", "frames-memory"),
)
"""The measurements, in the order of the page."""
Measured = tuple[list[Finding], list[Series]]
"""What one measurement found."""
_RUNS = TypeAdapter(list[dict[str, Measured]])


def keep(name: str, number: int, measured: Measured) -> None:
    """Note what a measurement found in a run, and write the page anew."""
    runs = _RUNS.validate_json(FIGURES.read_bytes()) if FIGURES.exists() else []
    runs += [{} for _ in range(number - len(runs))]
    runs[number - 1][name] = measured
    FIGURES.write_bytes(_RUNS.dump_json(runs, indent=1) + b"\n")
    _write([[run[name] for name in NAMES if name in run] for run in runs])


def _write(runs: Sequence[Sequence[Measured]]) -> None:
    """Replace the figures of the page, and draw the plots of the first run anew."""
    tables = "".join(
        f"\n### Run {number}\n\n{HEAD}"
        + "".join(_line(found) for findings, _ in run for found in findings)
        for number, run in enumerate(runs, start=1)
    )
    plots = "".join(
        f"\n![{each.title}](../../images/{_draw(each)})\n"
        for _, series in runs[0]
        for each in series
    )
    heading = "\n### Plots of the first run\n" if plots else ""
    _replace(PAGE, f"{machine()}{tables}{heading}{plots}")
    lines = [
        f"| {found.for_users} | {found.ours} | {found.against} |\n"
        for findings, _ in runs[0]
        for found in findings
        if found.for_users
    ]
    head = "| | zocalo-ioc | for comparison |\n| --- | --- | --- |\n"
    _replace(USERS_PAGE, f"\n{head}{''.join(lines)}")


def _replace(page: Path, figures: str) -> None:
    """Replace the figures of a page."""
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}{figures}\n{END}{rest.partition(END)[2]}")


def _line(found: Finding) -> str:
    mark = "yes" if found.reached else "**no**"
    bound = "≤" if found.sense == "at most" else "≥"
    ratio = f"{found.ratio:.0f}" if found.ratio >= 20 else f"{found.ratio:.2f}"
    return (
        f"| {found.what} | {found.ours} | {found.against} | {ratio} "
        f"| {bound}\u00a0{found.goal:g} | {mark} |\n"
    )


def machine() -> str:
    """Describe where the figures come from."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    broker = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"],
        capture_output=True,
        text=True,
    ).stdout
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("softioc", "pika", "pydantic", "numpy")
    )
    return (
        f"\nOn {time.strftime('%Y-%m-%d')}: {cpu[1] if cpu else platform.machine()}, "
        f"{os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {packages}, "
        f"RabbitMQ {broker or 'unknown'}; "
        "broker, IOCs and clients on the same machine, whose load was "
        f"{os.getloadavg()[2]:.1f} at the end.\n"
    )


def _draw(series: Series) -> str:
    """Draw a plot, and return the name of its file."""
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for name, values in series.lines.items():
        axes.plot(range(len(series.cases)), values, marker="o", label=name)
    every = max(1, len(series.cases) // 6)
    axes.set_xticks(range(0, len(series.cases), every), series.cases[::every])
    axes.set_ylabel(series.unit)
    axes.set_ylim(bottom=0)
    axes.set_title(series.title, fontsize=10)
    axes.grid(alpha=0.3)
    if len(series.lines) > 1:
        axes.legend()
    name = f"speed-{re.sub(r'[^a-z0-9]+', '-', series.title.lower())}.svg"
    mpl.rcParams["svg.hashsalt"] = name
    figure.savefig(DOCS / "images" / name, metadata={"Date": None})
    plt.close(figure)
    return name
