"""What EPICS clients see.

The declarations are here, free of EPICS; `database` makes the records from them.
"""

from ._declarations import (
    DECLARATIONS,
    LONGEST_NAME,
    MAX_CENTRES,
    MAX_HISTORY,
    TABLES,
    UPDATED_TOGETHER,
)
from ._record import Group, Kind, Record, Table

__all__ = [
    "DECLARATIONS",
    "LONGEST_NAME",
    "MAX_CENTRES",
    "MAX_HISTORY",
    "TABLES",
    "UPDATED_TOGETHER",
    "Group",
    "Kind",
    "Record",
    "Table",
]
