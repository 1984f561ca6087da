"""`zocalo-ioc describe`: the records in forms that people and other tools read.

The files in ``db/`` and the record reference of the documentation come from here, too.
No IOC is started.
"""

from collections.abc import Callable

from ..settings import DescribeSettings
from ._control import alarms, archive, database
from ._table import as_json, initially, print_table, type_of

_FORMS: dict[str, Callable[[str, str | None], str]] = {
    "json": as_json,
    "database": database,
    "alarms": alarms,
    "archive": archive,
}

__all__ = ["alarms", "archive", "database", "describe", "initially", "type_of"]


def describe(settings: DescribeSettings) -> None:
    """Print the records in the form that the settings ask for."""
    prefix = settings.prefix or "$(P)"
    if settings.format == "table":
        print_table(prefix, settings.grid_prefix)
    else:
        print(_FORMS[settings.format](prefix, settings.grid_prefix), end="")
