"""A private RabbitMQ, and Zocalo's side of it."""

import logging
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pika
import pika.exceptions

from .ports import LOOPBACK, free_ports

logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs each vain try

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
TRIGGERS = "processing_recipe"
RESULTS = "xrc.i03"


class RabbitMQ:
    """A private RabbitMQ server, in a folder of its own.

    Only its own user can log in, so no other broker can be taken for it.

    Args:
        folder: where it keeps everything.
        configuration: what its configuration file says.
        peer: another node, whose cluster it is to join.
    """

    def __init__(
        self, folder: Path, configuration: str = "", peer: "RabbitMQ | None" = None
    ) -> None:
        self.folder = folder
        self.port, dist, epmd = free_ports(3)
        self._peer = peer
        home = peer.home if peer else folder  # has the cookie that they share
        epmd = peer.epmd if peer else epmd
        self.home, self.epmd = home, epmd
        self.user = "tests"
        self.password = peer.password if peer else secrets.token_hex(8)
        login = f"default_user = {self.user}\ndefault_pass = {self.password}\n"
        (folder / "rabbitmq.conf").write_text(login + configuration)
        enabled = folder / "enabled_plugins"
        enabled.write_text("[].")
        self._environment = os.environ | {
            "HOME": str(home),
            "ERL_CRASH_DUMP": str(folder / "crash"),
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": f"zocalo-ioc-test-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(dist),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(enabled),
            # how old what list_queues tells of a quorum queue may be, in milliseconds
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-rabbit quorum_tick_interval 200",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.vhost = "/"

    @property
    def url(self) -> str:
        return self.url_with()

    def url_with(
        self,
        *,
        scheme: str = "amqp",
        login: str = "",
        host: str = LOOPBACK,
        port: int = 0,
        vhost: str = "",
    ) -> str:
        """Return the URL with some parts replaced."""
        login = login or f"{self.user}:{self.password}"
        path = quote(vhost or self.vhost, safe="")
        return f"{scheme}://{login}@{host}:{port or self.port}/{path}"

    @property
    def options(self) -> tuple[str, ...]:
        """What an IOC is given to take results from here."""
        return "--broker", self.url, "--results-queue", RESULTS

    def virtual_host(self, name: str, *queues: str) -> "RabbitMQ":
        """Make another virtual host on this server, for tests with their own queues."""
        self.control("add_vhost", name)
        self.control("set_permissions", "-p", name, self.user, ".*", ".*", ".*")
        other = copy(self)
        other.vhost = name
        other.declare(*queues)
        return other

    def start(self) -> None:
        """Start the server, unless it runs, and wait until it serves."""
        if self._process is not None:
            return
        limit = time.monotonic() + 60
        while not self.answers():
            assert time.monotonic() < limit, f"RabbitMQ did not start: {self.folder}"
            if self._process is None or self._process.poll() is not None:
                # also when the one before, just killed, still stands in the way
                self._process = subprocess.Popen(
                    [SERVER],
                    env=self._environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            time.sleep(0.1)  # between two looks, up to the limit

    def answers(self) -> bool:
        """Whether this very server answers: no other has the password."""
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except pika.exceptions.AMQPError:
            return False
        return True

    def join(self) -> None:
        """Join the cluster of the other node."""
        assert self._peer is not None
        self.control("stop_app")
        self.control("join_cluster", self._peer.name)
        self.control("start_app")

    @property
    def name(self) -> str:
        return self._environment["RABBITMQ_NODENAME"]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the server, properly or at once with SIGKILL, and all its processes."""
        if self._process is None:
            return
        group, self._process = self._process, None
        limit = time.monotonic() + 60
        with suppress(ProcessLookupError):
            os.killpg(group.pid, number)
            group.wait(60)
            while time.monotonic() < limit:
                os.killpg(group.pid, 0)
                time.sleep(0.05)  # likewise

    @property
    def log(self) -> str:
        """What the server has logged."""
        (file,) = self.folder.glob("log/zocalo-ioc-test-*@localhost.log")
        return file.read_text()

    @contextmanager
    def halted(self) -> Generator[None]:
        """Halt all processes of the server: it confirms nothing meanwhile."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            while set(_states(self._process.pid)) != {"T"}:
                time.sleep(0.005)  # a busy machine takes its time to halt all threads
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def cut_off(self, others: Iterable["RabbitMQ"]) -> None:
        """Cut this node off from the others of its cluster, until `rejoin`."""
        self._allow(others, "cut_off")

    def rejoin(self, others: Sequence["RabbitMQ"]) -> None:
        """End a partition; this node restarts and takes the others' side."""
        self._allow(others, self._cookie(others[0]))
        self.control("stop_app")
        self.control("start_app")

    def _cookie(self, other: "RabbitMQ") -> str:
        return other.control("eval", "erlang:get_cookie().").strip().strip("'")

    def _allow(self, others: Iterable["RabbitMQ"], cookie: str) -> None:
        """Let this node talk to others that have a cookie.

        All at once: where two nodes lose each other and a third sees both, RabbitMQ
        cuts the third one off, too.
        """
        names = ", ".join(f"'{other.name}'" for other in others)
        self.control(
            "eval",
            f"[begin erlang:set_cookie(Name, '{cookie}'), erlang:disconnect_node(Name) "
            f"end || Name <- [{names}]].",
        )

    def close(self) -> None:
        """End the server, and the port mapper that Erlang has started for it alone."""
        self.stop()
        if self._peer is None:
            port = str(self.epmd)
            subprocess.run(["epmd", "-port", port, "-kill"], stdout=subprocess.DEVNULL)

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl on this server, and return what it prints."""
        return subprocess.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "-n", self.name, *arguments],
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    @contextmanager
    def channel(self) -> Generator[Any]:
        """Open a channel of a connection of its own."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()

    def declare(self, *queues: str) -> None:
        """Make queues as the site does: quorum queues."""
        with self.channel() as channel:
            for queue in queues:
                channel.queue_declare(
                    queue, durable=True, arguments={"x-queue-type": "quorum"}
                )

    def delete_and_declare(self, queue: str) -> None:
        """Delete a queue and make it anew, as fast as the broker can."""
        with self.channel() as channel:
            channel.queue_delete(queue)
            channel.queue_declare(
                queue, durable=True, arguments={"x-queue-type": "quorum"}
            )

    @staticmethod
    def persistent(headers: dict[str, Any]) -> pika.BasicProperties:
        """Return the properties of a message that outlives a restart."""
        return pika.BasicProperties(headers=headers, delivery_mode=2)

    def delete(self, queue: str) -> None:
        with self.channel() as channel:
            channel.queue_delete(queue)

    def purge(self, *queues: str) -> None:
        with self.channel() as channel:
            for queue in queues:
                channel.queue_purge(queue)

    def take(self, queue: str, count: int = 1) -> list[tuple[Any, Any, bytes]]:
        """Take so many messages, each as method, properties and body."""
        messages: list[tuple[Any, Any, bytes]] = []
        limit = time.monotonic() + 30
        with self.channel() as channel:
            while len(messages) < count:
                method, properties, body = channel.basic_get(queue, auto_ack=True)
                if method is not None:
                    messages.append((method, properties, body))
                    continue
                assert time.monotonic() < limit, f"{len(messages)} of {count} came"
                time.sleep(0.01)  # likewise
        return messages

    def take_all(self, queue: str, expected: int) -> list[tuple[Any, Any, bytes]]:
        """Take every message, and wait some seconds for those that are expected.

        A queue that is just recovering tells fewer messages than it has.
        """
        messages: list[tuple[Any, Any, bytes]] = []
        limit = time.monotonic() + 15
        with self.channel() as channel:
            while True:
                method, properties, body = channel.basic_get(queue, auto_ack=True)
                if method is not None:
                    messages.append((method, properties, body))
                elif len(messages) >= expected or time.monotonic() > limit:
                    return messages
                else:
                    time.sleep(0.01)  # likewise

    def put(self, queue: str, *messages: tuple[dict[str, Any], bytes]) -> None:
        """Publish messages, each given as headers and body."""
        with self.channel() as channel:
            channel.confirm_delivery()
            for headers, body in messages:
                channel.basic_publish("", queue, body, self.persistent(headers))

    def total(self, queue: str) -> int:
        """Return how many messages wait, or are not acknowledged yet."""
        told = self.control("list_queues", "--silent", "name", "messages")
        return {name: int(n) for name, n in map(str.split, told.splitlines())}[queue]

    def depth(self, queue: str) -> int:
        with self.channel() as channel:
            return channel.queue_declare(queue, passive=True).method.message_count


def _states(group: int) -> Iterator[str]:
    """Yield the state of each thread of a group of processes that has not ended."""
    for file in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, of_group, *_ = file.read_text().rpartition(")")[2].split()
            if int(of_group) == group and state != "Z":
                yield state


def main() -> None:
    """Run a server by hand: ``python -m tests.support.rabbitmq``."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        server = RabbitMQ(Path(folder))
        try:
            server.start()
            print(f"{server.url} until Ctrl-C", flush=True)
            signal.pause()
        finally:
            server.close()


if __name__ == "__main__":
    main()
