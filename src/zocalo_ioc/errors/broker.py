"""The connection to the broker."""

from typing import Annotated

from ._examples import ClosedBecause, Code, Node
from ._groups import NoConnection

# -- no connection ------------------------------------------------------------


class Connecting(NoConnection):
    text = "Connecting to the broker"
    cause = "The first attempt is in progress."


class FilesUnresponsive(NoConnection):
    text = "Can't read the broker's URL or the certificates: the disk does not answer"
    remedy = "Check the disk with --broker-file, --ca-file and --client-certificate"
    cause = "The IOC reads these files before each attempt to connect."


class _AtNode(NoConnection):
    address: Node


class NothingListens(_AtNode):
    text = "Nothing listens at {address}"
    remedy = "Is the broker running?"
    cause = "The connection was refused."


class Unreachable(_AtNode):
    text = "{address} can't be reached"
    remedy = "Check the network and the host"
    cause = "The network reports no route."


class HostUnknown(_AtNode):
    text = "Unknown host: {address}"
    remedy = "Check --broker"
    cause = "DNS does not have the name."


class HostNotLookedUp(_AtNode):
    text = "DNS does not answer for the host of {address}"
    remedy = "Check this machine's name servers, or give --broker an IP address"
    cause = "DNS does not answer, so the host may or may not exist."


class Unresponsive(_AtNode):
    text = "{address} accepts connections, but does not answer as RabbitMQ does"
    remedy = "Check the broker, and the host and port"
    cause = "The port is open, but the server sends no AMQP."


class NotRabbitMq(_AtNode):
    text = "The server at {address} does not answer as RabbitMQ does"
    remedy = "Check host and port, and whether it is amqp or amqps"
    cause = "Another server answers, or AMQP without TLS where TLS is needed."


class NoAnswer(_AtNode):
    text = "{address} does not answer"
    remedy = "Check the network and the broker"
    cause = "Connecting took too long."


class Unconfirmed(_AtNode):
    text = "{address} did not confirm a message in time"
    remedy = "See the broker's log"
    cause = "The node answers, but does not serve. The IOC tries another one."


class Rejecting(_AtNode):
    text = "{address} rejects all messages"
    remedy = "Check whether the queue is full and the cluster is whole"
    cause = (
        "It sends negative confirmations: the queue is full, or the node can't reach "
        "the queue's leader. The IOC tries another node."
    )


class NoHeartbeat(_AtNode):
    text = "No data from {address} for {seconds:g} s"
    remedy = "Check the network and the broker"
    cause = "The connection is open, but no data arrives."
    seconds: Annotated[float, 15]


class ConnectionLost(_AtNode):
    text = "Lost {address} ({reason})"
    remedy = "Check the network and the broker"
    cause = "Any other failure of the connection."
    reason: Annotated[str, "Stream connection lost: ConnectionResetError"]


class ConnectionClosed(_AtNode):
    text = "{address} closed the connection: {code} {reason}"
    remedy = "See the broker's log"
    cause = "The broker ended the connection."
    code: Code
    reason: ClosedBecause


class LoginRefused(_AtNode):
    text = "{address} refused the user name or password"
    remedy = "Check --broker"
    cause = "The broker does not accept the credentials."


class VirtualHostRefused(_AtNode):
    text = "{address} denies this user access to the virtual host"
    remedy = "Check the virtual host, at the end of --broker"
    cause = "The virtual host does not exist, or the user may not use it."


class Blocked(_AtNode):
    text = "{address} is short of memory or disk and accepts no messages"
    remedy = "Check the broker"
    cause = "RabbitMQ has raised an alarm about its resources."


# -- TLS ----------------------------------------------------------------------


class TlsFailed(_AtNode):
    text = "TLS with {address} failed: {reason}"
    remedy = "Check host and port, and whether it is amqp or amqps"
    cause = "The TLS handshake failed."
    reason: Annotated[str, "WRONG_VERSION_NUMBER"]


class ClientCertificateRefused(_AtNode):
    text = "{address} does not accept the client certificate ({alert})"
    remedy = "Check --client-certificate"
    cause = "The broker requires a client certificate, or a different one."
    alert: Annotated[str, "CERTIFICATE_REQUIRED"]


class CertificateUntrusted(_AtNode):
    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Set --ca-file to the site's certificate authority"
    cause = "The certificate authority is unknown."
    reason: Annotated[str, "unable to get local issuer certificate"]


class CertificateNotYetValid(_AtNode):
    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Check the clocks of both machines"
    cause = "One of the clocks is wrong."
    reason: Annotated[str, "certificate is not yet valid"]


class CertificateExpired(_AtNode):
    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Renew the broker's certificate"
    cause = "The broker's certificate has expired."
    reason: Annotated[str, "certificate has expired"]


class CertificateForOtherHost(_AtNode):
    text = "The certificate of {address} is not trusted: {reason}"
    remedy = "Use the host name of the certificate in --broker"
    cause = "The certificate names another host."
    reason: Annotated[str, "Hostname mismatch"]
