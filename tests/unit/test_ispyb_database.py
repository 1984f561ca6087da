"""What answers in place of a database is described as it is."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager

import pytest

from zocalo_ioc.errors import IspybUnavailable
from zocalo_ioc.ispyb import open_database


@contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Generator[int]:
    """Answer each connection to a port until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        answer(connection)
            except OSError:
                return  # the end of the block

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def problem(port: int, options: str = "") -> str:
    url = f"mysql://reader:secret@127.0.0.1:{port}/ispyb{options}"
    with (
        closing(open_database(url)) as database,
        pytest.raises(IspybUnavailable) as raised,
    ):
        database.probe()
    return str(raised.value).replace(str(port), "PORT")


def test_a_server_that_hangs_up_has_not_been_silent() -> None:
    with listening(lambda connection: None) as port:
        assert problem(port) == (
            "ISPyB: 127.0.0.1:PORT closed the connection. "
            "Is the database starting or stopping?"
        )


def test_another_server_has_no_error_number_to_look_up() -> None:
    # the length of a packet, and what is no greeting of a database
    with listening(
        lambda connection: connection.sendall(b"\7\0\0\0AMQP\0\0\0")
    ) as port:
        assert problem(port).endswith(
            "Check the host, the port and any options in --ispyb."
        )


@pytest.mark.parametrize("options", ["?nonsense=1", "?ssl_ca=/nowhere/ca.pem"])
def test_options_that_the_driver_does_not_take_are_not_blamed_on_the_server(
    options: str,
) -> None:
    assert "any options in --ispyb" in problem(9, options)


def test_a_server_that_says_nothing_is_silent() -> None:
    with listening(lambda connection: connection.recv(1)) as port:
        assert "no answer from 127.0.0.1:PORT within 1 s" in problem(port)
