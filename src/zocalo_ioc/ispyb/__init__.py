"""What ISPyB knows of data collections: optional, read only.

`_data_collections` is pure, and fills in requests; `_ispyb` looks data collections up
within a limit; `_database` knows the tables, and alone needs SQLAlchemy.
"""

from ._data_collections import DataCollection, Filled, fill_in
from ._ispyb import LIMIT, Ispyb, open_database

__all__ = ["LIMIT", "DataCollection", "Filled", "Ispyb", "fill_in", "open_database"]
