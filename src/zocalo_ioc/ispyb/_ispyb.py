"""ISPyB, off the event loop and never waited for for long."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ..errors import IspybUnavailable
from ..errors import ispyb as errors
from ..errors.files import PackageMissing
from ._data_collections import DataCollection
from ._past import PastResult

if TYPE_CHECKING:
    from .database import Database

logger = logging.getLogger(__name__)

LIMIT = 1.0
"""How long a look may take, in seconds."""
PERIOD = 5.0
"""How often ISPyB is looked for, in seconds."""
CONNECTIONS = 4
T = TypeVar("T")


def open_database(url: str) -> "Database":
    """Return ISPyB's database, which is not connected yet.

    Raises:
        PackageMissing: SQLAlchemy or the driver is not installed.
    """
    try:
        from .database import Database

        return Database(url, LIMIT, CONNECTIONS)
    except ImportError as error:
        raise PackageMissing("--ispyb", f"{error.name}", extra="ispyb") from None


class Ispyb:
    """ISPyB, for the event loop.

    Args:
        url: of SQLAlchemy.
        on_change: called with the problem when ISPyB no longer answers, and with None
            when it does.
    """

    def __init__(
        self, url: str, on_change: Callable[[IspybUnavailable | None], None]
    ) -> None:
        self._database = open_database(url)
        self._on_change = on_change
        self._threads = ThreadPoolExecutor(CONNECTIONS, "ispyb")
        self.problem: IspybUnavailable | None = errors.Looking()
        """Why it did not answer when it was last asked; None if it did."""

    async def run(self) -> None:
        """Look again and again whether it answers, until cancelled."""
        with closing(self._database):
            while True:
                with suppress(IspybUnavailable):  # has been noted
                    await self._ask_and_note(self._database.probe)
                await asyncio.sleep(PERIOD)

    async def read_groups(self, dcids: Iterable[int]) -> Sequence[DataCollection]:
        """Return data collections and all others of their groups, by id.

        Raises:
            IspybUnavailable: no answer within `LIMIT`, or another than hoped for.
        """
        return await self._ask_and_note(
            partial(self._database.read_groups, tuple(dcids))
        )

    async def read_past(self, dcid: int) -> list[PastResult] | None:
        """Return the results of the group of a data collection, oldest first.

        `problem` stays as it is: triggers need none of these tables.

        Returns:
            None if there is no such data collection.

        Raises:
            IspybUnavailable: no answer within `LIMIT`, or another than hoped for.
        """
        return await self._ask(partial(self._database.read_past, dcid))

    async def _ask_and_note(self, look: Callable[[], T]) -> T:
        try:
            found = await self._ask(look)
        except IspybUnavailable as problem:
            self._note(problem)
            raise
        self._note(None)
        return found

    async def _ask(self, look: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LIMIT):
                return await loop.run_in_executor(self._threads, look)
        except TimeoutError:
            raise errors.IspybSilent(self._database.address, LIMIT) from None

    def _note(self, problem: IspybUnavailable | None) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        if problem:
            logger.warning("%s", problem)
        else:
            logger.info("ISPyB at %s answers", self._database.address)
        self._on_change(problem)
