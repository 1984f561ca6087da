"""What clients write to ``P:SUBMIT`` and ``P:SEND``, and the grids of one scan."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from ..errors import requests as errors
from ._triggers import Request
from ._values import INT32_MAX, complaints


class Command(StrEnum):
    """What a submission asks for."""

    START = "start"
    END = "end"
    PROCESS = "process"
    CANCEL = "cancel"


class _Submission(Request):
    command: Command


_SCAN: TypeAdapter[list[_Submission]] = TypeAdapter(
    Annotated[list[_Submission], Field(min_length=1)]
)
_OF_THE_JOB = ("expect_result", "id")


def read_submission(text: str, named: str = "SUBMIT") -> tuple[Command, list[Request]]:
    """Read what was written to ``P:SUBMIT``: an object, or a list of them for one scan.

    Args:
        text: in JSON.
        named: what errors call it.

    Raises:
        RequestInvalid: it can't be used, and why.
    """
    try:
        written = from_json(text)
        if isinstance(written, dict):
            submissions = [_Submission.model_validate(written)]
        else:
            submissions = _SCAN.validate_python(written)
        if len({submission.command for submission in submissions}) > 1:
            raise ValueError("the commands of one list must be the same")
        job = {name: _agreed(name, submissions) for name in _OF_THE_JOB}
    except ValueError as error:
        why = complaints(error) if isinstance(error, ValidationError) else str(error)
        keys = ", ".join(_Submission.model_fields)
        raise errors.SubmissionInvalid(named, why, keys) from error
    requests = [each.model_copy(update=job) for each in submissions]
    return submissions[0].command, list(requests)


def _agreed(name: str, submissions: Sequence[_Submission]) -> Any:
    """Return the one value that a list gives for its job."""
    given = [getattr(s, name) for s in submissions if name in s.model_fields_set]
    if len(set(given)) > 1:
        raise ValueError(f"{name} must be the same in one list")
    return given[0] if given else getattr(submissions[0], name)


def as_scan(requests: Iterable[Request]) -> list[Request]:
    """Return the grids of one scan, with what follows from the grid before filled in.

    ``message_index`` is one more than before, and ``start_frame`` is where the frames
    before end, as mx-bluesky sends them, unless a request gives another.

    Raises:
        RequestInvalid: a data collection is given twice, or the numbers get too high.
    """
    scan: list[Request] = []
    for request in requests:
        if any(request.dcid == before.dcid for before in scan):
            raise errors.DcidRepeated(request.dcid)
        if scan:
            before = scan[-1]
            follows = {
                "start_frame": before.start_frame + before.num_frames,
                "message_index": before.message_index + 1,
            }
            given = request.model_fields_set
            if any(n > INT32_MAX for k, n in follows.items() if k not in given):
                raise errors.FramesTooMany(request.dcid)
            request = request.model_copy(
                update={k: n for k, n in follows.items() if k not in given}
            )
        scan.append(request)
    return scan


def identify(text: str) -> Request:
    """Return as much as can be read of who a submission that is refused is from.

    Returns:
        A request with the ``dcid`` and ``id`` of the first object, where it has them.
    """
    try:
        written = from_json(text)
    except ValueError:
        return Request()
    first = written[0] if isinstance(written, list) and written else written
    if not isinstance(first, dict):
        return Request()
    read = Request()
    for name in ("dcid", "id"):
        with suppress(KeyError, ValidationError):
            given = Request.model_validate({name: cast("Any", first[name])})
            read = read.model_copy(update={name: getattr(given, name)})
    return read
