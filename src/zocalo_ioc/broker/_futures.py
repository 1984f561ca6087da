"""Futures for what pika tells through callbacks."""

import asyncio
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel


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
            on_open_callback=lambda _: resolve(self.opened, None),
            on_open_error_callback=lambda _, error: fail(self.opened, error),
            on_close_callback=lambda _, error: fail(self.closed, error),
            custom_ioloop=loop,
        )

    def close(self) -> None:
        """Close the connection, if it is open.

        One that is being opened is left to end with the process, which is the only
        reason to close it: pika breaks an assertion of its own otherwise.
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


async def open_channel(connection: AsyncioConnection) -> Channel:
    opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
    connection.channel(on_open_callback=lambda channel: resolve(opened, channel))
    return await opened
