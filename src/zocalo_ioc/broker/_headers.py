"""Lets pika read headers that it breaks over."""

from typing import Any

import pika.data

_decode_value = pika.data.decode_value


def read_any_timestamp() -> None:
    """Have a time stamp that pika can't represent read as None.

    Some clients send milliseconds where AMQP has seconds. pika closes the connection
    over one, gets the same message again from the broker, and so on without end.
    """
    pika.data.decode_value = _decode_leniently


def _decode_leniently(encoded: bytes, offset: int) -> tuple[Any, int]:
    try:
        return _decode_value(encoded, offset)
    except (OverflowError, ValueError, OSError):
        if encoded[offset : offset + 1] != b"T":
            raise
        return None, offset + 1 + 8  # its type and its 64 bits
