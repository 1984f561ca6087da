"""Values and requests that can't be used."""

from typing import Annotated

from ._groups import CollectionRefused, RequestInvalid, ValueRefused


class ValueOutOfRange(ValueRefused):
    text = "{record} refused {value}: {reason}"
    remedy = "The old value is kept"
    cause = "A value is out of range, too long, or of another type."
    record: Annotated[str, "NUM_FRAMES"]
    value: Annotated[str, "-1"]
    reason: Annotated[str, "it must be 0 to 2147483647"]


class DcidMissing(RequestInvalid):
    text = "No DCID was given"
    remedy = "Write the data collection id to DCID, or give dcid in SUBMIT"
    cause = "DCID is 0."


class RecipesMissing(CollectionRefused):
    text = "DCID {dcid}: RECIPES is empty"
    remedy = "Write the recipe names, usually mimas"
    cause = "Zocalo would not know what to do."


class FramesMissing(CollectionRefused):
    text = "DCID {dcid}: the number of frames is {num_frames}"
    remedy = (
        "Write 1 or more to NUM_FRAMES, XZ:NUM_FRAMES for a second grid, or num_frames "
        "in SUBMIT"
    )
    cause = "A start message needs frames."
    num_frames: Annotated[int, 0]


class FramesTooMany(CollectionRefused):
    text = "DCID {dcid}: START_FRAME or MESSAGE_INDEX would be over 2147483647"
    remedy = "Write smaller numbers for the previous grid"
    cause = "The first frame of a grid would have too high a number."


class DcidRepeated(CollectionRefused):
    text = "DCID {dcid} is given twice"
    remedy = "Each grid has its own DCID; set XZ:DCID to 0 for a single grid"
    cause = "The grids of a scan have data collections of their own."


class StillProcessed(CollectionRefused):
    text = "DCID {dcid} is being processed in job {job}"
    remedy = "Wait for job {job} to end, or cancel the job"
    cause = "START names a data collection that has ended and awaits its result."
    job: Annotated[int, 12]


class NothingToCancel(RequestInvalid):
    text = "DCID {dcids}: no job to cancel"
    cause = "No job of the data collection is running."
    dcids: Annotated[str, "1234567"]


class ParametersNotJson(CollectionRefused):
    text = "DCID {dcid}: PARAMETERS is not JSON ({reason})"
    remedy = 'Write a JSON object such as {{"key": "value"}}, or {{}} for none'
    cause = "The JSON can't be parsed."
    reason: Annotated[str, "expected value at line 1 column 1"]


class ParametersNotAnObject(CollectionRefused):
    text = "DCID {dcid}: PARAMETERS is not a JSON object"
    remedy = 'Write one such as {{"key": "value"}}, or {{}} for none'
    cause = "Parameters need names."


class DcidOverridden(CollectionRefused):
    text = "DCID {dcid}: PARAMETERS names another data collection in ispyb_dcid"
    remedy = "Write the data collection to DCID, or dcid in SUBMIT"
    cause = "The parameters contradict the DCID of the request."


class SubmissionInvalid(RequestInvalid):
    text = "{record} is invalid: {reason}"
    remedy = "The keys are {keys}"
    cause = "The JSON of the request is invalid."
    record: Annotated[str, "SUBMIT"]
    reason: Annotated[str, "dcid: Input should be a valid integer"]
    keys: Annotated[str, "dcid, dcgid, …, command"]


class CommandNotAllowed(RequestInvalid):
    text = "{record} does not take {command}"
    remedy = "Use SUBMIT"
    cause = "SEND takes fewer commands than SUBMIT."
    record: Annotated[str, "SEND"]
    command: Annotated[str, "process"]


class RequestTooLong(RequestInvalid):
    text = "The request can't be sent: {reason}"
    cause = "The request is too long for the record."
    reason: Annotated[str, "it is longer than 16383 bytes"]
