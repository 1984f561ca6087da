"""ISPyB's database, read through SQLAlchemy.

The columns are named here, and not taken from the models of the ``ispyb`` package: the
rest of the schema may change, and the models take seconds to load.
"""

import re
import socket
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pymysql.err import MySQLError
from sqlalchemy import Select, column, create_engine, false, make_url, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import IspybUnavailable
from ..errors import ispyb as errors
from ..wire import GridSize
from ._data_collections import DataCollection
from ._past import CENTRE_COLUMNS, PastResult, past_results

_PORT = 3306

_REQUESTED, _OF_GROUP = (
    table(
        "DataCollection",
        column("dataCollectionId"),
        column("dataCollectionGroupId"),
        column("numberOfImages"),
    ).alias(name)
    for name in ("requested", "of_group")
)
_SIZE = tuple(GridSize.model_fields)
"""The columns of `GridInfo` have these names, too."""
_GRID = table("GridInfo", *map(column, ("dataCollectionId", "gridInfoId", *_SIZE)))
_CENTRING = table(
    "XrayCentring",
    column("xrayCentringId"),
    column("xrayCentringType"),
    column("status"),
    column("dataCollectionGroupId"),
)
_CENTRE = table(
    "XrayCentringResult",
    column("xrayCentringId"),
    *map(column, CENTRE_COLUMNS.values()),
)


class Database:
    """ISPyB's database, for threads.

    Connections are kept, and made again when they have broken. Nothing is written.

    Args:
        url: a URL of SQLAlchemy, whose driver is not used.
        limit: how long the server may take for each answer, in seconds.
        connections: how many there are at most.
    """

    def __init__(self, url: str, limit: float, connections: int) -> None:
        where = make_url(url).set(drivername="mysql+pymysql")
        self.address = f"{where.host}:{where.port or _PORT}"
        self._name = where.database or ""
        self._limit = limit
        self.engine = create_engine(
            where,
            isolation_level="AUTOCOMMIT",  # each look sees what is there by then
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=limit,
            connect_args={
                f"{each}_timeout": limit for each in ("connect", "read", "write")
            },
        )

    def read_groups(self, dcids: Iterable[int]) -> Sequence[DataCollection]:
        """Return data collections and all others of their groups, by id.

        Raises:
            IspybUnavailable: the database can't be read.
        """
        rows = self.read(_groups().where(_REQUESTED.c.dataCollectionId.in_(dcids)))
        found = {
            dcid: DataCollection(dcid, dcgid, images or 0, grid is not None, _size(of))
            for dcid, dcgid, images, grid, _, *of in rows  # of two grids, the newer
        }
        return list(found.values())

    def read_past(self, dcid: int) -> list[PastResult] | None:
        """Return the results of the group of a data collection, oldest first.

        Returns:
            None if there is no such data collection.

        Raises:
            IspybUnavailable: the database can't be read.
        """
        rows = self.read(_past().where(_REQUESTED.c.dataCollectionId == dcid))
        return past_results(rows) if rows else None

    def probe(self) -> None:
        """Read nothing, from all the columns that are needed.

        Raises:
            IspybUnavailable: the database can't be read.
        """
        self.read(_groups().where(false()))

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.engine.dispose()

    def read(self, query: Select[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a query.

        Raises:
            IspybUnavailable: the database can't be read.
        """
        try:
            with self.engine.connect() as connection:
                return connection.execute(query).all()
        except Exception as error:  # drivers raise what they like on odd servers
            problem = self.problem(error)
            if isinstance(problem, errors.IspybReadForbidden):
                self.engine.dispose()  # rights granted later count for new connections
            raise problem from None

    def problem(self, error: Exception) -> IspybUnavailable:
        """Return why the database can't be read, without what may be a user name."""
        address = self.address
        if isinstance(error, PoolTimeout):
            return errors.IspybSilent(address, self._limit)
        cause = error.orig if isinstance(error, DBAPIError) else error
        code, *texts = getattr(cause, "args", None) or (0,)
        match code, getattr(cause, "original_exception", None):
            case _, ConnectionRefusedError():
                return errors.IspybDown(address)
            case _, socket.gaierror() | UnicodeError():
                return errors.IspybHostUnknown(address)
            case ((2006 | 2013), _) if "timed out" not in str(texts):
                return errors.IspybClosed(address)
            case ((2003 | 2006 | 2013), _):  # can't connect, gone away, lost
                return errors.IspybSilent(address, self._limit)
            case ((1045 | 1698), _):  # access denied
                return errors.IspybLoginRefused(address)
            case ((1044 | 1049), _):  # access denied to the database, or there is none
                return errors.IspybDatabaseRefused(address, self._name)
            case ((1142 | 1143), _) if "INSERT" in str(texts):
                return errors.IspybWriteForbidden(address, _named(str(texts)))
            case ((1142 | 1143), _):  # a command denied for a table, or a column
                return errors.IspybReadForbidden(address, _named(str(texts)))
            case ((1054 | 1146), _):  # an unknown column, or table
                return errors.IspybColumnMissing(address, _named(str(texts)))
            case _:
                name = type(cause).__name__
                if isinstance(cause, MySQLError) and isinstance(code, int):
                    return errors.IspybFailed(address, f"{name} {code}")
                return errors.IspybNotUnderstood(address, name)


def _groups() -> Select[Any]:
    same_group = _OF_GROUP.c.dataCollectionGroupId == _REQUESTED.c.dataCollectionGroupId
    has_grid = _GRID.c.dataCollectionId == _OF_GROUP.c.dataCollectionId
    return (
        select(*_OF_GROUP.c, *_GRID.c)
        .select_from(_REQUESTED)
        .join(_OF_GROUP, same_group)
        .outerjoin(_GRID, has_grid)
        .order_by(_OF_GROUP.c.dataCollectionId, _GRID.c.gridInfoId)
    )


def _past() -> Select[Any]:
    its = _CENTRING.c.dataCollectionGroupId == _REQUESTED.c.dataCollectionGroupId
    id_ = _CENTRING.c.xrayCentringId
    return (
        select(id_, _CENTRING.c.xrayCentringType, _CENTRING.c.status)
        .add_columns(*(_CENTRE.c[name] for name in CENTRE_COLUMNS.values()))
        .select_from(_REQUESTED)
        .outerjoin(_CENTRING, its)
        .outerjoin(_CENTRE, _CENTRE.c.xrayCentringId == id_)
        .order_by(id_, _CENTRE.c.totalCount.desc())
    )


def _size(values: Sequence[Any]) -> GridSize | None:
    try:
        return GridSize.model_validate(dict(zip(_SIZE, values, strict=True)))
    except ValidationError:
        return None


def _named(text: str) -> str:
    """Return the column or table that the server complains of."""
    about = text.rpartition(" for ")[2]  # before it is the user
    found = re.search(r"(\w+)[`'](?!\.)", about)
    return found[1] if found else "a table"
