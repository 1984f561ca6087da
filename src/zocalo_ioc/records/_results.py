"""The records of results and of the history."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..centres import AXES, MAX_CENTRES, MISSING, OUTLINE_POINTS
from ..recent import RECENT_LENGTH
from ..wire import Source
from ._declarations import MAX_DCIDS
from ._handles import Calculated, Counter, Group, Section, Updated
from .datatypes import Array, Enum, Float, Floats, Int, Ints, String, Strings, Text

MAX_HISTORY = 100
"""Length of the arrays with one element a job or result."""

_Lines = Sequence[float] | NDArray[np.float64]


class ResultPvs(Section):
    """The latest result."""

    group = Group.RESULT
    job = Updated("RESULT:JOB", Int(), "Job number, 0 if not a job of this IOC")
    dcid = Updated("RESULT:DCID", Int(), "Data collection id")
    dcids = Updated("RESULT:DCIDS", Ints(MAX_DCIDS), "DCID, then others of the scan")
    dcgid = Updated("RESULT:DCGID", Int(missing=MISSING), "Data collection group id")
    source = Updated(
        "RESULT:SOURCE", Enum({s: s for s in Source}), "Pipeline that sent the result"
    )
    dimensions = Updated(
        "RESULT:DIMENSIONS", Int(), "Dimensions: 2 or 3; 0 without a centre"
    )
    count = Updated("RESULT:COUNT", Int(), "Number of centres")
    time = Updated("RESULT:TIME", String(), "When the result arrived")
    latency = Updated(
        "RESULT:LATENCY",
        Float("s", 6, missing=math.nan),
        "Time from last message to result",
    )
    json = Updated("RESULT:JSON", Text(65536), "The result as received, JSON")
    outline: Mapping[str, Updated[_Lines]] = {
        axis: Updated(
            f"RESULT:OUTLINE:{axis.upper()}",
            Floats(OUTLINE_POINTS * MAX_CENTRES, "box"),
            f"Boxes as lines of a plot, {axis}",
        )
        for axis in AXES
    }
    extent = Updated(
        "RESULT:OUTLINE:EXTENT",
        Float("box"),
        "Range of a plot that shows all boxes",
        initial=10.0,
    )
    recent = Updated(
        "RESULT:RECENT",
        Floats(RECENT_LENGTH),
        "Latest results, packed for programs",
    )
    seq = Counter("RESULT:SEQ", Int(), "Counts results, updated last")


def _centre_columns() -> Iterator[tuple[str, bool, str, str]]:
    """Yield the name, whether it is a float, unit and description of each column."""
    for axis in AXES:
        yield axis, True, "box", f"Centre of mass, {axis}"
    for end, meaning in (("min", "first box"), ("max", "one past the last")):
        for axis in AXES:
            yield f"box_{end}:{axis}", False, "box", f"Bounding box: {meaning}, {axis}"
    for axis in AXES:
        yield f"max_voxel:{axis}", False, "box", f"Box with the most spots, {axis}"
    yield "max_count", True, "spots", "Spots in the box with the most"
    yield "total_count", True, "spots", "Spots in all boxes of the crystal"
    yield "n_voxels", False, "boxes", "Number of boxes of the crystal"
    yield "sample_id", False, "", "ISPyB sample id, -1 if unknown"


def _centres() -> Iterator[Updated[Any]]:
    for name, is_float, unit, description in _centre_columns():
        datatype = Floats(MAX_CENTRES, unit, 3) if is_float else Ints(MAX_CENTRES, unit)
        yield Updated(f"CENTRES:{name.upper()}", datatype, description)


def _best() -> Iterator[Updated[Any]]:
    sizes = [
        (f"box_size:{a}", False, "box", f"Size of the bounding box, {a}") for a in AXES
    ]
    for name, is_float, unit, description in (*_centre_columns(), *sizes):
        datatype = (
            Float(unit, 3, missing=math.nan) if is_float else Int(unit, missing=MISSING)
        )
        yield Updated(f"BEST:{name.upper()}", datatype, description)


class CentrePvs(Section):
    """Every centre, strongest first, by the columns of `centres.rank`."""

    group = Group.CENTRES
    columns: Mapping[str, Updated[Any]] = {
        record.pvi_name.removeprefix("centres_"): record for record in _centres()
    }


class BestPvs(Section):
    """The strongest centre, by the columns of `centres.best`."""

    group = Group.BEST
    columns: Mapping[str, Updated[Any]] = {
        record.pvi_name.removeprefix("best_"): record for record in _best()
    }


def _history(
    name: str, datatype: type[Array[Any]], description: str, unit: str = ""
) -> Updated[Any]:
    return Updated(f"HISTORY:{name}", datatype(MAX_HISTORY, unit, 3), description)


class HistoryPvs(Section):
    """The last jobs and results."""

    group = Group.HISTORY
    columns: Mapping[str, Updated[Any]] = {
        record.pvi_name.removeprefix("history_"): record
        for record in (
            _history("DCID", Ints, "Data collection ids, newest first"),
            _history("DCGID", Ints, "Data collection group ids"),
            _history("STATE", Strings, "How each job ended"),
            _history("SOURCE", Strings, "Pipelines that sent the results"),
            _history("CENTRES", Ints, "Numbers of centres, -1 without result"),
            _history("LATENCY", Floats, "Time from last message to result", "s"),
            _history("TIME", Strings, "When each job ended or result arrived"),
            _history("JOB", Ints, "Job numbers, 0 for none"),
            _history("ID", Strings, "Request ids given by clients"),
        )
    }
    seq = Counter("HISTORY:SEQ", Int(), "Counts entries, updated last")


class MotorPvs(Section):
    """The strongest centre as motor positions, with a grid scan device only."""

    group = Group.MOTOR
    positions: Mapping[str, Calculated] = {
        f"{corner}{axis}": Calculated(
            f"BEST:MOTOR:{corner}{axis.upper()}",
            Float("mm", 4),
            f"Motor {axis.upper()} of the {meaning}",
        )
        for corner, meaning in (
            ("", "centre of mass"),
            ("BOX_MIN:", "box, low corner"),
            ("BOX_MAX:", "box, high corner"),
        )
        for axis in AXES
    }
