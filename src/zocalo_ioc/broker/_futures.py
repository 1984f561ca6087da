"""Futures for what pika tells through callbacks."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorStackTimeout
from pika.channel import Channel

ANSWER_TIME = 15.0
"""How long a node may take for an answer, seconds. pika gives up sooner by itself, but
an error inside one of its callbacks, such as no file descriptor left, is lost there."""

T = TypeVar("T")


class PikaConnection:
    """A connection of pika's, with futures for what pika tells through callbacks."""

    def __init__(self, node: pika.URLParameters) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        for future in (self.opened, self.closed):  # nobody need be waiting for it
            future.add_done_callback(lambda f: f.cancelled() or f.exception())
        self.pika = AsyncioConnection(
            node,
            on_open_callback=lambda _: self._on_open(),
            on_open_error_callback=lambda _, error: fail(self.opened, error),
            on_close_callback=lambda _, error: fail(self.closed, error),
            custom_ioloop=loop,
        )

    def _on_open(self) -> None:
        if self.opened.done():  # too late
            self.close()
        resolve(self.opened, None)

    def close(self) -> None:
        """Close the connection, if it is open.

        One that is being opened is closed once it is open: pika breaks an assertion of
        its own otherwise.
        """
        if self.pika.is_open:
            self.pika.close()


def resolve(future: asyncio.Future[Any], value: object) -> None:
    if not future.done():
        future.set_result(value)


def resolve_with_last(future: asyncio.Future[Any], *arguments: object) -> None:
    resolve(future, arguments[-1])


def fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


async def answer(
    future: asyncio.Future[T], held: Callable[[], bool] = lambda: False
) -> T:
    """Wait for an answer of the broker.

    Args:
        future: the answer.
        held: whether the broker reads nothing at present. The time is then not up.

    Raises:
        AMQPConnectorStackTimeout: there was none in time.
    """
    while True:
        done, _ = await asyncio.wait([future], timeout=ANSWER_TIME)
        if done:
            return future.result()
        if not held():
            future.cancel()
            raise no_answer()


def no_answer() -> Exception:
    """Return the error that ends a connection whose node does not answer."""
    return AMQPConnectorStackTimeout(f"No answer within {ANSWER_TIME:g} s")


async def open_channel(
    connection: AsyncioConnection, held: Callable[[], bool]
) -> Channel:
    opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
    connection.channel(on_open_callback=lambda channel: resolve(opened, channel))
    return await answer(opened, held)
