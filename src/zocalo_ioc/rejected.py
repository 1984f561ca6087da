"""Keeps messages that are no results, since the site's queue may throw them away."""

import asyncio
import base64
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from .autosave import NO_ANSWER, WRITE_TIME
from .errors.files import RejectedNotWritten

MAX_SIZE = 10 * 1024**2
"""Bytes after which the file is put aside; the one put aside before is deleted."""
MAX_BODY = 1024**2
"""Bytes of a message that are kept."""


class Rejected:
    """A file with a message a line, as JSON.

    Each line has ``time``, ``reason``, ``headers``, ``bytes`` (the length of the
    message) and ``body``, or ``body_base64`` if that is no text. With the file put
    aside, and the lines that bring them over their size, it takes less than 24 MiB.

    Args:
        file: where to keep them.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._writer = ThreadPoolExecutor(1)
        self._late: asyncio.Future[RejectedNotWritten | None] | None = None

    async def keep(
        self, time: str, reason: str, headers: Mapping[str, object], body: bytes
    ) -> RejectedNotWritten | None:
        """Add a message, and return why it was not kept, if so.

        While a disk does not answer, no further messages wait for it.
        """
        if self._late and not self._late.done():
            return self._problem(NO_ANSWER)
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(
            self._writer, self._write, time, reason, headers, body
        )
        done, _ = await asyncio.wait([writing], timeout=WRITE_TIME)
        if done:
            return writing.result()
        self._late = writing
        return self._problem(NO_ANSWER)

    def _problem(self, reason: str) -> RejectedNotWritten:
        return RejectedNotWritten(str(self._file), reason)

    def _write(
        self, time: str, reason: str, headers: Mapping[str, object], body: bytes
    ) -> RejectedNotWritten | None:
        kept = body[:MAX_BODY]
        line = {"time": time, "reason": reason, "bytes": len(body)}
        line |= {"headers": {name: str(value) for name, value in headers.items()}}
        try:
            line["body"] = kept.decode()
        except UnicodeDecodeError:
            line["body_base64"] = base64.b64encode(kept).decode()
        old = self._file.with_suffix(".old" + self._file.suffix)
        try:
            size = self._file.stat().st_size if self._file.exists() else 0
            if size >= MAX_SIZE:
                self._file.replace(old)
                size = 0
            self._append(json.dumps(line) + "\n", size)
        except OSError as error:
            return self._problem(error.strerror or "")
        return None

    def _append(self, line: str, size: int) -> None:
        """Add a line to the file, whole or not at all."""
        try:
            with self._file.open("a") as file:
                file.write(line)
        except OSError:
            with suppress(OSError):  # else the next one would go on with this line
                os.truncate(self._file, size)
            raise
