"""Messages as Zocalo sends them, with changes that nobody expects."""

import json
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any

from tests.support.centres import CENTRE_3D
from zocalo_ioc.wire import encode

from .load import WITH_HEADER

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
    {"results": [CENTRE_3D, CENTRE_3D], "status": "success", "type": "3d"},
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


def mutated(count: int) -> list[tuple[bool, bytes]]:
    """Return messages: whether each has the header of a recipe, and its body."""
    random = Random(1)
    return [
        (random.random() < 0.9, (change_json if n % 3 else change_bytes)(seed, random))
        for n in range(count)
        for seed in [random.choice(seeds())[len(WITH_HEADER) :]]
    ]


def change_bytes(body: bytes, random: Random) -> bytes:
    """Replace a few bytes anywhere."""
    start, length = random.randrange(len(body)), random.randint(0, 8)
    return (
        body[:start] + random.randbytes(random.randint(0, 8)) + body[start + length :]
    )


def change_json(body: bytes, random: Random) -> bytes:
    """Change one to three places of the JSON.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    value = json.loads(body)
    for _ in range(random.randint(1, 3)):
        value = _changed(value, random)
    return json.dumps(value).encode()


def _changed(value: Any, random: Random) -> Any:
    """Replace, remove, repeat or add something somewhere in a value."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return _odd([*ODD, [value], [value] * 2, {"results": value}], random)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = random.choice(keys)
    match random.randint(0, 9):
        case 0:
            del value[key]
        case 1:
            value[key] = _odd(ODD, random)
        case 2 if isinstance(value, list):
            value.insert(key, value[key])
        case 3 if isinstance(value, dict):
            value[random.choice(keys)] = value[key]
        case _:
            value[key] = _changed(value[key], random)
    return value


def _odd(values: Sequence[Any], random: Random) -> Any:
    """Return a copy of one of the values, as it will be changed further."""
    return deepcopy(random.choice(values))
