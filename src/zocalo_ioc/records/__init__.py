"""What EPICS clients see.

The declarations are here, free of EPICS; `database` makes the records from them.
"""

from ._declarations import (
    DECLARATIONS,
    IOC_STATS,
    LONGEST_NAME,
    MAX_CENTRES,
    MAX_HISTORY,
    MAX_NAME,
    MOTOR,
    TABLES,
    UPDATED_TOGETHER,
)
from ._ioc_stats import IocStatsRecord, ioc_stats
from ._record import Group, Kind, Record, Table

__all__ = [
    "DECLARATIONS",
    "IOC_STATS",
    "LONGEST_NAME",
    "MAX_CENTRES",
    "MAX_HISTORY",
    "MAX_NAME",
    "MOTOR",
    "TABLES",
    "UPDATED_TOGETHER",
    "Group",
    "IocStatsRecord",
    "Kind",
    "Record",
    "Table",
    "ioc_stats",
]
