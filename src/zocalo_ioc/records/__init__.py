"""What EPICS clients see.

Declarations and handles are here, free of EPICS; `database` makes the records.
"""

from ._grids import GRIDS, GridPvs
from ._handles import (
    Action,
    Change,
    Group,
    Readback,
    Record,
    Setting,
    Store,
    TextAction,
    Updated,
    Writable,
    after,
    count,
)
from ._ioc_stats import IOC_STATS, IocStatsRecord, ioc_stats
from ._pvs import (
    DECLARATIONS,
    IMAGES,
    LONGEST_NAME,
    MAX_NAME,
    MOTOR,
    TABLES,
    Image,
    Pvs,
    Table,
    served,
)
from ._results import MAX_HISTORY
from .datatypes import (
    Array,
    Bool,
    Enum,
    Float,
    Floats,
    Int,
    Ints,
    String,
    Text,
)

__all__ = [
    "DECLARATIONS",
    "GRIDS",
    "IMAGES",
    "IOC_STATS",
    "LONGEST_NAME",
    "MAX_HISTORY",
    "MAX_NAME",
    "MOTOR",
    "TABLES",
    "Action",
    "Array",
    "Bool",
    "Change",
    "Enum",
    "Float",
    "Floats",
    "GridPvs",
    "Group",
    "Image",
    "Int",
    "Ints",
    "IocStatsRecord",
    "Pvs",
    "Readback",
    "Record",
    "Setting",
    "Store",
    "String",
    "Table",
    "Text",
    "TextAction",
    "Updated",
    "Writable",
    "after",
    "count",
    "ioc_stats",
    "served",
]
