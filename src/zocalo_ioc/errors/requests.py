"""Values and requests that can't be used."""

from typing import Annotated

from ._examples import Dcid
from ._groups import RequestInvalid, ValueRefused


class ValueOutOfRange(ValueRefused):
    """A value is out of range, too long, or of another type."""

    text = "{record} refused {value}: {reason}"
    remedy = "The old value is kept"
    record: Annotated[str, "NUM_FRAMES"]
    value: Annotated[str, "-1"]
    reason: Annotated[str, "it must be 0 to 2147483647"]


class DcidMissing(RequestInvalid):
    """DCID is 0."""

    text = "No data collection id"
    remedy = "Write the ISPyB id to DCID, or dcid in SUBMIT, then try again"


class RecipesMissing(RequestInvalid):
    """Zocalo would not know what to do."""

    text = "DCID {dcid}: RECIPES is empty"
    remedy = "Write the recipe names, usually mimas"
    dcid: Dcid


class FramesMissing(RequestInvalid):
    """A start message needs frames."""

    text = "DCID {dcid}: the number of frames is {num_frames}"
    remedy = (
        "Write 1 or more to NUM_FRAMES, XZ:NUM_FRAMES for a second grid, or num_frames "
        "in SUBMIT"
    )
    dcid: Dcid
    num_frames: Annotated[int, 0]


class FramesTooMany(RequestInvalid):
    """The first frame of a grid would have too high a number."""

    text = "DCID {dcid}: START_FRAME or MESSAGE_INDEX would be over 2147483647"
    remedy = "Write smaller numbers for the previous grid"
    dcid: Dcid


class DcidRepeated(RequestInvalid):
    """The grids of a scan have data collections of their own."""

    text = "DCID {dcid} is given twice"
    remedy = "Each grid has its own DCID; set XZ:DCID to 0 for a single grid"
    dcid: Dcid


class StillProcessed(RequestInvalid):
    """Zocalo has the end message of a data collection that is to be started again."""

    text = "DCID {dcid} is being processed in job {job}"
    remedy = "Wait for job {job} to end, or cancel the job"
    dcid: Dcid
    job: Annotated[int, 12]


class NothingToCancel(RequestInvalid):
    """No job of the data collection is running."""

    text = "DCID {dcids}: no job to cancel"
    dcids: Annotated[str, "1234567"]


class ParametersNotJson(RequestInvalid):
    """The JSON can't be parsed."""

    text = "DCID {dcid}: PARAMETERS is not JSON ({reason})"
    remedy = 'Write a JSON object such as {{"key": "value"}}, or {{}} for none'
    dcid: Dcid
    reason: Annotated[str, "expected value at line 1 column 1"]


class ParametersNotAnObject(RequestInvalid):
    """Parameters need names."""

    text = "DCID {dcid}: PARAMETERS is not a JSON object"
    remedy = 'Write one such as {{"key": "value"}}, or {{}} for none'
    dcid: Dcid


class DcidOverridden(RequestInvalid):
    """The further parameters name a data collection that the request does not."""

    text = "DCID {dcid}: PARAMETERS has another ispyb_dcid"
    remedy = "Write the data collection to DCID, or dcid in SUBMIT"
    dcid: Dcid


class SubmissionInvalid(RequestInvalid):
    """The JSON of the request is invalid."""

    text = "{record} is invalid: {reason}"
    remedy = "The keys are {keys}"
    record: Annotated[str, "SUBMIT"]
    reason: Annotated[str, "dcid: Input should be a valid integer"]
    keys: Annotated[str, "dcid, dcgid, …, command"]


class CommandNotAllowed(RequestInvalid):
    """SEND takes fewer commands than SUBMIT."""

    text = "{record} does not take {command}"
    remedy = "Use SUBMIT"
    record: Annotated[str, "SEND"]
    command: Annotated[str, "process"]


class RequestTooLong(RequestInvalid):
    """The request is too long for the record."""

    text = "The request can't be sent: {reason}"
    reason: Annotated[str, "it is longer than 16383 bytes"]
