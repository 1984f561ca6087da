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

from ..errors import NoConnection, NoResults, NotConfirmed, SettingsInvalid
from ..errors import broker as errors
from ._protocol import Queue

CONNECTION_ERRORS = (
    AMQPError,
    AMQPConnectorException,
    OSError,
    NoConnection,
    NoResults,
    SettingsInvalid,
)
"""What is raised when there is no connection, or no longer."""


def connection_problem(
    address: str, error: BaseException
) -> NoConnection | NoResults | SettingsInvalid:
    """Return why there is no connection to a node."""
    for cause in _causes(error):
        match cause:
            case NoConnection() | NoResults() | SettingsInvalid():
                return cause
            case _ if alert := re.search(r"ALERT_(\w*CERTIFICATE\w*)", str(cause)):
                # pika has its text alone
                return errors.ClientCertificateRefused(address, alert[1])
            case ConnectionRefusedError():
                return errors.NothingListens(address)
            case TimeoutError() | OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH):
                return errors.Unreachable(address)
            case ConnectionOpenAborted() if "Timeout" in str(cause):
                return errors.Unresponsive(address)
            case socket.gaierror() | UnicodeError():
                return errors.HostUnknown(address)
            case ssl.SSLCertVerificationError():
                return _certificate_problem(address, cause)
            case ssl.SSLError():
                return errors.TlsFailed(address, f"{cause.reason or cause}")
            case (
                ProbableAuthenticationError() | ConnectionClosedByBroker(reply_code=403)
            ):
                return errors.LoginRefused(address)
            case ProbableAccessDeniedError() | ConnectionClosedByBroker(reply_code=530):
                return errors.VirtualHostRefused(address)
            case ConnectionClosedByBroker(reply_code=code, reply_text=text):
                return errors.ConnectionClosed(address, code, text)
            case IncompatibleProtocolError() | ConnectionOpenAborted():
                return errors.NotRabbitMq(address)
            case ConnectionBlockedTimeout():
                return errors.Blocked(address)
            case TimeoutError() | AMQPConnectorStackTimeout():
                return errors.NoAnswer(address)
            case _:
                pass
    return errors.ConnectionLost(address, f"{error}"[:200] or type(error).__name__)


def _certificate_problem(
    address: str, error: ssl.SSLCertVerificationError
) -> NoConnection:
    reason = error.verify_message.rstrip(".")
    match error.verify_code:
        case 9:  # X509_V_ERR_CERT_NOT_YET_VALID
            return errors.CertificateNotYetValid(address, reason)
        case 10:  # X509_V_ERR_CERT_HAS_EXPIRED
            return errors.CertificateExpired(address, reason)
        case 62 | 64:  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            return errors.CertificateForOtherHost(address, reason)
        case _:
            return errors.CertificateUntrusted(address, reason)


def publisher_problem(address: str, closed: object) -> NotConfirmed:
    """Return why a node has closed the channel that messages go out on."""
    match closed:
        case ChannelClosedByBroker(reply_code=403):
            return errors.WriteForbidden(address)
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return errors.MessageRefused(address, f"{code} {text}")
        case _:
            return errors.MessageRefused(address, "it closed the channel")


def subscription_problem(queue: Queue, address: str, closed: object) -> NoResults:
    """Return why a queue can't be consumed."""
    name, exchange = queue.name, queue.exchange
    match closed:
        case ChannelClosedByBroker(reply_code=404) if exchange:
            return errors.ExchangeMissing(address, exchange, queue.option)
        case ChannelClosedByBroker(reply_code=404):
            return errors.QueueMissing(address, name, queue.option)
        case ChannelClosedByBroker(reply_code=403) if exchange:
            return errors.OwnQueueForbidden(address, name, exchange)
        case ChannelClosedByBroker(reply_code=403):
            return errors.ReadForbidden(address, name)
        case ChannelClosedByBroker(reply_code=406) if exchange:
            return errors.OwnQueueDiffers(address, name)
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return errors.ResultsStopped(address, name, code, text)
        case _:
            return errors.ResultsCancelled(address, name)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that pika has wrapped, the innermost ones first."""
    wrapped = [*error.args, *getattr(error, "exceptions", ())]
    wrapped.append(getattr(error, "exception", None))
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _causes(inner)
    yield error
