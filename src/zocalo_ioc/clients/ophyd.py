"""A classic ophyd device of all records, whose statuses fail when a job fails."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO, Kind
from ophyd.status import DeviceStatus

from ..jobs import ENDED_BY_RESULT
from ..records import DECLARATIONS, Enum, Group, Record, String, Text
from ..wire import Event
from ._history import History
from ._submission import submission

_LOOK_AGAIN = 1.0  # also to notice that the IOC has gone, in seconds


class JobFailedError(Exception):
    """A job was refused, failed, timed out or was cancelled, or its IOC has gone.

    The text says why.
    """


def _kind(record: Record[Any]) -> Kind:
    """Say what is read: the strongest centre, hinted, and the rest of the result."""
    if record.name in ("BEST:X", "BEST:Y", "BEST:Z"):
        return Kind.hinted
    if record.name.startswith(("RESULT:JSON", "RESULT:OUTLINE")):
        return Kind.omitted  # the same once more, in other forms
    match record.group:
        case Group.BEST | Group.CENTRES | Group.RESULT:
            return Kind.normal
        case Group.OPTION:
            return Kind.config
        case _:
            return Kind.omitted


def _component(record: Record[Any]) -> Component[Any]:
    options: dict[str, Any] = {"kind": _kind(record), "doc": record.description}
    if isinstance(record.datatype, Enum | String | Text):
        options["string"] = True
    if not record.writable:
        return Component(EpicsSignalRO, f":{record.name}", **options)
    return Component(EpicsSignal, f":{record.name}", put_complete=True, **options)


class Zocalo(
    type("_Records", (Device,), {r.pvi_name: _component(r) for r in DECLARATIONS})
):
    """Every record of an IOC as a signal, named as in PVI: ``best_x``, ``result_seq``.

    `read` has the latest result, whoever's job it is of; ``result_dcids`` says. Arrays
    have one element a centre, the strongest first; positions are in grid boxes, the
    middle of box 0 at 0.5.

    Args:
        prefix: that of the IOC.
        name: of the device.
    """

    def __init__(self, prefix: str, *, name: str, **options: Any) -> None:
        super().__init__(prefix.rstrip(":"), name=name, **options)

    def trigger(self) -> DeviceStatus:
        """Have the data collection of the request records processed.

        Returns:
            A status that is done when the result is there, also one without a centre.
            It fails with `JobFailedError` if none comes.
        """
        dcid, before = self._get("dcid"), self._get("history_seq")
        put = self.process.set(1)

        def finish() -> None:
            put.wait()  # also when the IOC has gone, which the next look will tell
            self._check(dcid, before)

        return self._follow(finish)

    def set(
        self, request: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> DeviceStatus:
        """Have data collections processed; the request records are left alone.

        Several clients may do so at once, each with a device of its own.

        Args:
            request: ``dcid``, ``num_frames`` and whatever else ``P:SUBMIT`` is to be
                told; or a list of such for the grids of one scan.

        Returns:
            A status as that of `trigger`.

        Raises:
            RequestInvalid: the IOC would refuse it.
        """
        grids = [request] if isinstance(request, Mapping) else list(request)
        texts = [submission(event, grids) for event in (Event.START, Event.END)]
        dcid, before = int(grids[0]["dcid"]), self._get("history_seq")

        def finish() -> None:
            for text in texts:
                self.send.set(text).wait()
                if self._history().ending(dcid, before) not in (None, *ENDED_BY_RESULT):
                    break
            self._await_ending(dcid, before)
            self._check(dcid, before)

        return self._follow(finish)

    def _follow(self, finish: Callable[[], None]) -> DeviceStatus:
        """Return a status that ends as a function does, in a thread of its own."""
        status = DeviceStatus(self)

        def run() -> None:
            from epics.ca import use_initial_context  # ophyd must be loaded first

            use_initial_context()  # pyepics asks this of each thread
            try:
                finish()
            except Exception as error:
                status.set_exception(error)
            else:
                status.set_finished()

        threading.Thread(target=run, name=f"{self.name} job", daemon=True).start()
        return status

    def _await_ending(self, dcid: int, before: int) -> None:
        changed = threading.Event()

        def note(**_: object) -> None:
            changed.set()

        number = self.history_seq.subscribe(note)
        try:
            while self._history().ending(dcid, before) is None:
                changed.wait(_LOOK_AGAIN)
                changed.clear()
        finally:
            self.history_seq.unsubscribe(number)

    def _check(self, dcid: int, before: int) -> None:
        """See what came of a job.

        Raises:
            JobFailedError: nothing good.
        """
        ending = self._history().ending(dcid, before)
        if ending in ENDED_BY_RESULT:
            return
        # a request that was refused is no job, so that the history does not have it
        how = ending.label.lower() if ending else "refused"
        message, latest = self._get("message"), self._get("job_dcid")
        if latest != dcid:
            message = f"DCID {dcid}: {how}. The log of {self.prefix} has the reason."
        raise JobFailedError(message)

    def _history(self) -> History:
        while True:
            seq = self._get("history_seq")
            dcids, states = self._get("history_dcid"), self._get("history_state")
            if seq == self._get("history_seq"):
                return History(seq, dcids, states)

    def _get(self, name: str) -> Any:
        """Return the value that a record has now, not the last one monitored."""
        try:
            return getattr(self, name).get(use_monitor=False)
        except Exception as error:  # ophyd and pyepics have many for one that has gone
            raise JobFailedError(
                f"{self.prefix} does not answer. Is the IOC running?"
            ) from error
