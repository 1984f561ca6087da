"""What the IOC needs of a message broker, and the makers that provide it.

`AmqpBroker` speaks to RabbitMQ; `LoopbackBroker` does the same inside one process.
Neither knows EPICS.
"""

from ._amqp import AmqpBroker
from ._loopback import Hub, LoopbackBroker
from ._protocol import Broker, Connection, Consumer, Delivery, Message
from ._trouble import connection_trouble

__all__ = [
    "AmqpBroker",
    "Broker",
    "Connection",
    "Consumer",
    "Delivery",
    "Hub",
    "LoopbackBroker",
    "Message",
    "connection_trouble",
]
