"""What ISPyB knows of data collections, and requests filled in with it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import Problem
from ..errors import ispyb as errors
from ..wire import GridSize, Request


class DataCollection(NamedTuple):
    """What ISPyB knows of a data collection.

    Attributes:
        dcid: its id.
        dcgid: that of its group.
        images: how many it has; 0 if ISPyB does not say so yet.
        is_grid: whether it is a grid of a grid scan.
        size: of that grid, if ISPyB has what can be one.
    """

    dcid: int
    dcgid: int
    images: int
    is_grid: bool
    size: GridSize | None = None


@dataclass(frozen=True)
class Filled:
    """Requests with all that is known.

    Attributes:
        requests: one a grid.
        notes: what should be known of them.
        whole: whether one request has become all the grids of its scan.
    """

    requests: Sequence[Request]
    notes: Sequence[Problem] = ()
    whole: bool = False


def fill_in(
    start: bool,
    requests: Sequence[Request],
    found: Sequence[DataCollection],
    required: bool,
) -> Filled:
    """Fill in requests.

    Args:
        start: whether frames are needed.
        requests: the grids of one scan.
        found: their data collections, and the others of their groups, by id.
        required: refuse a data collection that is not found.

    Raises:
        RequestInvalid: one is not found, or has no frames.
    """
    known = {each.dcid: each for each in found}
    notes: list[Problem] = []
    for request in requests:
        if request.dcid and request.dcid not in known:
            problem = errors.DcidUnknown(request.dcid)
            if required:
                raise problem
            notes.append(problem)
    asked = requests
    if start and len(requests) == 1 and not requests[0].num_frames:
        requests = _whole_scan(requests[0], found, known)
    notes += _contradictions(requests, known)
    filled = [_filled(r, known.get(r.dcid)) for r in requests]
    for request in filled:
        if start and request.dcid and not request.num_frames:
            raise errors.FramesUnknown(request.dcid)
    return Filled(filled, notes, whole=len(filled) > len(asked))


def grids_left_out(
    requests: Sequence[Request], found: Sequence[DataCollection]
) -> Iterator[Problem]:
    """Yield what is wrong if there are no requests for other grids of the scan."""
    asked = {request.dcid for request in requests}
    groups = {each.dcgid for each in found if each.is_grid and each.dcid in asked}
    others = [
        each.dcid
        for each in found
        if each.is_grid and each.dcgid in groups and each.dcid not in asked
    ]
    if others:
        yield errors.GridsLeftOut(", ".join(map(str, others)))


def _whole_scan(
    request: Request,
    found: Sequence[DataCollection],
    known: Mapping[int, DataCollection],
) -> Sequence[Request]:
    """Return a request for each grid of the scan, in order."""
    if request.dcid not in known or not known[request.dcid].is_grid:
        return [request]
    scan: list[Request] = []
    first = request.start_frame
    for grid in filter(lambda each: each.is_grid, found):
        values = {
            "dcid": grid.dcid,
            "num_frames": grid.images,
            "start_frame": first,
            "message_index": request.message_index + len(scan),
        }
        scan.append(request.model_copy(update=values))
        first += grid.images
    return scan


def _filled(request: Request, known: DataCollection | None) -> Request:
    if known is None:
        return request
    return request.model_copy(
        update={
            "dcgid": request.dcgid or known.dcgid,
            "num_frames": request.num_frames or known.images,
        }
    )


def _contradictions(
    requests: Sequence[Request], known: Mapping[int, DataCollection]
) -> Iterator[Problem]:
    first = known.get(requests[0].dcid)
    for request in requests:
        if (has := known.get(request.dcid)) is None:
            continue
        if 0 < request.num_frames != has.images > 0:
            yield errors.ImagesDiffer(has.images, has.dcid, request.num_frames)
        if 0 < request.dcgid != has.dcgid:
            yield errors.GroupDiffers(has.dcid, has.dcgid, request.dcgid)
        elif first and first.dcgid != has.dcgid:
            yield errors.GroupsDiffer(first.dcid, first.dcgid, has.dcid)
