"""What pika reports, in words that an operator can act on."""

import errno
import re
import socket
import ssl
from collections.abc import Iterator

from pika.adapters.utils.connection_workflow import (
    AMQPConnectorException,
    AMQPConnectorStackTimeout,
)
from pika.exceptions import (
    AMQPError,
    AMQPHeartbeatTimeout,
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ConnectionClosedByBroker,
    ConnectionOpenAborted,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from ..errors import NoConnection, NoResults, NotConfirmed
from ._protocol import Consumer

CONNECTION_ERRORS = (AMQPError, AMQPConnectorException, OSError)
"""What pika raises when there is no connection, or no longer."""


def connection_trouble(address: str, error: BaseException) -> NoConnection:
    """Say why there is no connection to a node, and what to do about it."""
    for cause in _causes(error):
        match cause:
            case _ if alert := re.search(r"ALERT_(\w*CERTIFICATE\w*)", str(cause)):
                # pika has its text alone
                return NoConnection(
                    f"{address} does not accept who this is ({alert[1]})",
                    "Check --client-certificate",
                )
            case ConnectionRefusedError():
                return NoConnection(
                    f"Nothing listens at {address}", "Is the broker running?"
                )
            case TimeoutError() | OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH):
                return NoConnection(
                    f"{address} can't be reached", "Check the network and the host"
                )
            case ConnectionOpenAborted() if "Timeout" in str(cause):
                return NoConnection(
                    f"{address} takes connections, but does not answer as RabbitMQ "
                    "does",
                    "See to the broker, or check host and port",
                )
            case socket.gaierror() | UnicodeError():
                return NoConnection(
                    f"The host of {address} is not known", "Check --broker"
                )
            case ssl.SSLCertVerificationError():
                why = cause.verify_message.rstrip(".")
                return NoConnection(
                    f"{address} has a certificate that is not trusted: {why}",
                    _remedy(cause.verify_code),
                )
            case ssl.SSLError():
                return NoConnection(
                    f"TLS with {address} failed: {cause.reason or cause}",
                    "Check host and port, and whether it is amqp or amqps",
                )
            case (
                ProbableAuthenticationError() | ConnectionClosedByBroker(reply_code=403)
            ):
                return NoConnection(
                    f"{address} refused the user name or password",
                    "Check those in --broker",
                )
            case ProbableAccessDeniedError() | ConnectionClosedByBroker(reply_code=530):
                return NoConnection(
                    f"{address} gives this user no access to the virtual host",
                    "Check the end of --broker",
                )
            case ConnectionClosedByBroker(reply_code=code, reply_text=text):
                return NoConnection(
                    f"{address} closed the connection: {code} {text}",
                    "See its log",
                )
            case IncompatibleProtocolError() | ConnectionOpenAborted():
                return NoConnection(
                    f"What listens at {address} does not answer as RabbitMQ does",
                    "Check host and port, and whether it is amqp or amqps",
                )
            case ConnectionBlockedTimeout():
                return blocked_trouble(address)
            case TimeoutError() | AMQPConnectorStackTimeout():
                return NoConnection(
                    f"{address} does not answer", "Check the network and the broker"
                )
            case AMQPHeartbeatTimeout():
                return NoConnection(
                    f"{address} fell silent", "Check the network and the broker"
                )
            case _:
                pass
    lost = f"{error}"[:200] or type(error).__name__
    return NoConnection(f"Lost {address} ({lost})", "Check the network and the broker")


def blocked_trouble(address: str) -> NoConnection:
    """Say that a node takes no messages for now."""
    return NoConnection(
        f"{address} is short of memory or disk and takes no messages",
        "See to the broker",
    )


def publisher_problem(address: str, why: object) -> NotConfirmed:
    """Say why a node has closed the channel that messages go out on."""
    match why:
        case ChannelClosedByBroker(reply_code=403):
            return NotConfirmed(
                f"{address} does not let this user write messages", "Check its rights"
            )
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return NotConfirmed(
                f"{address} refused the message: {code} {text}", "See its log"
            )
        case _:
            return NotConfirmed(f"{address} refused the message", "See its log")


def consumer_trouble(consumer: Consumer, address: str, why: object) -> NoResults:
    """Say why a queue can't be consumed, and what to do about it."""
    queue, exchange = consumer.queue, consumer.exchange
    match why:
        case ChannelClosedByBroker(reply_code=404) if exchange:
            return NoResults(
                f"{address} has no exchange {exchange}",
                "Check --results-exchange and the virtual host, or have it made",
            )
        case ChannelClosedByBroker(reply_code=404):
            return NoResults(
                f"{address} has no queue {queue}",
                "Check --results-queue and the virtual host, or have it made",
            )
        case ChannelClosedByBroker(reply_code=403) if exchange:
            return NoResults(
                f"{address} does not let this user make the queue {queue} and take "
                f"results from {exchange}",
                "Check its rights",
            )
        case ChannelClosedByBroker(reply_code=403):
            return NoResults(
                f"{address} does not let this user read {queue}", "Check the rights"
            )
        case ChannelClosedByBroker(reply_code=406) if exchange:
            return NoResults(
                f"{address} has a queue {queue} that was made in another way",
                "Delete it, if nobody else needs it",
            )
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return NoResults(
                f"{address} stopped the results from {queue}: {code} {text}",
                "See its log",
            )
        case _:
            return NoResults(f"{address} cancelled the results: was {queue} deleted?")


def _remedy(verify_code: int) -> str:
    """Say what to do about a certificate, by the codes of OpenSSL."""
    match verify_code:
        case 9:  # X509_V_ERR_CERT_NOT_YET_VALID
            return "Check the clocks of both machines"
        case 10:  # X509_V_ERR_CERT_HAS_EXPIRED
            return "Have the broker's certificate renewed"
        case 62 | 64:  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            return "Write in --broker the host that the certificate is for"
        case _:
            return "Give with --ca-file the authority that the site trusts"


def no_answer(queue: str, address: str) -> NoResults:
    """Say that a node does not let a queue be consumed, nor says why."""
    return NoResults(
        f"{address} does not answer for the queue {queue}",
        "Do enough nodes of the cluster run? See the broker's log",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that pika has wrapped, the innermost ones first."""
    wrapped = [*error.args, *getattr(error, "exceptions", ())]
    wrapped.append(getattr(error, "exception", None))
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _causes(inner)
    yield error
