"""Measure everything, twice, and write the figures into the documentation.

    python -m benchmarks [--runs N] [--jobs N] [NAME…]

takes an hour and a half. With names it measures these alone, and replaces their
figures: puts, put-rates, looks, results, result-rates, devices, frames, start, idle,
memory, frames-memory (a hundred frames for each job).
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.support import ports

ports.search_everywhere()  # before any EPICS client library is loaded

from . import footprint, frames, looks, puts, report, results  # noqa: E402
from .stand import Stand  # noqa: E402

NAMES = report.NAMES


async def measure(name: str, stand: Stand, folder: Path, jobs: int) -> report.Measured:
    """Do one of the measurements."""
    match name:
        case "puts":
            return await puts.latency(stand, folder), []
        case "put-rates":
            findings, series = await puts.rates(stand)
            return findings, [series]
        case "looks":
            return await looks.latency(stand, folder), []
        case "results":
            findings, series = await results.latency(stand)
            return findings, [series]
        case "result-rates":
            return await results.rates(stand), []
        case "devices":
            return [await results.devices(stand, folder)], []
        case "frames":
            return await frames.rates(stand), []
        case "start":
            return [await footprint.start(stand)], []
        case "idle":
            return await footprint.idle(stand), []
        case "memory":
            finding, series = await footprint.memory(stand, jobs)
            return [finding], [series]
        case "frames-memory":
            finding, series = await footprint.frames_memory(stand, jobs * 100)
            return [finding], [series]
        case _:
            raise ValueError(f"There is no {name}; there are {', '.join(NAMES)}")


def run(name: str, jobs: int) -> report.Measured:
    """Do a measurement, on a broker of its own."""

    async def on_a_stand() -> report.Measured:
        with tempfile.TemporaryDirectory() as place:
            stand = Stand(Path(place))
            try:
                return await measure(name, stand, Path(place), jobs)
            finally:
                results.forget_channels()
                stand.close()

    findings, series = asyncio.run(on_a_stand())
    for each in findings:
        print(f"{each.what}: {each.ours}; {each.against}; {each.ratio:.2f}")
    return findings, series


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument(
        "--jobs", type=int, default=100_000, help="of the look at memory"
    )
    options = parser.parse_args()
    names = options.names or NAMES
    long = ["memory", "frames-memory"]
    timed = [name for name in NAMES if name not in long]
    for stage in (timed, long):
        for number in range(1, options.runs + 1):
            for name in stage:
                if name in names:
                    report.keep(name, number, run(name, options.jobs))


if __name__ == "__main__":
    main()
