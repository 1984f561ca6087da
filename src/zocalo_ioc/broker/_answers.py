"""Acknowledges and rejects messages, many acknowledgements at once if told to."""

import asyncio
from contextlib import suppress

from pika.channel import Channel
from pika.exceptions import AMQPError

LATEST = 0.02
"""Seconds after which messages are acknowledged, however few they are."""


class Answers:
    """Answers the messages of one channel.

    An acknowledgement costs the broker and this process as much as reading a frame, and
    one can stand for all before it.

    Args:
        channel: that they came from.
        at_once: how many messages are acknowledged together.
    """

    def __init__(self, channel: Channel, at_once: int) -> None:
        self._channel = channel
        self._at_once = at_once
        self._accepted = 0
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None

    def give(self, tag: int, accepted: bool) -> None:
        """Acknowledge a message, now or soon, or reject it.

        Args:
            tag: of its delivery; if several are acknowledged at once, in that order.
            accepted: whether it is acknowledged.
        """
        if accepted and self._at_once > 1:
            self._accepted, self._last = self._accepted + 1, tag
            if self._accepted >= self._at_once:
                self._acknowledge()
            elif self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(LATEST, self._acknowledge)
            return
        self._acknowledge()
        with suppress(AMQPError):  # a channel just lost delivers the message again
            if accepted:
                self._channel.basic_ack(tag)
            else:
                self._channel.basic_reject(tag, requeue=False)

    def _acknowledge(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._accepted:
            self._accepted = 0
            with suppress(AMQPError):
                self._channel.basic_ack(self._last, multiple=True)
