"""What ISPyB knows of data collections: optional, read only.

`_data_collections`, which fills in requests, and `_past` are pure; `_ispyb` looks data
collections up within a limit; `database` knows the tables, and alone needs SQLAlchemy.
"""

from ._data_collections import DataCollection, Filled, fill_in, grids_left_out
from ._ispyb import LIMIT, Ispyb, open_database
from ._past import PastResult

__all__ = [
    "LIMIT",
    "DataCollection",
    "Filled",
    "Ispyb",
    "PastResult",
    "fill_in",
    "grids_left_out",
    "open_database",
]
