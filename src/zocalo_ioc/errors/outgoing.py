"""Messages that go out."""

from typing import Annotated

from ._examples import Node, TriggerQueue
from ._groups import NotConfirmed, Unroutable
from ._problem import Problem
from .broker import LoginRefused

_Seconds = Annotated[float, 10]


class NoQueue(Unroutable):
    """The queue does not exist."""

    text = "No queue {queue} on {exchange}"
    remedy = "Check the virtual host in --broker, or create the queue"
    queue: TriggerQueue
    exchange: Annotated[str, "the default exchange"]


class NoQueueInProcess(Unroutable):
    """The demo has no such service."""

    text = "No queue {queue} in this process"
    queue: TriggerQueue


class NotSentInTime(NotConfirmed):
    """There was no connection during the whole time-out."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "{problem}"
    seconds: _Seconds
    problem: Annotated[Problem, LoginRefused("node1:5672")]


class NotConfirmedInTime(NotConfirmed):
    """The message was sent, but not confirmed."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "The broker may still have received the message; see the broker's log"
    seconds: _Seconds


class NoChannelInTime(NotConfirmed):
    """The connection was up, but the broker did not accept messages on it."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "See the broker's log"
    seconds: _Seconds


class RejectedRepeatedly(NotConfirmed):
    """The broker sent a negative confirmation each time."""

    text = "The broker did not confirm the message within {seconds:g} s"
    remedy = "The broker rejected the message repeatedly. Is the queue full?"
    seconds: _Seconds


class WriteForbidden(NotConfirmed):
    """The user has no write permission."""

    text = "{address} does not let this user write messages"
    remedy = "Check the user's permissions"
    address: Node


class MessageRefused(NotConfirmed):
    """The broker closed the channel because of the message."""

    text = "{address} refused the message: {reason}"
    remedy = "See the broker's log"
    address: Node
    reason: Annotated[str, "311 CONTENT_TOO_LARGE"]


class Withdrawn(NotConfirmed):
    """The job ended before the message could be sent."""

    text = "The message was withdrawn before it was sent"


class NotEncodable(NotConfirmed):
    """AMQP can't hold the message."""

    text = "The message can't be sent ({error})"
    error: Annotated[str, "ValueError"]


class StoppedUnconfirmed(NotConfirmed):
    """The IOC was stopped, so the put of the command never completes."""

    text = "The IOC was stopped before the broker confirmed the message"
    remedy = "Send the message again if the broker does not have it"


class SendingBroke(NotConfirmed):
    """An error in this program."""

    text = "The message was not sent because of an unexpected error"
    remedy = "See the IOC's log"
