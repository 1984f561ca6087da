"""Arrays, whose length changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ._datatype import Alarm, Datatype

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Array(Datatype[T]):
    """Elements of one type, as many as there are, up to a length.

    Attributes:
        length: the most elements.
        unit: EGU.
        precision: PREC.
    """

    zero = ()
    length: int
    unit: str = ""
    precision: int = 0

    def make(self, builder: Any, name: str, *, writable: bool, **fields: Any) -> Any:
        """Make a waveform."""
        assert not writable
        fields |= {"datatype": self.dtype, "length": self.length}
        return builder.WaveformIn(name, **fields, EGU=self.unit, PREC=self.precision)

    def encode(self, value: Any) -> tuple[Any, Alarm]:
        """Leave out the elements past the length."""
        return value[: self.length], Alarm.NONE

    def summary(self, quoted: Callable[[str], str] = str) -> str:
        """Say the length."""
        return f", {self.length}"


class Floats(Array[Sequence[float] | NDArray[np.float64]]):
    """Numbers of 64 bits."""

    types = "double waveform, read only", "double waveform"
    dtype = "float64"


class Ints(Array[Sequence[int] | NDArray[np.int32]]):
    """Whole numbers of 32 bits."""

    types = "long waveform, read only", "long waveform"
    dtype = "int32"


class Strings(Array[Sequence[str] | NDArray[np.bytes_]]):
    """Texts of up to 39 bytes."""

    types = "string waveform, read only", "string waveform"
    dtype = "S40"
