"""The latest results in one array of numbers, ``P:RESULT:RECENT``.

EPICS reads an array when it sends it, not when it is set. While results come quickly, a
monitor may therefore get the values of a later result, or none of its own. What a
client must not miss is in this array, whole, until many more results have come.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .centres import MAX_CENTRES, SortKey, rank
from .wire import Source

RECENT_RESULTS = 100
"""How many results the array holds, if they fit into it."""
RECENT_LENGTH = 40_000
"""Length of the array; two results of `MAX_CENTRES` centres fit."""

_SOURCES = tuple(Source)
_COLUMNS = {name: c.dtype for name, c in rank((), SortKey.MAX_COUNT).items()}
_HEAD = 8


@dataclass(frozen=True, eq=False)
class RecentResult:
    """One of the latest results.

    Attributes:
        seq: its ``RESULT:SEQ``.
        time: when it arrived, in seconds since the epoch.
        job: number of the job that it is of, as ``RESULT:JOB``.
        dcids: ISPyB data collection ids that it is of, the one it names first.
        dcgid: their group, -1 if unknown.
        source: the pipeline it comes from.
        columns: the centres, strongest first.
    """

    seq: int
    time: float
    job: int
    dcids: tuple[int, ...]
    dcgid: int
    source: Source
    columns: Mapping[str, NDArray[Any]]


T = TypeVar("T", bound=RecentResult)


def pack(result: RecentResult) -> NDArray[np.float64]:
    """Return a result as numbers, with its first `MAX_CENTRES` centres.

    They are: how many numbers there are, how many of them are data collections, and
    how many centres there are; seq, time, job, dcgid, and 1 for a result of GPU; the
    data collections; and one column of `centres.rank` after the other.
    """
    columns = [column[:MAX_CENTRES] for column in result.columns.values()]
    dcids, centres = len(result.dcids), len(columns[0])
    length = _HEAD + dcids + centres * len(columns)
    source = _SOURCES.index(result.source)
    numbers = result.seq, result.time, result.job, result.dcgid, source
    head = length, dcids, centres, *numbers
    return np.concatenate([(*head, *result.dcids), *columns])


def unpack(numbers: NDArray[np.float64], kind: type[T]) -> Iterator[T]:
    """Yield the results that an array holds whole, in its order."""
    while numbers.size and numbers.size >= (length := int(numbers[0])):
        dcids, centres, seq = map(int, numbers[1:4])
        rows = numbers[_HEAD + dcids : length].reshape(len(_COLUMNS), centres)
        columns = zip(_COLUMNS.items(), rows, strict=True)
        yield kind(
            seq=seq,
            time=float(numbers[4]),
            job=int(numbers[5]),
            dcids=tuple(map(int, numbers[_HEAD : _HEAD + dcids])),
            dcgid=int(numbers[6]),
            source=_SOURCES[int(numbers[7])],
            columns={name: row.astype(dtype) for (name, dtype), row in columns},
        )
        numbers = numbers[length:]
