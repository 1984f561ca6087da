"""Coverage-guided fuzzing of the reader of results; a process of its own.

    python -m tests.faults.fuzz RUNS SAMPLES FILE

reads so many mutated messages, keeps so many of them in a file for other tests, and
prints how many were read and how many were refused. It ends with another status than 0
when reading does anything but one of these two.
"""

import base64
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import atheris

with atheris.instrument_imports(  # pyright: ignore[reportAttributeAccessIssue]
    include=["zocalo_ioc.wire", "zocalo_ioc.centres"]
):
    from zocalo_ioc.centres import SortKey, best, rank
    from zocalo_ioc.errors import NotUnderstood
    from zocalo_ioc.wire import encode, read_result

from .load import WITH_HEADER, WITHOUT_HEADER

MAX_LENGTH = 20_000

CENTRE = {
    "centre_of_mass": [7.5, 2.25, 3.0],
    "max_voxel": [7, 2, 3],
    "max_count": 2028,
    "n_voxels": 45,
    "total_count": 30481,
    "bounding_box": [[5, 0, 1], [10, 5, 6]],
    "sample_id": 6287410,
}
FLAT = {
    "centre_of_mass": [12.5, 4.5],
    "max_voxel": [12, 4],
    "max_count": 61,
    "n_voxels": 9,
    "total_count": 402,
    "status": "ok",
}
PARAMETERS: list[dict[str, Any]] = [
    {"dcid": 16085800, "dcgid": 9440110, "gpu": True},
    {"dcid": "16085800", "dcgid": "", "gpu": "False", "dcg_dcids": "[1, 2]"},
    {"dcid": 1, "dcg_dcids": [1, 2]},
]
PAYLOADS: list[object] = [
    {"results": [CENTRE, CENTRE], "status": "success", "type": "3d"},
    {"results": [FLAT], "status": "success", "type": "2d"},
    {"results": [{"status": "fail", "centre_of_mass": None}]},
    {"results": []},
    {"another": ["kind", {"of": "job"}]},
    "text",
]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2.5, 1e308, 2**31 - 1, 2**31, 2**63, 10**40),
    *("", "x", "16085800", "nan", "[1,2]", "\ud800", "\0", "ü" * 50, "9" * 5000),
    *([], {}, [[]], [1, 2, 3], {"": None}, [None] * 300, {"results": [{}] * 300}),
]


def seeds() -> Sequence[bytes]:
    """Return messages as Zocalo sends them."""
    return [
        WITH_HEADER
        + encode(
            {
                "payload": payload,
                "recipe": {"1": {"parameters": parameters}, "start": [[1, []]]},
                "recipe-pointer": 1,
                "recipe-path": [],
                "environment": {"ID": "d6f117bb-c856-4df8-b9bc-2d3c625e9fd5"},
            }
        )
        for payload in PAYLOADS
        for parameters in PARAMETERS
    ]


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change a place of the JSON, or any bytes."""
    random = Random(seed)
    if random.random() < 0.5:
        try:
            value = json.loads(data[1:])
            for _ in range(random.randint(1, 3)):
                value = _changed(value, random)
            changed = data[:1] + json.dumps(value).encode()
        except (ValueError, RecursionError):
            pass
        else:
            if len(changed) <= max_size:
                return changed
    return atheris.Mutate(data, max_size)


def _changed(value: Any, random: Random) -> Any:
    """Replace, remove, repeat or add something somewhere in a value."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice([*ODD, [value], [value] * 2, {"results": value}])
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = random.choice(keys)
    match random.randint(0, 9):
        case 0:
            del value[key]
        case 1:
            value[key] = random.choice(ODD)
        case 2 if isinstance(value, list):
            value.insert(key, value[key])
        case 3 if isinstance(value, dict):
            value[random.choice(keys)] = value[key]
        case _:
            value[key] = _changed(value[key], random)
    return value


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
