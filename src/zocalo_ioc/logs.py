"""Where log lines go, and what they look like.

Lines about a job or a result carry its ``dcid``, ``guid`` and ``job`` as fields, for
programs to search. No line holds the password of a URL.
"""

import json
import logging
import queue
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from logging.handlers import QueueHandler, QueueListener
from threading import Thread

from .errors import one_line, without_passwords
from .errors.files import PackageMissing
from .settings import LogSettings

FIELDS = ("dcid", "guid", "job")
"""What a line can carry; given as ``extra`` of the logging call."""
JSON_FIELDS = {
    "time": "ISO 8601, with milliseconds and time zone",
    "level": "`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`",
    "message": "the text",
    "logger": "the module that logged it",
    "dcid": "the data collection, if any",
    "guid": "the guid of the message sent, or of the recipe of the result",
    "job": "the job number, as in `P:JOB:NUMBER`; 0 if there is none",
    "exception": "the traceback of an unexpected error",
}
"""What a line has with ``--log-format json``, for the reference."""
SEND_TIME = 2.0
"""How long the end waits for Graylog to get what waits, in seconds."""
MAX_WAITING = 10_000
"""Lines that wait for Graylog; those that come while there are so many are dropped."""


@contextmanager
def logging_as(settings: LogSettings, ioc: str = "") -> Generator[None]:
    """Log as the settings say, until the end; then send what waits.

    Args:
        settings: what users say.
        ioc: the prefix, for Graylog to tell IOCs apart.

    Raises:
        SettingsInvalid: the ``graypy`` package is missing.
    """
    root = logging.getLogger()
    root.setLevel(settings.log_level.upper())
    # what these say is said in plain words elsewhere
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if settings.log_format == "json" else _Text())
    root.addHandler(handler)
    if settings.log_graylog is None:
        yield
        return
    lines: queue.Queue[logging.LogRecord] = queue.Queue()
    graylog = _graylog(settings.log_graylog, ioc)
    listener = QueueListener(lines, graylog)
    waiting = _Waiting(lines, listener)
    root.addHandler(waiting)
    listener.start()
    try:
        yield
    finally:
        waiting.close()
        graylog.close()


class _Text(logging.Formatter):
    """A line for people."""

    def __init__(self, fmt: str = "%(asctime)s %(levelname)s %(message)s") -> None:
        super().__init__(fmt)

    def format(self, record: logging.LogRecord) -> str:
        return without_passwords(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, of logging
        record.message = one_line(record.message)
        return super().formatMessage(record)


class _JsonLines(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        local = datetime.fromtimestamp(record.created).astimezone()
        line = {
            "time": local.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": without_passwords(record.getMessage()),
            "logger": record.name,
        }
        line |= {name: getattr(record, name) for name in FIELDS if name in vars(record)}
        if record.exc_info:
            line["exception"] = without_passwords(self.formatException(record.exc_info))
        return json.dumps(line)


class _Waiting(QueueHandler):
    """Has lines sent by another thread: looking up a host's address can take long."""

    def __init__(
        self, lines: queue.Queue[logging.LogRecord], listener: QueueListener
    ) -> None:
        super().__init__(lines)
        self._lines = lines
        self._stopping = Thread(target=listener.stop, daemon=True)
        self.setFormatter(_Text("%(message)s"))

    def close(self) -> None:
        """Send what waits; `logging.shutdown` calls this, too."""
        if self._stopping.ident is None:
            self._stopping.start()
            self._stopping.join(SEND_TIME)
        super().close()

    def enqueue(self, record: logging.LogRecord) -> None:
        # The queue has no limit of its own, which would keep the listener's note to
        # stop out of it. stderr has what is dropped.
        if self._lines.qsize() < MAX_WAITING:
            super().enqueue(record)


def _graylog(address: str, ioc: str) -> logging.Handler:
    try:
        import graypy
    except ImportError:
        raise PackageMissing("--log-graylog", "graypy", extra="graylog") from None
    host, _, port = address.rpartition(":")
    handler = graypy.GELFUDPHandler(
        host.strip("[]"), int(port), debugging_fields=False, facility="zocalo-ioc"
    )

    def name_ioc(record: logging.LogRecord) -> bool:
        record.ioc = ioc
        return True

    handler.addFilter(name_ioc)
    return handler
