"""Lets pika read headers that it breaks over."""

from collections.abc import Mapping
from typing import Any

import pika.data

_decode_value = pika.data.decode_value


def read_any_headers() -> None:
    """Have a value that pika can't represent read as None.

    Some clients send milliseconds where AMQP has seconds; and lists can be nested more
    deeply than pika reads them. It closes the connection over one, gets the same
    message again from the broker, and so on without end.
    """
    pika.data.decode_value = _decode_leniently


def with_text_names(headers: Mapping[str | bytes, object]) -> dict[str, object]:
    """Return headers; pika leaves a name that is not UTF-8 as bytes."""
    return {
        name if isinstance(name, str) else name.decode(errors="backslashreplace"): value
        for name, value in headers.items()
    }


def _decode_leniently(encoded: bytes, offset: int) -> tuple[Any, int]:
    try:
        return _decode_value(encoded, offset)
    except (OverflowError, ValueError, OSError, RecursionError):
        start = offset + 1
        match encoded[offset:start]:
            case b"T":
                return None, start + 8  # its 64 bits
            case b"A" | b"F":
                length = int.from_bytes(encoded[start : start + 4], "big")
                return None, start + 4 + length
            case _:
                raise
