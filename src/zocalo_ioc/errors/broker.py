"""The connection to the broker."""

from typing import Annotated

from ._examples import ClosedBecause, Code, Node
from ._groups import NoConnection

# -- no connection ------------------------------------------------------------


class Connecting(NoConnection):
    """The first attempt is in progress."""

    text = "Connecting to the broker"


class NothingListens(NoConnection):
    """The connection was refused."""

    text = "Nothing listens at {address}"
    remedy = "Is the broker running?"
    address: Node


class Unreachable(NoConnection):
    """The network reports no route."""

    text = "{address} can't be reached"
    remedy = "Check the network and the host"
    address: Node


class HostUnknown(NoConnection):
    """DNS does not have the name."""

    text = "Unknown host: {address}"
    remedy = "Check --broker"
    address: Node


class HostNotLookedUp(NoConnection):
    """DNS does not answer, so the host may or may not exist."""

    text = "DNS does not answer for the host of {address}"
    remedy = "Check this machine's name servers, or give --broker an IP address"
    address: Node


class Unresponsive(NoConnection):
    """The port is open, but the server sends no AMQP."""

    text = "{address} accepts connections, but does not answer as RabbitMQ does"
    remedy = "Check the broker, and the host and port"
    address: Node


class NotRabbitMq(NoConnection):
    """Another server answers, or AMQP without TLS where TLS is needed."""

    text = "The server at {address} does not answer as RabbitMQ does"
    remedy = "Check host and port, and whether it is amqp or amqps"
    address: Node


class NoAnswer(NoConnection):
    """Connecting took too long."""

    text = "{address} does not answer"
    remedy = "Check the network and the broker"
    address: Node


class Unconfirmed(NoConnection):
    """The node answers, but does not serve. The IOC tries another one."""

    text = "{address} did not confirm a message in time"
    remedy = "See the broker's log"
    address: Node


class NoHeartbeat(NoConnection):
    """The connection is open, but no data arrives."""

    text = "No data from {address} for {seconds:g} s"
    remedy = "Check the network and the broker"
    address: Node
    seconds: Annotated[float, 15]


class ConnectionLost(NoConnection):
    """Any other failure of the connection."""

    text = "Lost {address} ({reason})"
    remedy = "Check the network and the broker"
    address: Node
    reason: Annotated[str, "Stream connection lost: ConnectionResetError"]


class ConnectionClosed(NoConnection):
    """The broker ended the connection."""

    text = "{address} closed the connection: {code} {reason}"
    remedy = "See the broker's log"
    address: Node
    code: Code
    reason: ClosedBecause


class LoginRefused(NoConnection):
    """The broker does not accept the credentials."""

    text = "{address} refused the user name or password"
    remedy = "Check --broker"
    address: Node


class VirtualHostRefused(NoConnection):
    """The virtual host does not exist, or the user may not use it."""

    text = "{address} denies this user access to the virtual host"
    remedy = "Check the virtual host, at the end of --broker"
    address: Node


class Blocked(NoConnection):
    """RabbitMQ has raised an alarm about its resources."""

    text = "{address} is short of memory or disk and accepts no messages"
    remedy = "Check the broker"
    address: Node


# -- TLS ----------------------------------------------------------------------


class TlsFailed(NoConnection):
    """The TLS handshake failed."""

    text = "TLS with {address} failed: {reason}"
    remedy = "Check host and port, and whether it is amqp or amqps"
    address: Node
    reason: Annotated[str, "WRONG_VERSION_NUMBER"]


class ClientCertificateRefused(NoConnection):
    """The broker requires a client certificate, or a different one."""

    text = "{address} does not accept the client certificate ({alert})"
    remedy = "Check --client-certificate"
    address: Node
    alert: Annotated[str, "CERTIFICATE_REQUIRED"]


class CertificateUntrusted(NoConnection):
    """The certificate authority is unknown."""

    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Set --ca-file to the site's certificate authority"
    address: Node
    reason: Annotated[str, "unable to get local issuer certificate"]


class CertificateNotYetValid(NoConnection):
    """One of the clocks is wrong."""

    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Check the clocks of both machines"
    address: Node
    reason: Annotated[str, "certificate is not yet valid"]


class CertificateExpired(NoConnection):
    """The broker's certificate has expired."""

    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Renew the broker's certificate"
    address: Node
    reason: Annotated[str, "certificate has expired"]


class CertificateForOtherHost(NoConnection):
    """The certificate names another host."""

    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Use the host name of the certificate in --broker"
    address: Node
    reason: Annotated[str, "Hostname mismatch"]
