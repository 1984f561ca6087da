"""All records: as handles for one IOC, and as declarations for everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._declarations import (
    BrokerPvs,
    CommandPvs,
    IocPvs,
    IspybPvs,
    JobPvs,
    OptionPvs,
    RequestPvs,
    ZocaloPvs,
)
from ._grids import GRIDS, GridPvs
from ._handles import Change, Counter, Record, Section, Store, attribute
from ._ioc_stats import IOC_STATS
from ._results import BestPvs, CentrePvs, HistoryPvs, MotorPvs, ResultPvs


class _OfRecords:
    """What is made of records for PV Access clients.

    Attributes:
        name: its name, after the prefix.
        access: what clients do with it, in the words of PVI.
    """

    name: str
    access = "r"

    @property
    def pvi_name(self) -> str:
        """Its name as an attribute of a device."""
        return attribute(self.name)


@dataclass(frozen=True)
class Image(_OfRecords):
    """An NTNDArray for PV Access clients, made of records.

    Attributes:
        name: its name, after the prefix.
        pixels: the array, row after row. An update of it makes one of the image.
        size: its columns and rows.
        description: what it shows.
    """

    name: str
    pixels: Record[Any]
    size: tuple[Record[int], Record[int]]
    description: str


@dataclass(frozen=True)
class Table(_OfRecords):
    """An NTTable for PV Access clients, made of arrays that are records, too.

    Attributes:
        name: its name, after the prefix.
        columns: the arrays, by the names of the columns.
        counter: the record whose update makes one update of the table.
        description: what a row is.
        beside: records with further values of the same update, by field.
    """

    name: str
    columns: Mapping[str, Record[Any]]
    counter: Counter
    description: str
    beside: Mapping[str, Record[Any]] = field(default_factory=dict[str, Record[Any]])

    @property
    def labels(self) -> str:
        """The record with the names of the columns."""
        return f"{self.name}:LABELS"


class Pvs:
    """Handles of all records of one IOC.

    Args:
        store: where their values are.
        frames: whether there are the records of the grids.
    """

    def __init__(self, store: Store, *, frames: bool = False) -> None:
        self._store = store
        self.request = RequestPvs(store)
        self.commands = CommandPvs(store)
        self.options = OptionPvs(store)
        self.job = JobPvs(store)
        self.broker = BrokerPvs(store)
        self.zocalo = ZocaloPvs(store)
        self.ispyb = IspybPvs(store)
        self.ioc = IocPvs(store)
        self.result = ResultPvs(store)
        self.centres = CentrePvs(store)
        self.best = BestPvs(store)
        self.history = HistoryPvs(store)
        self.grids = GridPvs(store) if frames else None
        self.records: tuple[Record[Any], ...] = tuple(
            record
            for section in vars(self).values()
            if isinstance(section, Section)
            for record in section.records
        )
        result = self.result, self.centres, self.best
        self.updates = [
            sorted(
                (record for section in together for record in section.records),
                key=lambda record: isinstance(record, Counter),
            )
            for together in (result, (self.history,))
        ]
        """The records that are updated as one; the counter comes last."""
        if self.grids:
            of_grids = self.grids.records
            self.updates += [[r for r in of_grids if r.column == g] for g in GRIDS]
        self._together = [{record.name for record in each} for each in self.updates]

    def update(self, changes: Sequence[Change], timestamp: float) -> None:
        """Set all records of an update as one, with one time stamp.

        Clients see all of the update or nothing.

        Args:
            changes: a new value for each record that is updated together.
            timestamp: seconds since the epoch.

        Raises:
            ValueError: a record of the update is missing, or not of it.
        """
        names = {change.record.name for change in changes}
        if names not in self._together:
            differences = [names ^ together for together in self._together]
            raise ValueError(f"Not a whole update: {sorted(min(differences, key=len))}")
        self._store.update(changes, timestamp)


_DECLARED = Pvs(Store())

DECLARATIONS = _DECLARED.records
"""Every record that there always is, in the order of the interface."""

MOTOR = tuple(MotorPvs(Store()).records)
"""Records that there are with a grid scan device only. A template makes them."""

_GRIDS = GridPvs(Store())


def served(*, motor: bool = False, frames: bool = False) -> tuple[Record[Any], ...]:
    """Return every record that there is, in the order of the interface.

    Args:
        motor: with a grid scan device.
        frames: with a queue of frames.
    """
    further = (*(MOTOR if motor else ()), *(_GRIDS.records if frames else ()))
    return (*DECLARATIONS, *further)


IMAGES = tuple(
    Image(
        f"GRID:{grid}:IMAGE",
        _GRIDS.counts[grid],
        (_GRIDS.nx[grid], _GRIDS.ny[grid]),
        f"Spots in each box of the {grid} grid",
    )
    for grid in GRIDS
)
"""Images that there are with a queue of frames only."""

TABLES = (
    Table(
        "RESULT:TABLE",
        _DECLARED.centres.columns,
        _DECLARED.result.seq,
        "One row a centre",
        {
            "job": _DECLARED.result.job,
            "dcids": _DECLARED.result.dcids,
            "dcgid": _DECLARED.result.dcgid,
            "source": _DECLARED.result.source,
        },
    ),
    Table(
        "HISTORY",
        _DECLARED.history.columns,
        _DECLARED.history.seq,
        "The last jobs, results and refused requests",
    ),
)

LONGEST_NAME = max(
    *(len(record.name) for record in served(motor=True, frames=True)),
    len(f"{IOC_STATS}:CBMEDIUM_Q_OVERRUNS"),
)
"""Length of the longest name, without prefix and colon."""
MAX_NAME = 60
"""Characters that EPICS takes in a whole name."""
