"""A classic ophyd device of all records, whose statuses fail when a job fails."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO, Kind
from ophyd.status import DeviceStatus

from ..client import Client, Result, ZocaloError
from ..client._background import BackgroundClient
from ..records import DECLARATIONS, Enum, Group, Record, String, Text

JobFailedError = ZocaloError
"""Another name for what a status fails with."""


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
        prefix: of the IOC's PVs.
        name: of the device.
    """

    def __init__(self, prefix: str, *, name: str, **options: Any) -> None:
        super().__init__(prefix.rstrip(":"), name=name, **options)
        self._client = BackgroundClient(prefix)

    def trigger(self) -> DeviceStatus:
        """Have the data collection of the request records processed.

        Returns:
            A status that is done when the result is there, also one without a centre.
            It fails with `ZocaloError` if none comes.
        """
        return self._status(Client.process_request_records)

    def set(
        self, request: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> DeviceStatus:
        """Have data collections processed; the request records are left alone.

        Several clients may do so at once, and several of one.

        Args:
            request: ``dcid``, ``num_frames`` and whatever else ``P:SUBMIT`` is to be
                told; or a list of such for the grids of one scan.

        Returns:
            A status as that of `trigger`.
        """
        grids = [request] if isinstance(request, Mapping) else list(request)
        return self._status(lambda client: client.process(grids))

    def _status(
        self, what: Callable[[Client], Coroutine[Any, Any, Result | None]]
    ) -> DeviceStatus:
        """Return a status that ends as something done with the client."""
        status = DeviceStatus(self)

        def note(done: Future[Result | None]) -> None:
            if error := done.exception():
                status.set_exception(error)
            else:
                status.set_finished()

        self._client.do(what).add_done_callback(note)
        return status
