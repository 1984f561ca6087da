"""Coverage-guided fuzzing of the reader of results; a process of its own.

    python -m tests.faults.fuzz RUNS SAMPLES FILE

reads so many mutated messages, keeps so many of them in a file for other tests, and
prints how many were read and how many were refused. It ends with another status than 0
when reading does anything but one of these two.
"""

import base64
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(  # pyright: ignore[reportAttributeAccessIssue]
    include=["zocalo_ioc.wire", "zocalo_ioc.centres"]
):
    from zocalo_ioc.centres import SortKey, best, rank
    from zocalo_ioc.errors import NotUnderstood
    from zocalo_ioc.wire import read_result

from .load import WITHOUT_HEADER
from .mutations import change_json, seeds

MAX_LENGTH = 20_000


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change a place of the JSON, or any bytes."""
    random = Random(seed)
    if random.random() < 0.5:
        try:
            changed = data[:1] + change_json(data[1:], random)
        except (ValueError, RecursionError):
            pass
        else:
            if len(changed) <= max_size:
                return changed
    return atheris.Mutate(data, max_size)


class Reader:
    """Reads what the fuzzer gives it.

    Args:
        runs: how many messages there will be.
        samples: how many of them are kept.
    """

    def __init__(self, runs: int, samples: int) -> None:
        self._every = max(1, runs // samples) if samples else 0
        self._samples = samples
        self.kept: list[bytes] = []
        self.read = self.refused = 0

    def take(self, data: bytes) -> None:
        count = self.read + self.refused
        if self._every and not count % self._every and len(self.kept) < self._samples:
            self.kept.append(data)
        headers = {"workflows-recipe": True} if data[:1] != WITHOUT_HEADER else {}
        try:
            result = read_result(headers, data[1:])
        except NotUnderstood:
            self.refused += 1
        else:
            best(rank(result.centres, SortKey.MAX_COUNT))
            result.payload.encode(errors="replace")
            self.read += 1


def main(runs: int, samples: int, file: Path) -> None:
    reader = Reader(runs, samples)
    corpus = Path(tempfile.mkdtemp())
    for number, seed in enumerate(seeds()):
        (corpus / f"{number}").write_bytes(seed)

    def take(data: bytes) -> None:
        reader.take(data)
        if reader.read + reader.refused == runs:  # atheris ends the process
            lines = [f"{base64.b64encode(data).decode()}\n" for data in reader.kept]
            file.write_text("".join(lines))
            print(f"{reader.read} read, {reader.refused} refused", flush=True)

    options = [f"-runs={runs}", f"-max_len={MAX_LENGTH}", "-verbosity=0", "-seed=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], take, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
