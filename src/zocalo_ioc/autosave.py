"""What survives a restart of the IOC: options, request, last result, jobs, history.

softioc brings an autosave of its own. It saves field by field every half minute, so a
result could come back half, without its time stamp, or not at all; and it raises on a
damaged file. Here one small file is written whole, at most once a second.
"""

import asyncio
import fcntl
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from .errors import NotKept
from .errors.files import NotSaved, SavedByAnother, SavedDamaged, SavedUnreadable
from .jobs import SavedJobs

PERIOD = 1.0
"""The shortest time between two writes, in seconds, and until one is tried again."""
WRITE_TIME = 5.0
"""How long a write may take until it is called failed, in seconds."""
NO_ANSWER = "the disk does not answer"

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

    number: Annotated[int, Field(ge=0, lt=2**31)]
    arrived: Annotated[float, Field(ge=0, le=_YEAR_2100)]
    latency: FiniteFloat | None
    job: Annotated[int, Field(ge=0, lt=2**31)] = 0
    body: bytes


class Saved(BaseModel):
    """Everything that is saved.

    Attributes:
        values: those of the options and the request, by record.
        result: the last one.
        jobs: what is known of jobs; times are seconds since the epoch.
        history: its columns.
    """

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")

    values: dict[str, int | float | str] = {}
    result: SavedResult | None = None
    jobs: SavedJobs = SavedJobs()
    history: dict[str, list[int | float | str]] = {}


class Autosave:
    """A file of saved values, written by one IOC alone.

    Args:
        file: where they are; its folder must exist.
        snapshot: gives what is to be saved now.
        on_save: told after each write what was wrong with it, if anything.
    """

    def __init__(
        self,
        file: Path,
        snapshot: Callable[[], Saved],
        on_save: Callable[[NotSaved | None], None] = lambda _: None,
    ) -> None:
        self._file = file
        self._snapshot = snapshot
        self._on_save = on_save
        self._changed = asyncio.Event()
        self._writer = ThreadPoolExecutor(1)
        self._lock_file: int | None = None
        self._beside: Path | None = None  # where the file is still to be kept

    def load(self) -> tuple[Saved, NotKept | None]:
        """Read what was saved, and say what was wrong with it, if anything.

        A file that can't be used is kept beside, for people to look at.

        Raises:
            SavedByAnother: another IOC has the file.
        """
        with suppress(OSError):  # the first write says so
            self._lock()
            for partial in self._file.parent.glob(self._partial("*")):
                partial.unlink()  # of an IOC that was killed
        try:
            return Saved.model_validate_json(_read(self._file)), None
        except FileNotFoundError:
            return Saved(), None
        except OSError as error:
            problem, reason = SavedUnreadable, error.strerror or str(error)
            self._beside = self._file.with_suffix(".unreadable")
        except ValidationError as error:
            problem, reason = SavedDamaged, error.errors(include_input=False)[0]["msg"]
            self._beside = self._file.with_suffix(".damaged")
        beside = self._beside.name
        with suppress(OSError):  # the first write tries again
            self._put_aside()
        return Saved(), problem(self._file.name, reason, beside)

    def note_change(self) -> None:
        """Have the values saved soon."""
        self._changed.set()

    async def run(self) -> None:
        """Save changes until cancelled, and then what is left."""
        try:
            while True:
                await self._changed.wait()
                await self._save()
                await asyncio.sleep(PERIOD)
        finally:
            if self._changed.is_set():
                writing = self._start_writing()
                done, _ = await asyncio.wait([writing], timeout=WRITE_TIME)
                self._on_save(writing.result() if done else self._no_answer())

    async def _save(self) -> None:
        """Write once. What was not written is to be tried again."""
        self._changed.clear()
        writing = self._start_writing()
        try:
            done, _ = await asyncio.wait([writing], timeout=WRITE_TIME)
            if not done:
                self._on_save(self._no_answer())
            problem = await asyncio.shield(writing)
        except asyncio.CancelledError:
            done, _ = await asyncio.wait([writing], timeout=WRITE_TIME)
            if not done:
                self._on_save(self._no_answer())
            elif writing.result():
                self._changed.set()
            raise
        if problem:
            self._changed.set()
        self._on_save(problem)

    def _start_writing(self) -> asyncio.Future[NotSaved | None]:
        """Write in a thread, after the write before, however long that takes."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._writer, self._write, self._snapshot())

    def _no_answer(self) -> NotSaved:
        return NotSaved(str(self._file), NO_ANSWER)

    def _write(self, saved: Saved) -> NotSaved | None:
        """Write the file whole or not at all."""
        try:
            self._lock()
            self._put_aside()
            descriptor, partial = tempfile.mkstemp(
                prefix=self._partial(""), dir=self._file.parent
            )
            try:
                with os.fdopen(descriptor, "w") as file:
                    file.write(saved.model_dump_json())
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(partial, self._file)
            except BaseException:
                os.unlink(partial)
                raise
        except OSError as error:
            return NotSaved(str(self._file), error.strerror or "")
        except SavedByAnother as problem:
            return NotSaved(str(self._file), str(problem).rstrip("."))
        return None

    def _put_aside(self) -> None:
        """Keep a file that could not be used, before another takes its place."""
        if self._beside:
            with suppress(FileNotFoundError):
                self._file.replace(self._beside)
            self._beside = None

    def _partial(self, rest: str) -> str:
        return f".{self._file.name}.partial-{rest}"

    def _lock(self) -> None:
        """Keep others from the file, until this process ends.

        The folder may be another one than it was at the last write.
        """
        path = self._file.with_suffix(".lock")
        if self._lock_file is not None and _is_at(path, self._lock_file):
            return
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        opened = os.open(path, flags, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            raise SavedByAnother(self._file.name) from None
        except OSError:  # a file system without locks
            pass
        if self._lock_file is not None:
            os.close(self._lock_file)
        self._lock_file = opened


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read(path: Path) -> bytes:
    """Read a file, but through no link that somebody has put there."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read()
