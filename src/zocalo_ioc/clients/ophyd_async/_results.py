"""The device that waits for results."""

import threading
from typing import Any
from weakref import WeakSet, finalize

import numpy as np
from bluesky.protocols import Triggerable
from ophyd_async.core import (
    DEFAULT_TIMEOUT,
    Array1D,
    AsyncStatus,
    Device,
    DeviceConnector,
    DeviceMock,
    StandardReadable,
    StandardReadableFormat,
    soft_signal_r_and_setter,
)

from ...centres import SortKey
from ...client import Result
from ...client._background import in_background, loop
from ...jobs import named
from ...wire import Source
from ._arguments import as_choice, as_dcids, as_prefix, as_seconds
from ._dodal import LOGGER, of_dodal
from ._errors import NoResultsFromZocaloError, NoZocaloSubscriptionError
from ._inbox import Ending, HopelessError, Inbox

_staged: WeakSet["ZocaloResults"] = WeakSet()
_staged_lock = threading.Lock()


def note_triggered(prefix: str, dcid: int) -> None:
    """Tell every staged device of an IOC that a data collection was triggered."""
    with _staged_lock:
        devices = [device for device in _staged if device.prefix == prefix]
    for device in devices:
        device.expect(dcid)


class _Connector(DeviceConnector):
    """Connects an inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.mocked = False

    async def connect_mock(self, device: Device, mock: DeviceMock[Any]) -> None:
        self.mocked = True
        await super().connect_mock(device, mock)

    async def connect_real(
        self,
        device: Device,
        timeout: float,  # noqa: ASYNC109, the base class has it so
        force_reconnect: bool,
    ) -> None:
        self.mocked = False
        await in_background(self._inbox.begin(timeout))
        await in_background(self._inbox.end())
        await super().connect_real(device, timeout, force_reconnect)


class ZocaloResults(of_dodal("ZocaloResults", StandardReadable), Triggerable):
    """Waits for a result, and has its centres, strongest first.

    In place of dodal's device of that name, with the same signals, for n centres:
    ``centre_of_mass`` (n, 3) float64, ``max_voxel`` (n, 3) and ``bounding_box``
    (n, 2, 3) uint64, ``max_count``, ``n_voxels``, ``total_count`` (n,) uint64,
    ``sample_id`` (n,) int64, -1 if unknown, ``ispyb_dcid`` and ``ispyb_dcgid``. All in
    grid boxes, the middle of box 0 at 0.5. A 2-D result has NaN for the z of the centre
    of mass, 0 for that of the voxel, and a bounding box of nothing but zeros.

    Results that come between staging and unstaging are kept until a `trigger` takes
    them, each once; none that came before is ever taken. Where the device knows which
    data collections were triggered, it takes a result of these alone: `ZocaloTrigger`
    tells every staged device in its process, or a plan calls `expect`. Where it knows
    of none, it takes those of jobs that the IOC began since it was staged, whichever
    process asked for them. It can be used in any event loop, and keeps its connection.

    Args:
        prefix: of the IOC's PVs.
        name: of the device.
        sort_key: ``max_count``, ``total_count`` or ``n_voxels``: highest first. Equal
            ones keep the order that the IOC gives them.
        timeout_s: how long `trigger` waits, in seconds.
        results_source: the pipeline results are taken from; None for any.
        zocalo_environment, channel: dodal's, and refused: the IOC knows them.
    """

    def __init__(
        self,
        prefix: str = "",
        name: str = "",
        sort_key: str = SortKey.MAX_COUNT,
        timeout_s: float = 180,
        results_source: Source | str | None = Source.CPU,
        *,
        zocalo_environment: None = None,
        channel: None = None,
    ) -> None:
        self.prefix = as_prefix(
            prefix, name, zocalo_environment=zocalo_environment, channel=channel
        )
        self.sort_key = as_choice("sort_key", SortKey, sort_key)
        self.timeout_s = as_seconds("timeout_s", timeout_s)
        self.results_source = results_source and as_choice(
            "results_source", Source, results_source, ", or None for any"
        )
        self._inbox = Inbox(self.prefix)
        closing = finalize(self, _close, self._inbox)
        closing.atexit = False
        self._expected: set[int] | None = None
        # the setters are named as dodal's `_put_results` has them
        make = soft_signal_r_and_setter
        self.max_voxel, self._max_voxel_setter = make(Array1D[np.uint64])
        self.max_count, self._max_count_setter = make(Array1D[np.uint64])
        self.n_voxels, self._n_voxels_setter = make(Array1D[np.uint64])
        self.total_count, self._total_count_setter = make(Array1D[np.uint64])
        self.centre_of_mass, self._com_setter = make(Array1D[np.float64])
        self.bounding_box, self._bounding_box_setter = make(Array1D[np.uint64])
        self.sample_id, self._sample_id_setter = make(Array1D[np.int64])
        self.ispyb_dcid, self._ispyb_dcid_setter = make(int)
        self.ispyb_dcgid, self._ispyb_dcgid_setter = make(int)
        self.add_readables(
            [
                self.max_voxel,
                self.max_count,
                self.n_voxels,
                self.total_count,
                self.centre_of_mass,
                self.bounding_box,
                self.sample_id,
                self.ispyb_dcid,
                self.ispyb_dcgid,
            ],
            format=StandardReadableFormat.HINTED_SIGNAL,
        )
        self._connector_of_ours = _Connector(self._inbox)
        # not that of dodal, which makes signals, too
        StandardReadable.__init__(self, name, connector=self._connector_of_ours)

    def expect(self, *dcids: int) -> None:
        """Take results of these data collections alone, until unstaged.

        Call it after staging; calls add up. Each is expected until a result of it was
        taken.

        Raises:
            ValueError: one is not a whole number from 1.
        """
        self._expected = (self._expected or set()) | as_dcids(dcids)

    @AsyncStatus.wrap
    async def stage(self) -> None:
        """Begin to listen; what has come before is not taken.

        Raises:
            NotConnectedError: the IOC does not answer within 10 s.
        """
        if self._connector_of_ours.mocked:
            return
        LOGGER.info("Listening to the results of %s", self.prefix)
        await in_background(self._inbox.begin(DEFAULT_TIMEOUT))
        self._expected = None
        with _staged_lock:
            _staged.add(self)

    @AsyncStatus.wrap
    async def unstage(self) -> None:
        """Listen no more. The connection is kept."""
        with _staged_lock:
            _staged.discard(self)
        await in_background(self._inbox.end())

    @AsyncStatus.wrap
    async def trigger(self) -> None:
        """Wait for a result, and read it into the signals.

        Other coroutines run meanwhile. If the IOC goes away, its result is still taken
        should it be back in time. Unstaging, as when the plan is aborted, ends the wait
        and leaves the signals as they are.

        Raises:
            NoZocaloSubscriptionError: the device is not staged.
            NoResultsFromZocaloError: no result came in time, or a job that it might be
                of has failed, timed out or was cancelled; the text says what was
                awaited, what came instead, and what the IOC says.
        """
        if self._connector_of_ours.mocked:
            return
        if not self._inbox.listens:
            raise NoZocaloSubscriptionError(
                f"{self.name or self.prefix} must be staged before it is triggered, "
                "so that it can tell new results from old ones"
            )
        LOGGER.info("Waiting for a result%s", self._awaited())
        taking = self._inbox.take(self._is_wanted, self._is_hopeless, self.timeout_s)
        try:
            result = await in_background(taking)
        except (TimeoutError, HopelessError) as error:
            why = await self._why_none(error)
            LOGGER.warning("%s", why)
            raise NoResultsFromZocaloError(why) from error
        if result is None:
            LOGGER.warning("Unstaged while waiting for a result")
            return
        if self._expected is not None:
            self._expected = self._expected - set(result.dcids)
        LOGGER.info("Zocalo results: found %d crystals.", len(result.columns["x"]))
        self._read(result)

    def _is_wanted(self, result: Result) -> bool:
        return self.results_source in (None, result.source) and (
            result.job > self._inbox.since
            if self._expected is None
            else not self._expected.isdisjoint(result.dcids)
        )

    def _is_hopeless(self, ending: Ending) -> bool:
        return ending.job > self._inbox.since and (
            self._expected is None or ending.dcid in self._expected
        )

    def _read(self, result: Result) -> None:
        # largest first, and stable
        order = np.argsort(-result.columns[self.sort_key], kind="stable")
        boxes = np.stack(
            [result.vectors("box_min_"), result.vectors("box_max_")], axis=1
        )
        # what a 2-D result does not have is -1, which these signals can't be
        self._max_voxel_setter(result.vectors("max_voxel_")[order].clip(min=0))
        self._bounding_box_setter(boxes[order].clip(min=0))
        self._com_setter(result.vectors()[order])
        self._max_count_setter(result.columns["max_count"][order])
        self._n_voxels_setter(result.columns["n_voxels"][order])
        self._total_count_setter(result.columns["total_count"][order])
        self._sample_id_setter(result.columns["sample_id"][order])
        self._ispyb_dcid_setter(result.dcids[0])
        self._ispyb_dcgid_setter(result.dcgid)

    async def _why_none(self, error: TimeoutError | HopelessError) -> str:
        inbox = self._inbox
        if isinstance(error, HopelessError):
            ending = error.ending
            what = [f"DCID {ending.dcid} has no result: {ending.state}."]
        else:
            what = [f"No result{self._awaited()} arrived within {self.timeout_s:g} s."]
        if self._expected is not None and not self._expected:
            what.append("The results of all triggered data collections have been read.")
        if others := {f"{named(r.dcids)} from {r.source}" for r in inbox.results}:
            what.append(f"Ignored: {'; '.join(sorted(others))}.")
        if inbox.missed:
            what.append(f"Missed because too many arrived at once: {inbox.missed}.")
        try:
            source, message = await in_background(inbox.texts("SOURCE", "MESSAGE"))
            if self.results_source and source not in ("Any", self.results_source):
                what.append(f"{self.prefix}:SOURCE accepts only {source}.")
            what.append(f"{self.prefix} says: {message}")
        except TimeoutError:
            what.append(f"{self.prefix} does not answer. Is the IOC running?")
        return " ".join(what)

    def _awaited(self) -> str:
        of = " of a job begun since staging"
        if self._expected is not None:
            of = f" of {named(sorted(self._expected))}" if self._expected else ""
        return of + (f" from {self.results_source}" if self.results_source else "")


def _close(inbox: Inbox) -> None:
    loop().call_soon_threadsafe(inbox.close)
