"""Measure everything, twice, and write the figures into docs/explanations/speed.md.

    python -m benchmarks [--runs N] [--jobs N] [NAME…]

takes three quarters of an hour. With names it measures these alone, once, and only prints: puts,
put-rates, results, result-rates, devices, start, idle, memory.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.support import ports

ports.search_everywhere()  # before any EPICS client library is loaded

from . import footprint, puts, report, results  # noqa: E402
from .finding import Finding, Series  # noqa: E402
from .stand import Stand  # noqa: E402

TIMED = [
    *("puts", "put-rates", "results", "result-rates"),
    *("devices", "start", "idle"),
]
NAMES = (*TIMED, "memory")
Found = tuple[list[Finding], list[Series]]


async def measure(name: str, stand: Stand, folder: Path, jobs: int) -> Found:
    """Do one of the measurements."""
    match name:
        case "puts":
            return await puts.latency(stand, folder), []
        case "put-rates":
            findings, series = await puts.rates(stand)
            return findings, [series]
        case "results":
            findings, series = await results.latency(stand)
            return findings, [series]
        case "result-rates":
            return await results.rates(stand)
        case "devices":
            return [await results.devices(stand, folder)], []
        case "start":
            return [await footprint.start(stand)], []
        case "idle":
            return [await footprint.idle(stand)], []
        case "memory":
            finding, series = await footprint.memory(stand, jobs)
            return [finding], [series]
        case _:
            raise ValueError(f"There is no {name}; there are {', '.join(NAMES)}")


async def run(names: list[str], jobs: int) -> Found:
    """Do some of the measurements, one after the other, each on a broker of its own."""
    findings: list[Finding] = []
    series: list[Series] = []
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            stand = Stand(Path(place))
            try:
                found, plots = await measure(name, stand, Path(place), jobs)
            finally:
                results.forget_channels()
                stand.close()
        for each in found:
            print(f"{each.what}: {each.ours}; {each.against}; {each.ratio:.2f}")
        findings += found
        series += plots
    return findings, series


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=100_000)
    options = parser.parse_args()
    if options.names:
        asyncio.run(run(options.names, options.jobs))
        return
    runs: list[Found] = []
    for _ in range(options.runs):
        runs.append(asyncio.run(run(TIMED, options.jobs)))
        report.write(runs)
    for findings, series in runs:  # last, as it takes long
        more_findings, more_series = asyncio.run(run(["memory"], options.jobs))
        findings += more_findings
        series += more_series
        report.write(runs)


if __name__ == "__main__":
    main()
