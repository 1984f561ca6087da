"""What survives a restart of the IOC: options, request and the last result.

softioc brings an autosave of its own. It saves field by field every half minute, so a
result could come back half, without its time stamp, or not at all; and it raises on a
damaged file. Here one small file is written whole, at most once a second.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from .errors import NotKept
from .errors.files import NotSaved, SavedDamaged, SavedUnreadable

logger = logging.getLogger(__name__)

PERIOD = 1.0
"""The shortest time between two writes, in seconds."""


_YEAR_2100 = 4102444800


class SavedResult(BaseModel):
    """The last result, as the message it came in.

    Attributes:
        number: its ``RESULT:SEQ``.
        arrived: when it came, in seconds since the epoch.
        latency: its latency in seconds, if known.
        job: its ``RESULT:JOB``.
        body: body of the message; its headers say only that it is a result.
    """

    model_config = ConfigDict(extra="forbid")

    number: Annotated[int, Field(ge=1, lt=2**31)]
    arrived: Annotated[float, Field(ge=0, le=_YEAR_2100)]
    latency: FiniteFloat | None
    job: Annotated[int, Field(ge=0, lt=2**31)] = 0
    body: bytes


class Saved(BaseModel):
    """Everything that is saved.

    Attributes:
        values: those of the options and the request, by record.
        result: the last one.
        jobs: the number of the latest job.
    """

    model_config = ConfigDict(extra="forbid")

    values: dict[str, int | float | str] = {}
    result: SavedResult | None = None
    jobs: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Autosave:
    """A file of saved values.

    Args:
        file: where they are; its folder must exist.
        snapshot: gives what is to be saved now.
    """

    def __init__(self, file: Path, snapshot: Callable[[], Saved]) -> None:
        self._file = file
        self._snapshot = snapshot
        self._changed = asyncio.Event()

    def load(self) -> tuple[Saved, NotKept | None]:
        """Read what was saved, and say what was wrong with it, if anything.

        A file that can't be used is kept beside, for people to look at.
        """
        try:
            return Saved.model_validate_json(self._file.read_bytes()), None
        except FileNotFoundError:
            return Saved(), None
        except OSError as error:
            reason = error.strerror or str(error)
            return Saved(), SavedUnreadable(self._file.name, reason)
        except ValidationError as error:
            reason = error.errors(include_input=False)[0]["msg"]
            beside = self._file.with_suffix(".damaged")
            with suppress(OSError):
                self._file.replace(beside)
            return Saved(), SavedDamaged(self._file.name, reason, beside.name)

    def note_change(self) -> None:
        """Have the values saved soon."""
        self._changed.set()

    async def run(self) -> None:
        """Save changes, without end; when cancelled, what has changed by then."""
        try:
            while True:
                await self._changed.wait()
                await self._save()
                await asyncio.sleep(PERIOD)
        finally:
            if self._changed.is_set():
                self._write(self._snapshot())

    async def _save(self) -> None:
        self._changed.clear()
        writing = asyncio.ensure_future(
            asyncio.to_thread(self._write, self._snapshot())
        )
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing  # the process ends after this, and the thread with it
            raise

    def _write(self, saved: Saved) -> None:
        """Write the file whole or not at all."""
        partial = self._file.with_suffix(".partial")
        try:
            with partial.open("w") as file:
                file.write(saved.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._file)
        except OSError as error:
            logger.error("%s", NotSaved(str(self._file), error.strerror or ""))
