"""What pika reports, in words that an operator can act on."""

import socket
import ssl
from collections.abc import Iterator

from pika.exceptions import (
    AMQPHeartbeatTimeout,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)


def connection_trouble(address: str, error: BaseException) -> str:
    """Say why there is no connection to a node, and what to do about it."""
    for cause in _causes(error):
        match cause:
            case ConnectionRefusedError():
                return f"Nothing listens at {address}. Is the broker running?"
            case socket.gaierror():
                return f"The host of {address} is not known. Check --broker."
            case ssl.SSLError():
                return f"TLS with {address} failed: {cause.reason or cause}."
            case (
                ProbableAuthenticationError() | ConnectionClosedByBroker(reply_code=403)
            ):
                return (
                    f"{address} refused the user name or password. "
                    "Check those in --broker."
                )
            case ProbableAccessDeniedError() | ConnectionClosedByBroker(reply_code=530):
                return (
                    f"{address} gives this user no access to the virtual host. "
                    "Check the end of --broker."
                )
            case ConnectionClosedByBroker(reply_code=code, reply_text=text):
                return f"{address} closed the connection: {code} {text}."
            case AMQPHeartbeatTimeout():
                return f"{address} fell silent. Check the network and the broker."
            case _:
                pass
    kind = type(error).__name__
    return f"Lost {address} ({kind}). Check the network and the broker."


def consumer_trouble(queue: str, address: str, why: object) -> str:
    """Say why a queue can't be consumed, and what to do about it."""
    match why:
        case ChannelClosedByBroker(reply_code=404):
            return (
                f"{address} has no queue {queue}. "
                "Check --results-queue and the virtual host, or have it made."
            )
        case ChannelClosedByBroker(reply_code=403):
            return f"{address} does not let this user read {queue}. Check the rights."
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return f"{address} stopped the results from {queue}: {code} {text}."
        case _:
            return f"{address} cancelled the results: was {queue} deleted?"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that pika has wrapped, the innermost ones first."""
    wrapped = [*error.args, *getattr(error, "exceptions", ())]
    wrapped.append(getattr(error, "exception", None))
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _causes(inner)
    yield error
