"""Datatypes: what a record holds, a class each.

A datatype knows its EPICS record types, how softioc makes them, and which values they
refuse in which words. Values have two forms: that of Python, such as ``State.DONE``,
and the raw one that EPICS stores, such as 5.
"""

from ._arrays import Array, Floats, Ints, Strings
from ._datatype import Alarm, Datatype
from ._enums import Bool, Enum, Push
from ._numbers import Float, Int
from ._texts import String, Text

__all__ = [
    "Alarm",
    "Array",
    "Bool",
    "Datatype",
    "Enum",
    "Float",
    "Floats",
    "Int",
    "Ints",
    "Push",
    "String",
    "Strings",
    "Text",
]
