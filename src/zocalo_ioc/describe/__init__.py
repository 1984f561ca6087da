"""`zocalo-ioc describe`: the records in forms that people and other tools read.

The files in ``db/`` and the record reference of the documentation come from here, too.
No IOC is started.
"""

from collections.abc import Callable

from ._alarms import ALARMS, alarms
from ._control import archive, database
from ._table import as_json, initially, print_table, type_of

_FORMS: dict[str, Callable[[str, str | None, bool], str]] = {
    "json": as_json,
    "database": database,
    "archive": archive,
}

__all__ = [
    "ALARMS",
    "alarms",
    "archive",
    "database",
    "describe",
    "initially",
    "type_of",
]


def describe(
    prefix: str | None,
    grid_prefix: str | None,
    frames: bool,
    screens: str | None,
    form: str,
) -> None:
    """Print the records as a table, or in one of the other forms."""
    prefix = prefix or "$(P)"
    if form == "table":
        print_table(prefix, grid_prefix, frames)
    elif form == "alarms":
        print(alarms(prefix, screens or "$(OPI)"), end="")
    else:
        print(_FORMS[form](prefix, grid_prefix, frames), end="")
