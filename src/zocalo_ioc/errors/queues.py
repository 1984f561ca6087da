"""The queues that messages come from, and who takes them from there."""

from typing import Annotated

from ._examples import ClosedBecause, Code, Node, Queue, TriggerQueue
from ._groups import NoResults, WrongConsumers

# -- no results ---------------------------------------------------------------


class _AtQueue(NoResults):
    address: Node
    queue: Queue


class QueueMissing(_AtQueue):
    text = "{address} has no queue {queue}"
    remedy = "Check {option} and the virtual host, or create the queue"
    cause = "The queue does not exist."
    option: Annotated[str, "--results-queue"]


class ExchangeMissing(NoResults):
    text = "{address} has no exchange {exchange}"
    remedy = "Check {option} and the virtual host, or create the exchange"
    cause = "The exchange does not exist."
    address: Node
    exchange: Annotated[str, "results"]
    option: Annotated[str, "--results-exchange"]


class ReadForbidden(_AtQueue):
    text = "{address} does not let this user read {queue}"
    remedy = "Check the user's permissions"
    cause = "The user has no read permission."


class OwnQueueForbidden(_AtQueue):
    text = (
        "{address} does not let this user create the queue {queue} and take results "
        "from {exchange}"
    )
    remedy = "Check the user's permissions"
    cause = "The user may not create the IOC's own queue."
    exchange: Annotated[str, "results"]


class OwnQueueDiffers(_AtQueue):
    text = "{address} has a queue {queue} with other properties"
    remedy = "Delete the queue if nothing else uses it"
    cause = "A queue of that name has other properties."


class ResultsStopped(_AtQueue):
    text = "{address} stopped the results from {queue}: {code} {reason}"
    remedy = "See the broker's log"
    cause = "The broker closed the channel."
    code: Code
    reason: ClosedBecause


class ResultsCancelled(_AtQueue):
    text = "{address} cancelled the results from {queue}. Was the queue deleted?"
    cause = "The broker cancelled the subscription."


class ConsumerLost(_AtQueue):
    text = "{address} no longer counts this IOC as a consumer of {queue}"
    remedy = "See the broker's log"
    cause = "The node is cut off from its cluster, or the queue was replaced."


class QueueUnresponsive(_AtQueue):
    text = "The queue {queue} at {address} does not respond"
    remedy = "Are enough nodes of the cluster running? See the broker's log"
    cause = "The broker neither accepts nor refuses the subscription."


# -- who takes messages from the queues ----------------------------------------


class ResultsShared(WrongConsumers):
    text = "{queue} has {consumers} consumers, which take results from each other"
    remedy = "Stop the others, or use --results-exchange"
    cause = "Each result goes to only one consumer."
    queue: Queue
    consumers: Annotated[int, 2]


class DispatcherMissing(WrongConsumers):
    text = "Nothing takes messages from {queue}"
    remedy = "Start Zocalo's dispatcher"
    cause = "Messages wait in the queue until Zocalo's dispatcher takes them."
    queue: TriggerQueue
