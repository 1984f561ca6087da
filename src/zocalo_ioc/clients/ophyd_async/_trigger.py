"""Has data collections processed, from a document callback."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ...client import Client, ZocaloError
from ...client._background import BackgroundClient
from ...client._request import as_grids, submission
from ...errors import RequestInvalid
from ...wire import Event, read_submission
from ._arguments import as_prefix, as_seconds
from ._dodal import LOGGER, of_dodal
from ._errors import NotTriggeredError
from ._results import ZocaloResults, note_triggered


@dataclass
class ZocaloStartInfo:
    """A data collection that begins.

    Attributes:
        ispyb_dcid: its id in ISPyB.
        filename: the name of the file that the detector writes.
        start_frame_index: index of its first frame within that file.
        number_of_frames: how many frames it has.
        message_index: which trigger of the detector this is, from 0.
    """

    ispyb_dcid: int
    filename: str | None
    start_frame_index: int
    number_of_frames: int
    message_index: int


if not TYPE_CHECKING:  # the very class of dodal, so that they are equal
    ZocaloStartInfo = of_dodal("ZocaloStartInfo", ZocaloStartInfo)


class _StartInfo(Protocol):
    """That of this module, or dodal's."""

    ispyb_dcid: int
    filename: str | None
    start_frame_index: int
    number_of_frames: int
    message_index: int


class ZocaloTrigger(of_dodal("ZocaloTrigger", object)):
    """Tells Zocalo that data collections begin and end.

    In place of dodal's class of that name. Its methods return when the broker has
    confirmed the message, after some milliseconds. They need no event loop, so that
    they can be called from a document callback, or from any thread.

    Every `ZocaloResults` device of the same IOC that is staged in this process will
    take the results of these data collections alone.

    Args:
        prefix: of the IOC's PVs.
        results: tell this device alone. Give it where several plans run at once in one
            process.
        timeout_s: how long to wait for the IOC, in seconds.
        expect_result: False for data collections whose jobs send no result, such as
            rotations.
        environment: dodal's, and refused: the IOC knows it.
    """

    def __init__(
        self,
        prefix: str = "",
        results: ZocaloResults | None = None,
        timeout_s: float = 30,
        *,
        expect_result: bool = True,
        environment: None = None,
    ) -> None:
        self.prefix = as_prefix(prefix, environment=environment)
        self.timeout_s = as_seconds("timeout_s", timeout_s)
        self.expect_result = expect_result
        self._results = results
        self._client = BackgroundClient(self.prefix)

    def run_start(self, start_data: _StartInfo) -> None:
        """Tell Zocalo that a data collection has begun.

        Raises:
            NotTriggeredError: the message was not confirmed, and why.
        """
        LOGGER.info("Starting Zocalo job %s", start_data)
        self._send(
            Event.START,
            dcid=start_data.ispyb_dcid,
            filename=start_data.filename or "",
            start_frame=start_data.start_frame_index,
            num_frames=start_data.number_of_frames,
            message_index=start_data.message_index,
        )

    def run_end(self, data_collection_id: int) -> None:
        """Tell Zocalo that the data of a data collection is there.

        Raises:
            NotTriggeredError: the message was not confirmed, and why.
        """
        LOGGER.info("Ending Zocalo job with ispyb id %s", data_collection_id)
        self._send(Event.END, dcid=data_collection_id)

    def _send(self, event: Event, *, dcid: int, **values: Any) -> None:
        what = f"DCID {dcid}: the {event} message was not confirmed."
        grids = as_grids([{"dcid": dcid, **values}], expect_result=self.expect_result)
        try:
            text = submission(event, grids)
        except RequestInvalid as problem:
            raise NotTriggeredError(str(problem)) from problem
        _, [request] = read_submission(text, "The request")
        dcid = request.dcid  # a number, even if text was given
        if not self.expect_result:
            pass  # nothing to wait for
        elif self._results:
            self._results.expect(dcid)
        else:
            note_triggered(self.prefix, dcid)
        send = Client.start if event is Event.START else Client.end
        sending = self._client.do(lambda client: send(client, grids))
        try:
            sending.result(self.timeout_s)
        except TimeoutError as error:
            sending.cancel()
            raise NotTriggeredError(
                f"{what} {self.prefix} did not answer within {self.timeout_s:g} s. "
                "Is the IOC running?"
            ) from error
        except ZocaloError as error:
            raise NotTriggeredError(f"{what} {error}") from error
