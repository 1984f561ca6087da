"""The connection to the broker, and the messages that go out on it."""

from typing import Annotated

from ._groups import NoConnection, NoResults, NotConfirmed, Unroutable, WrongConsumers
from ._problem import Problem

_Node = Annotated[str, "node1:5672"]
_Queue = Annotated[str, "xrc.i03"]
_Code = Annotated[int, 320]
_Reason = Annotated[str, "CONNECTION_FORCED - operator shut it down"]

# -- no connection ------------------------------------------------------------


class Connecting(NoConnection):
    """The first attempt is under way."""

    text = "Connecting to the broker"


class NothingListens(NoConnection):
    """The connection was refused."""

    text = "Nothing listens at {address}"
    remedy = "Is the broker running?"
    address: _Node


class Unreachable(NoConnection):
    """No packet comes back."""

    text = "{address} can't be reached"
    remedy = "Check the network and the host"
    address: _Node


class HostUnknown(NoConnection):
    """The name is not in the DNS."""

    text = "The host of {address} is not known"
    remedy = "Check --broker"
    address: _Node


class HostNotLookedUp(NoConnection):
    """The DNS does not answer, so that nobody knows whether the host is there."""

    text = "The DNS does not answer: the address of {address} is not known"
    remedy = "Check the name servers of this machine, or give IP addresses to --broker"
    address: _Node


class Unresponsive(NoConnection):
    """The port is open, but AMQP never answers."""

    text = "{address} accepts connections, but does not answer as RabbitMQ does"
    remedy = "Check the broker, and the host and port"
    address: _Node


class NotRabbitMq(NoConnection):
    """Another server answers, or AMQP without TLS where TLS is needed."""

    text = "The server at {address} does not answer as RabbitMQ does"
    remedy = "Check host and port, and whether it is amqp or amqps"
    address: _Node


class NoAnswer(NoConnection):
    """It took too long to connect."""

    text = "{address} does not answer"
    remedy = "Check the network and the broker"
    address: _Node


class Unconfirmed(NoConnection):
    """The node answers, but does not do what it is asked to. Another one is tried."""

    text = "{address} did not confirm a message in time"
    remedy = "See the broker's log"
    address: _Node


class NoHeartbeat(NoConnection):
    """The connection is up, but nothing has come over it."""

    text = "No data from {address} for {seconds:g} s"
    remedy = "Check the network and the broker"
    address: _Node
    seconds: Annotated[float, 15]


class ConnectionLost(NoConnection):
    """Anything else."""

    text = "Lost {address} ({reason})"
    remedy = "Check the network and the broker"
    address: _Node
    reason: Annotated[str, "Stream connection lost: ConnectionResetError"]


class ConnectionClosed(NoConnection):
    """The broker ended the connection."""

    text = "{address} closed the connection: {code} {reason}"
    remedy = "See the broker's log"
    address: _Node
    code: _Code
    reason: _Reason


class LoginRefused(NoConnection):
    """The broker does not accept the credentials."""

    text = "{address} refused the user name or password"
    remedy = "Check those in --broker"
    address: _Node


class VirtualHostRefused(NoConnection):
    """The virtual host does not exist, or the user may not use it."""

    text = "{address} gives this user no access to the virtual host"
    remedy = "Check the end of --broker"
    address: _Node


class Blocked(NoConnection):
    """RabbitMQ has raised an alarm about its resources."""

    text = "{address} is short of memory or disk and accepts no messages"
    remedy = "Check the broker"
    address: _Node


# -- TLS ----------------------------------------------------------------------


class TlsFailed(NoConnection):
    """The two sides can't agree."""

    text = "TLS with {address} failed: {reason}"
    remedy = "Check host and port, and whether it is amqp or amqps"
    address: _Node
    reason: Annotated[str, "WRONG_VERSION_NUMBER"]


class ClientCertificateRefused(NoConnection):
    """The broker wants another certificate from the IOC, or one at all."""

    text = "{address} does not accept the client certificate ({alert})"
    remedy = "Check --client-certificate"
    address: _Node
    alert: Annotated[str, "CERTIFICATE_REQUIRED"]


class CertificateUntrusted(NoConnection):
    """The authority of the broker's certificate is not known."""

    text = "{address} has a certificate that is not trusted: {reason}"
    remedy = "Give --ca-file with the authority that the site trusts"
    address: _Node
    reason: Annotated[str, "unable to get local issuer certificate"]


class CertificateNotYetValid(NoConnection):
    """One of the clocks is wrong."""

    text = "{address} has a certificate that is not trusted: {reason}"
    remedy = "Check the clocks of both machines"
    address: _Node
    reason: Annotated[str, "certificate is not yet valid"]


class CertificateExpired(NoConnection):
    """The broker's certificate is too old."""

    text = "{address} has a certificate that is not trusted: {reason}"
    remedy = "Renew the broker's certificate"
    address: _Node
    reason: Annotated[str, "certificate has expired"]


class CertificateForOtherHost(NoConnection):
    """The certificate names another host."""

    text = "{address} has a certificate that is not trusted: {reason}"
    remedy = "Give --broker the host that the certificate is for"
    address: _Node
    reason: Annotated[str, "Hostname mismatch"]


# -- no results ---------------------------------------------------------------


class QueueMissing(NoResults):
    """The queue does not exist."""

    text = "{address} has no queue {queue}"
    remedy = "Check {option} and the virtual host, or create the queue"
    address: _Node
    queue: _Queue
    option: Annotated[str, "--results-queue"]


class ExchangeMissing(NoResults):
    """The exchange does not exist."""

    text = "{address} has no exchange {exchange}"
    remedy = "Check {option} and the virtual host, or create the exchange"
    address: _Node
    exchange: Annotated[str, "results"]
    option: Annotated[str, "--results-exchange"]


class ReadForbidden(NoResults):
    """The user has no read permission."""

    text = "{address} does not let this user read {queue}"
    remedy = "Check the user's permissions"
    address: _Node
    queue: _Queue


class OwnQueueForbidden(NoResults):
    """The user may not create the IOC's own queue."""

    text = (
        "{address} does not let this user create the queue {queue} and take results "
        "from {exchange}"
    )
    remedy = "Check the user's permissions"
    address: _Node
    queue: _Queue
    exchange: Annotated[str, "results"]


class OwnQueueDiffers(NoResults):
    """A queue of that name has other properties."""

    text = "{address} has a queue {queue} with other properties"
    remedy = "Delete it, if nobody else needs it"
    address: _Node
    queue: _Queue


class ResultsStopped(NoResults):
    """The broker closed the channel."""

    text = "{address} stopped the results from {queue}: {code} {reason}"
    remedy = "See the broker's log"
    address: _Node
    queue: _Queue
    code: _Code
    reason: _Reason


class ResultsCancelled(NoResults):
    """The broker cancelled the subscription."""

    text = "{address} cancelled the results: was {queue} deleted?"
    address: _Node
    queue: _Queue


class ConsumerLost(NoResults):
    """The node is cut off from its cluster, or the queue was deleted and made anew."""

    text = "{address} no longer counts this IOC as a consumer of {queue}"
    remedy = "See the broker's log"
    address: _Node
    queue: _Queue


class QueueUnresponsive(NoResults):
    """The broker neither accepts nor refuses the subscription."""

    text = "{address} does not answer for the queue {queue}"
    remedy = "Are enough nodes of the cluster running? See the broker's log"
    address: _Node
    queue: _Queue


# -- who takes messages from the queues ----------------------------------------


class ResultsShared(WrongConsumers):
    """Each result goes to one consumer, and the others do not get it."""

    text = "{queue} has {consumers} consumers, which take results from each other"
    remedy = "Stop the others, or use --results-exchange"
    queue: _Queue
    consumers: Annotated[int, 2]


class DispatcherMissing(WrongConsumers):
    """Messages wait in the queue until Zocalo's dispatcher takes them."""

    text = "Nobody takes messages from {queue}"
    remedy = "Start Zocalo's dispatcher"
    queue: Annotated[str, "processing_recipe"]


# -- messages that go out -----------------------------------------------------


class NoQueue(Unroutable):
    """The exchange has nowhere to put it."""

    text = "No queue {queue} on {exchange}"
    remedy = "Check the virtual host in --broker, or create the queue"
    queue: Annotated[str, "processing_recipe"]
    exchange: Annotated[str, "the default exchange"]


class NoQueueInProcess(Unroutable):
    """The demo has no such service."""

    text = "No queue {queue} in this process"
    queue: Annotated[str, "processing_recipe"]


class NotSentInTime(NotConfirmed):
    """The connection was away for the whole time-out."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "{problem}"
    seconds: Annotated[float, 10]
    problem: Annotated[Problem, LoginRefused("node1:5672")]


class NotConfirmedInTime(NotConfirmed):
    """It was sent, but the confirmation never came."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "It may have received the message all the same; check the broker"
    seconds: Annotated[float, 10]


class NoChannelInTime(NotConfirmed):
    """The connection was up, but the broker did not accept messages on it."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "See the broker's log"
    seconds: Annotated[float, 10]


class RejectedRepeatedly(NotConfirmed):
    """The broker answered with a negative confirmation each time."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "It rejected the message repeatedly; is the queue full? See its log"
    seconds: Annotated[float, 10]


class WriteForbidden(NotConfirmed):
    """The user has no write permission."""

    text = "{address} does not let this user write messages"
    remedy = "Check the user's permissions"
    address: _Node


class MessageRefused(NotConfirmed):
    """The broker closed the channel because of the message."""

    text = "{address} refused the message: {reason}"
    remedy = "See the broker's log"
    address: _Node
    reason: Annotated[str, "311 CONTENT_TOO_LARGE"]


class Withdrawn(NotConfirmed):
    """The job ended before the message could be sent."""

    text = "The message was withdrawn before it was sent"


class NotEncodable(NotConfirmed):
    """AMQP can't hold the message."""

    text = "The message can't be sent ({error})"
    error: Annotated[str, "ValueError"]


class StoppedUnconfirmed(NotConfirmed):
    """The IOC was stopped; the put of the command never ends well."""

    text = "The IOC was stopped before the broker confirmed it"
    remedy = "Send it again if the broker does not have it"


class SendingBroke(NotConfirmed):
    """An error in this program."""

    text = "The message was not sent because of an unexpected error"
    remedy = "See the IOC's log"
