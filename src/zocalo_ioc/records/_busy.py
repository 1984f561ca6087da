"""The value of a command: 1 while it runs, whatever clients write, and 0 after."""

from collections.abc import Generator
from contextlib import contextmanager
from ctypes import c_uint8, c_uint16

from ._epics import locked, offset, post
from ._store import EpicsStore


class Busy:
    """Keeps the value of one command.

    EPICS writes a put without callback to a running command at once, tells no monitor,
    and notes in ``RPRO`` to process the record once more after the run.

    Args:
        store: has the record.
        name: the record.
    """

    def __init__(self, store: EpicsStore, name: str) -> None:
        self._store = store
        self._name = name
        self._running = False
        self._again = False

    @contextmanager
    def run(self) -> Generator[None]:
        """Show monitors 1 while the command runs, then 0 unless it is to run again."""
        with locked(self._address):
            self._running, self._again = True, False
            self.undo()
            self._post()
        try:
            yield
        finally:
            with locked(self._address):
                self.undo()
                self._running = False
                if not self._again:
                    self._store.made[self._name].set(0, process=False)
                self._post()

    def undo(self) -> int | None:
        """Undo the put of anything but 1 to the running command.

        Returns:
            What was written; None if there is nothing to undo.
        """
        with locked(self._address):
            value = c_uint16.from_address(self._field("VAL"))
            again = c_uint8.from_address(self._field("RPRO"))
            if not self._running:
                return None
            if value.value == 1:
                self._again = bool(again.value)
                return None
            written, value.value, again.value = value.value, 1, self._again
            return written

    @property
    def _address(self) -> int:
        return self._store.addresses[self._name]

    def _field(self, name: str) -> int:
        return self._address + offset("bo", name)

    def _post(self) -> None:
        post(self._address, self._field("VAL"))
