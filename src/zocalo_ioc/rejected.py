"""Keeps messages that are no results, since the site's queue may throw them away."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

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
        self.file = file

    def keep(
        self, time: str, reason: str, headers: Mapping[str, object], body: bytes
    ) -> None:
        """Add a message.

        Raises:
            OSError: it can't be written.
        """
        kept = body[:MAX_BODY]
        line = {"time": time, "reason": reason, "bytes": len(body)}
        line |= {"headers": {name: str(value) for name, value in headers.items()}}
        try:
            line["body"] = kept.decode()
        except UnicodeDecodeError:
            line["body_base64"] = base64.b64encode(kept).decode()
        if self.file.exists() and self.file.stat().st_size >= MAX_SIZE:
            self.file.replace(self.file.with_suffix(".old" + self.file.suffix))
        with self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")
