"""The queues that messages come from, and who takes them from there."""

from typing import Annotated

from ._examples import ClosedBecause, Code, Node, Queue, TriggerQueue
from ._groups import NoResults, WrongConsumers

# -- no results ---------------------------------------------------------------


class QueueMissing(NoResults):
    """The queue does not exist."""

    text = "{address} has no queue {queue}"
    remedy = "Check {option} and the virtual host, or create the queue"
    address: Node
    queue: Queue
    option: Annotated[str, "--results-queue"]


class ExchangeMissing(NoResults):
    """The exchange does not exist."""

    text = "{address} has no exchange {exchange}"
    remedy = "Check {option} and the virtual host, or create the exchange"
    address: Node
    exchange: Annotated[str, "results"]
    option: Annotated[str, "--results-exchange"]


class ReadForbidden(NoResults):
    """The user has no read permission."""

    text = "{address} does not let this user read {queue}"
    remedy = "Check the user's permissions"
    address: Node
    queue: Queue


class OwnQueueForbidden(NoResults):
    """The user may not create the IOC's own queue."""

    text = (
        "{address} does not let this user create the queue {queue} and take results "
        "from {exchange}"
    )
    remedy = "Check the user's permissions"
    address: Node
    queue: Queue
    exchange: Annotated[str, "results"]


class OwnQueueDiffers(NoResults):
    """A queue of that name has other properties."""

    text = "{address} has a queue {queue} with other properties"
    remedy = "Delete the queue if nothing else uses it"
    address: Node
    queue: Queue


class ResultsStopped(NoResults):
    """The broker closed the channel."""

    text = "{address} stopped the results from {queue}: {code} {reason}"
    remedy = "See the broker's log"
    address: Node
    queue: Queue
    code: Code
    reason: ClosedBecause


class ResultsCancelled(NoResults):
    """The broker cancelled the subscription."""

    text = "{address} cancelled the results from {queue}. Was the queue deleted?"
    address: Node
    queue: Queue


class ConsumerLost(NoResults):
    """The node is cut off from its cluster, or the queue was replaced."""

    text = "{address} no longer counts this IOC as a consumer of {queue}"
    remedy = "See the broker's log"
    address: Node
    queue: Queue


class QueueUnresponsive(NoResults):
    """The broker neither accepts nor refuses the subscription."""

    text = "The queue {queue} at {address} does not respond"
    remedy = "Are enough nodes of the cluster running? See the broker's log"
    address: Node
    queue: Queue


# -- who takes messages from the queues ----------------------------------------


class ResultsShared(WrongConsumers):
    """Each result goes to only one consumer."""

    text = "{queue} has {consumers} consumers, which take results from each other"
    remedy = "Stop the others, or use --results-exchange"
    queue: Queue
    consumers: Annotated[int, 2]


class DispatcherMissing(WrongConsumers):
    """Messages wait in the queue until Zocalo's dispatcher takes them."""

    text = "Nothing takes messages from {queue}"
    remedy = "Start Zocalo's dispatcher"
    queue: TriggerQueue
