"""Whose put a command carries out, when several clients put it at once."""

import threading
from dataclasses import dataclass


@dataclass(eq=False)
class _Waiting:
    who: str
    written: bool = False


class Writers:
    """The clients whose puts one command has still to carry out.

    EPICS processes a put in the thread that makes it. One that comes while the command
    runs is processed by another thread once that run has ended: puts with callback in
    the order in which they came, and the others together as one.

    Attributes:
        current: who put what runs: user@host, empty if that is unknown.
    """

    def __init__(self) -> None:
        self.current = ""
        self._waiting: list[_Waiting] = []  # oldest first
        self._putting: dict[int, _Waiting] = {}  # by thread

    def put_begins(self, who: str) -> None:
        """Note a put that this thread is about to make."""
        put = self._putting[threading.get_ident()] = _Waiting(who)
        self._waiting.append(put)

    def put_ends(self) -> None:
        """Note that a put of this thread has been made, or its command has ended."""
        put = self._putting.pop(threading.get_ident(), None)
        if put in self._waiting:  # without callback, or it has changed nothing
            self._waiting = [it for it in self._waiting if not it.written]
            put.written = True

    def put_is_undone(self) -> None:
        """Note that EPICS will not process the record for a put of this thread."""
        put = self._putting.pop(threading.get_ident(), None)
        if put in self._waiting:
            self._waiting.remove(put)

    def processing(self) -> None:
        """Note that the record is processed, in this thread."""
        put = self._putting.pop(threading.get_ident(), None)
        if put in self._waiting:
            self._waiting.clear()  # the record was idle, so no other waits
        else:
            put = self._waiting.pop(0) if self._waiting else None
        self.current = put.who if put else ""
