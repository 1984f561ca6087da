"""What goes to the log, and nowhere else: puts and changes of the connection."""

import logging

from ..broker import Connection
from ..errors import Problem

logger = logging.getLogger(__name__)

LOGGED_VALUE = 200
"""Characters of a value that go to the log when a client writes it."""


def log_put(who: str, pv: str, value: str) -> None:
    """Log who writes what; called in a thread of EPICS."""
    what = f"{value[:LOGGED_VALUE]} to {pv}" if value else pv
    logger.info("%s writes %s", who, what)


class ConnectionLog:
    """Logs changes of the connection, but no problem of a node twice in a row."""

    def __init__(self, purpose: str = "") -> None:
        self._purpose = purpose
        # two dead nodes are tried in turn, for days
        self._logged: dict[str, Problem] = {}

    def note(self, connection: Connection) -> None:
        """Log the state of the connection, if it is new."""
        address, problem = connection.address, connection.problem
        if problem and self._logged.get(address) != problem:
            logger.error("%s%s", self._purpose, problem)
            self._logged[address] = problem
        elif connection.up and not problem:
            logger.info("%sConnected to %s", self._purpose, address)
            self._logged.clear()
