"""ISPyB, in place of a file: what data collections are, and where results are kept."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, column, insert, select, table

from zocalo_ioc.errors import IspybUnavailable, NotUnderstood
from zocalo_ioc.errors.ispyb import DcidUnknown
from zocalo_ioc.ispyb import DataCollection
from zocalo_ioc.ispyb.database import Database
from zocalo_ioc.wire import Id

from .data_collections import crystals_in
from .messages import CentringParameters
from .scans import Behaviour, Kind, Scan

logger = logging.getLogger(__name__)

CONNECTIONS = 2
LIMIT = 1.0
"""How long the database may take for an answer, in seconds."""
MOST_FRAMES = 10_000
"""Of a rotation."""

_COLLECTION = table(
    "DataCollection",
    *map(column, ("dataCollectionId", "dataCollectionGroupId", "BLSAMPLEID")),
)
_CENTRING = table(
    "XrayCentring",
    *map(column, ("dataCollectionGroupId", "status", "xrayCentringType")),
)


class _OddGrid(Scan):
    """A grid that makes no volume with the others of its group.

    The real service takes them together all the same, and dies.

    Attributes:
        group_dcids: all grids of the group.
    """

    group_dcids: list[Id]

    def others(self, dcid: int) -> Sequence[int]:
        return [other for other in self.group_dcids if other != dcid]


class Ispyb:
    """ISPyB, for a simulated Zocalo.

    Its methods block, a second for each answer at most. Crystals are made up: ISPyB
    does not have them.

    Args:
        url: of SQLAlchemy, for a user who may read, and insert results.
        behaviour: what all scans have in common.
        seed: makes another choice of crystals.
    """

    def __init__(self, url: str, behaviour: Behaviour, seed: int) -> None:
        self._database = Database(url, LIMIT, CONNECTIONS)
        self._behaviour = behaviour
        self._seed = seed

    def report(self) -> None:
        """Log whether it can be read."""
        try:
            self._database.probe()
        except IspybUnavailable as problem:
            logger.error("%s", problem)
        else:
            logger.info("ISPyB at %s answers", self._database.address)

    def find(self, dcid: int) -> Scan:
        """Return the scan of a data collection.

        Raises:
            NotUnderstood: ISPyB does not know it, or can't be read.
        """
        try:
            group = self._database.read_groups([dcid])
            sample = select(_COLLECTION.c.BLSAMPLEID)
            rows = self._database.read(sample.where(_is(dcid)))
        except IspybUnavailable as problem:
            raise NotUnderstood(f"DCID {dcid}: {problem}") from None
        if not rows:
            raise NotUnderstood(f"DCID {dcid} is not in ISPyB")
        return self._scan(dcid, group, rows[0][0])

    def _scan(
        self, dcid: int, group: Sequence[DataCollection], sample_id: int | None
    ) -> Scan:
        own = next(each for each in group if each.dcid == dcid)
        values: dict[str, Any] = {"dcgid": own.dcgid, "sample_id": sample_id}
        if own.size is None:
            frames = min(max(own.images, 1), MOST_FRAMES)
            values |= {"dcids": [dcid], "kind": Kind.ROTATION, "grid": [frames, 1]}
            return Scan.model_validate(self._common() | values)
        sizes = {each.dcid: each.size for each in group if each.size}
        dcids = list(sizes)
        kind = Scan
        if len(dcids) > 2 or len({size.steps_x for size in sizes.values()}) > 1:
            kind, values["group_dcids"] = _OddGrid, dcids
            dcids = [dcid]
        xy = sizes[dcids[0]]
        grid = [xy.steps_x, *(sizes[each].steps_y for each in dcids)]
        steps = [xy.dx_mm, *(sizes[each].dy_mm for each in dcids)]
        values |= {
            "dcids": dcids,
            "grid": grid,
            "crystals": crystals_in(grid, self._seed, dcids[0]),
            "snaked": xy.snaked,
            "orientation": xy.orientation,
        }
        if all(steps):
            values["step_um"] = [1000 * (step or 0) for step in steps]
        return kind.model_validate(self._common() | values)

    def _common(self) -> dict[str, Any]:
        return self._behaviour.model_dump(exclude_unset=True)

    def write_result(
        self, parameters: CentringParameters, payload: Mapping[str, Any]
    ) -> None:
        """Insert a result, as the real service has it inserted.

        Raises:
            Problem: it can't be.
        """
        database = self._database
        group = select(_COLLECTION.c.dataCollectionGroupId)
        try:
            with database.engine.connect() as connection:
                dcgid = connection.execute(group.where(_is(parameters.dcid))).scalar()
                if dcgid is None:
                    raise DcidUnknown(parameters.dcid)
                result = insert(_CENTRING).values(
                    dataCollectionGroupId=dcgid,
                    status="success",
                    xrayCentringType=payload["type"],
                )
                id_ = connection.execute(result).lastrowid
                for centre in payload["results"]:
                    connection.execute(_insert_centre(id_, centre))
        except DcidUnknown:
            raise
        except Exception as error:  # drivers raise what they like on odd servers
            raise database.problem(error) from None


def _is(dcid: int) -> Any:
    return _COLLECTION.c.dataCollectionId == dcid


def _insert_centre(id_: int, centre: Mapping[str, Any]) -> Insert:
    """Return the row of a centre. One that was not found has no numbers."""
    box = centre.get("bounding_box") or ([], [])
    vectors = {
        "centreOfMass{}": centre.get("centre_of_mass"),
        "maxVoxel{}": centre.get("max_voxel"),
        "boundingBoxMin{}": box[0],
        "boundingBoxMax{}": box[1],
    }
    values = {
        name.format(axis): number
        for name, vector in vectors.items()
        for axis, number in zip("XYZ", vector or (), strict=False)
    }
    values |= {
        "xrayCentringId": id_,
        "status": "success",
        "numberOfVoxels": centre.get("n_voxels"),
        "totalCount": centre.get("total_count"),
        "blSampleId": centre.get("sample_id"),
    }
    return insert(table("XrayCentringResult", *map(column, values))).values(values)
