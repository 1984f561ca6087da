"""A private MariaDB with the tables of ISPyB, and rows as mx-bluesky writes them."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwuid

import ispyb.sqlalchemy as models
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from .ports import LOOPBACK, free_ports

READER = "reader:s%2Fcret"
"""A user who may do nothing but SELECT, and the password, as in a URL."""
KEEPER = "keeper:secret"
"""A user who may insert results as well."""
_TABLES = (
    models.DataCollection,
    models.DataCollectionGroup,
    models.GridInfo,
    models.XrayCentring,
    models.XrayCentringResult,
)


def _statements_of_docs() -> list[str]:
    pages = Path(__file__).parents[2] / "docs/how-to"
    text = "".join((pages / page).read_text() for page in ("ispyb.md", "rehearse.md"))
    blocks = re.findall(r"^```sql\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


class MariaDB:
    """A private MariaDB server, in a folder of its own, with the database ``ispyb``.

    Attributes:
        added: the data collections added so far, by id.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        self._user = user = getpwuid(os.getuid()).pw_name
        self._options = ["--no-defaults", f"--datadir={folder / 'data'}"]
        if os.getuid() == 0:
            self._options.append(f"--user={user}")
        self._process: subprocess.Popen[bytes] | None = None
        self.added: list[int] = []
        self._socket = folder / "socket"
        admin = f"mysql+pymysql://{user}@localhost"
        where = {"unix_socket": str(self._socket)}
        # the tables that these refer to are not there
        start = where | {"init_command": "SET foreign_key_checks = 0"}
        self._server = create_engine(
            admin, connect_args=where, isolation_level="AUTOCOMMIT"
        )
        self.engine: Engine = create_engine(
            f"{admin}/ispyb", connect_args=start, isolation_level="AUTOCOMMIT"
        )

    @property
    def url(self) -> str:
        return self.url_with()

    def url_with(
        self, login: str = READER, port: int = 0, database: str = "ispyb"
    ) -> str:
        return f"mysql://{login}@{LOOPBACK}:{port or self.port}/{database}"

    def create(self) -> None:
        """Make the database, the tables and the user, and start the server."""
        subprocess.run(
            [
                "mariadb-install-db",
                *self._options,
                f"--auth-root-socket-user={self._user}",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
        )
        self.start()
        metadata = models.Base.metadata
        tables = [metadata.tables[model.__tablename__] for model in _TABLES]
        with self._server.connect() as connection:
            connection.execute(text("CREATE DATABASE ispyb"))
            metadata.create_all(self.engine, tables)
            for login in READER, KEEPER:
                user, _, password = login.replace("%2F", "/").partition(":")
                create = f"CREATE USER {user} IDENTIFIED BY '{password}'"
                connection.execute(text(create))
            for statement in _statements_of_docs():
                connection.execute(text(statement))

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "/usr/sbin/mariadbd",
                *self._options,
                f"--socket={self._socket}",
                f"--port={self.port}",
                f"--bind-address={LOOPBACK}",
                f"--pid-file={self.folder / 'pid'}",
                f"--log-error={self.folder / 'log'}",
                "--innodb-buffer-pool-size=16M",
                "--innodb-flush-log-at-trx-commit=0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < limit, "MariaDB did not start"
            time.sleep(0.05)  # between two looks, up to the limit

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port)) as connection:
                return bool(connection.recv(1))
        except OSError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the server."""
        if self._process is not None:
            self._server.dispose()
            self.engine.dispose()
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    @contextmanager
    def halted(self) -> Generator[None]:
        """Halt the server: it accepts connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def locked(self, table: str) -> Generator[None]:
        """Keep everyone from reading a table."""
        with self.engine.connect() as connection:
            connection.execute(text(f"LOCK TABLES {table} WRITE"))
            try:
                yield
            finally:
                connection.execute(text("UNLOCK TABLES"))

    @contextmanager
    def changed(self, *statements: str) -> Generator[None]:
        """Change the database with the first half of the statements, and back."""
        half = len(statements) // 2
        self.execute(*statements[:half])
        try:
            yield
        finally:
            self.execute(*statements[half:])

    def execute(self, *statements: str) -> None:
        """Execute SQL as the administrator."""
        with self.engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def add_scan(self, *images: int, grids: bool = True) -> tuple[int, list[int]]:
        """Add a group, as mx-bluesky does, with a data collection for each number.

        Args:
            images: how many images each has.
            grids: whether they are grids.

        Returns:
            The id of the group, and those of the data collections.
        """
        kind = "Mesh3D" if len(images) > 1 else "mesh"
        with Session(self.engine) as session:
            group = models.DataCollectionGroup(
                sessionId=1, experimentType=kind if grids else "SAD"
            )
            session.add(group)
            session.flush()
            dcgid = group.dataCollectionGroupId
            dcids = [self._add_collection(session, dcgid, n, grids) for n in images]
            session.commit()
        self.added += dcids
        return dcgid, dcids

    def _add_collection(
        self, session: Session, dcgid: int, images: int, grid: bool
    ) -> int:
        collection = models.DataCollection(
            dataCollectionGroupId=dcgid, numberOfImages=images
        )
        session.add(collection)
        session.flush()
        if grid:
            session.add(
                models.GridInfo(
                    dataCollectionId=collection.dataCollectionId,
                    steps_x=20,
                    steps_y=images / 20,
                    dx_mm=0.02,
                    dy_mm=0.02,
                    snaked=1,
                    orientation="horizontal",
                )
            )
        return collection.dataCollectionId

    def add_result(
        self, dcgid: int, *centres: Mapping[str, float | None], kind: str = "3d"
    ) -> None:
        """Add a result of X-ray centring to a group, with columns of its centres."""
        with Session(self.engine) as session:
            result = models.XrayCentring(
                dataCollectionGroupId=dcgid, status="success", xrayCentringType=kind
            )
            session.add(result)
            session.flush()
            session.add_all(
                models.XrayCentringResult(
                    xrayCentringId=result.xrayCentringId, status="success", **columns
                )
                for columns in centres
            )
            session.commit()
