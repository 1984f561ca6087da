"""What EPICS clients see.

The declarations are here, free of EPICS; `database` makes the records from them.
"""

from ._declarations import DECLARATIONS, LONGEST_NAME, Group, Kind, Record

__all__ = ["DECLARATIONS", "LONGEST_NAME", "Group", "Kind", "Record"]
