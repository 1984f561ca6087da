"""What the IOC needs of a message broker, and the makers that provide it.

`AmqpBroker` speaks to RabbitMQ; `LoopbackBroker` does the same inside one process.
Neither knows EPICS.
"""

from ._amqp import AmqpBroker, node_parameters
from ._loopback import Hub, LoopbackBroker
from ._problems import (
    CONNECTION_ERRORS,
    connection_problem,
    publisher_problem,
    subscription_problem,
)
from ._protocol import (
    Broker,
    Connect,
    Connection,
    Counts,
    Delivery,
    Message,
    OnChange,
    Queue,
    Subscription,
    Watch,
)
from ._subscriber import OWN_QUEUE

__all__ = [
    "CONNECTION_ERRORS",
    "OWN_QUEUE",
    "AmqpBroker",
    "Broker",
    "Connect",
    "Connection",
    "Counts",
    "Delivery",
    "Hub",
    "LoopbackBroker",
    "Message",
    "OnChange",
    "Queue",
    "Subscription",
    "Watch",
    "connection_problem",
    "node_parameters",
    "publisher_problem",
    "subscription_problem",
]
