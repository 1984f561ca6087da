"""Whose put a command carries out, as EPICS processes puts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from zocalo_ioc.records._writers import Writers

Thread = ThreadPoolExecutor


@pytest.fixture
def threads() -> Iterator[list[Thread]]:
    """Those of two clients, and one in which EPICS processes what has waited."""
    found = [ThreadPoolExecutor(1) for _ in range(3)]
    yield found
    for thread in found:
        thread.shutdown()


def begin(writers: Writers, who: str, client: Thread) -> None:
    client.submit(writers.put_begins, who).result()


def end(writers: Writers, client: Thread) -> None:
    client.submit(writers.put_ends).result()


def process(writers: Writers, thread: Thread) -> str:
    thread.submit(writers.processing).result()
    return writers.current


def test_a_put_to_an_idle_command_is_its_writers(threads: list[Thread]) -> None:
    client, other, _ = threads
    writers = Writers()
    begin(writers, "a", client)
    assert process(writers, client) == "a"
    end(writers, client)
    begin(writers, "b", other)
    assert process(writers, other) == "b"


def test_puts_with_callback_wait_in_their_order(threads: list[Thread]) -> None:
    client, other, epics = threads
    writers = Writers()
    begin(writers, "a", client)
    process(writers, client)
    begin(writers, "b", other)
    begin(writers, "c", client)
    assert process(writers, epics) == "b"
    end(writers, other)
    assert process(writers, epics) == "c"


def test_puts_without_callback_that_wait_are_one_of_the_last(
    threads: list[Thread],
) -> None:
    client, other, epics = threads
    writers = Writers()
    begin(writers, "a", client)
    process(writers, client)
    for who, thread in (("b", other), ("c", client), ("d", other)):
        begin(writers, who, thread)
        end(writers, thread)
    assert process(writers, epics) == "d"
    assert process(writers, epics) == ""


def test_a_put_that_is_undone_leaves_those_that_wait(threads: list[Thread]) -> None:
    client, other, epics = threads
    writers = Writers()
    begin(writers, "a", client)
    process(writers, client)
    begin(writers, "b", other)
    end(writers, other)
    begin(writers, "c", client)
    client.submit(writers.put_is_undone).result()
    assert process(writers, epics) == "b"
    assert process(writers, epics) == ""


def test_a_put_that_changes_nothing_is_forgotten(threads: list[Thread]) -> None:
    """Such as a 0, which push buttons write."""
    client, other, epics = threads
    writers = Writers()
    begin(writers, "a", client)
    end(writers, client)
    begin(writers, "b", other)
    process(writers, other)
    begin(writers, "c", client)
    assert process(writers, epics) == "c"
