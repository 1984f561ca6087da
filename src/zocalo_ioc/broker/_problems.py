"""What pika reports, as problems that an operator can act on."""

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
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ConnectionClosedByBroker,
    ConnectionOpenAborted,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from ..errors import (
    NoConnection,
    NoResults,
    NotConfirmed,
    SettingsInvalid,
    broker,
    outgoing,
    queues,
)
from ._protocol import Queue

CONNECTION_ERRORS = (
    AMQPError,
    AMQPConnectorException,
    OSError,
    NoConnection,
    NoResults,
    SettingsInvalid,
)
"""Exceptions that pika and sockets raise without a connection, or when it is lost."""


def connection_problem(
    address: str, error: BaseException
) -> NoConnection | NoResults | SettingsInvalid:
    """Return why the IOC is not connected to a node."""
    for cause in _causes(error):
        match cause:
            case NoConnection() | NoResults() | SettingsInvalid():
                return cause
            case _ if alert := re.search(r"ALERT_(\w*CERTIFICATE\w*)", str(cause)):
                # pika has its text alone
                return broker.ClientCertificateRefused(address, alert[1])
            case ConnectionRefusedError():
                return broker.NothingListens(address)
            case TimeoutError() | OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH):
                return broker.Unreachable(address)
            case ConnectionOpenAborted() if "Timeout" in str(cause):
                return broker.Unresponsive(address)
            case socket.gaierror() | UnicodeError():
                return broker.HostUnknown(address)
            case ssl.SSLCertVerificationError():
                return _certificate_problem(address, cause)
            case ssl.SSLError():
                return broker.TlsFailed(address, f"{cause.reason or cause}")
            case (
                ProbableAuthenticationError() | ConnectionClosedByBroker(reply_code=403)
            ):
                return broker.LoginRefused(address)
            case ProbableAccessDeniedError() | ConnectionClosedByBroker(reply_code=530):
                return broker.VirtualHostRefused(address)
            case ConnectionClosedByBroker(reply_code=code, reply_text=text):
                return broker.ConnectionClosed(address, code, text)
            case IncompatibleProtocolError() | ConnectionOpenAborted():
                return broker.NotRabbitMq(address)
            case ConnectionBlockedTimeout():
                return broker.Blocked(address)
            case TimeoutError() | AMQPConnectorStackTimeout():
                return broker.NoAnswer(address)
            case _:
                pass
    return broker.ConnectionLost(address, f"{error}"[:200] or type(error).__name__)


def _certificate_problem(
    address: str, error: ssl.SSLCertVerificationError
) -> NoConnection:
    reason = error.verify_message.rstrip(".")
    match error.verify_code:
        case 9:  # X509_V_ERR_CERT_NOT_YET_VALID
            return broker.CertificateNotYetValid(address, reason)
        case 10:  # X509_V_ERR_CERT_HAS_EXPIRED
            return broker.CertificateExpired(address, reason)
        case 62 | 64:  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            return broker.CertificateForOtherHost(address, reason)
        case _:
            return broker.CertificateUntrusted(address, reason)


def publisher_problem(address: str, closed: object) -> NotConfirmed:
    """Return why a node has closed the channel that messages go out on."""
    match closed:
        case ChannelClosedByBroker(reply_code=403):
            return outgoing.WriteForbidden(address)
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return outgoing.MessageRefused(address, f"{code} {text}")
        case _:
            return outgoing.MessageRefused(address, "it closed the channel")


def subscription_problem(queue: Queue, address: str, closed: object) -> NoResults:
    """Return why a queue can't be consumed."""
    name, exchange = queue.name, queue.exchange
    match closed:
        case ChannelClosedByBroker(reply_code=404) if exchange:
            return queues.ExchangeMissing(address, exchange, queue.option)
        case ChannelClosedByBroker(reply_code=404):
            return queues.QueueMissing(address, name, queue.option)
        case ChannelClosedByBroker(reply_code=403) if exchange:
            return queues.OwnQueueForbidden(address, name, exchange)
        case ChannelClosedByBroker(reply_code=403):
            return queues.ReadForbidden(address, name)
        case ChannelClosedByBroker(reply_code=406) if exchange:
            return queues.OwnQueueDiffers(address, name)
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return queues.ResultsStopped(address, name, code, text)
        case _:
            return queues.ResultsCancelled(address, name)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that pika has wrapped, the innermost ones first."""
    wrapped = [*error.args, *getattr(error, "exceptions", ())]
    wrapped.append(getattr(error, "exception", None))
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _causes(inner)
    yield error
