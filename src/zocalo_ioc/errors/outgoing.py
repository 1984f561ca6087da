"""Messages that go out."""

from typing import Annotated

from ._examples import Node, TriggerQueue
from ._groups import NotConfirmed, Unroutable
from ._problem import Problem
from .broker import LoginRefused


class NoQueue(Unroutable):
    text = "No queue {queue} on {exchange}"
    remedy = "Check the virtual host in --broker, or create the queue"
    cause = "The queue does not exist."
    queue: TriggerQueue
    exchange: Annotated[str, "the default exchange"]


class NoQueueInProcess(Unroutable):
    text = "No queue {queue} in this process"
    cause = "The demo has no such service."
    queue: TriggerQueue


class _TooLate(NotConfirmed):
    text = "The broker did not confirm the message within {seconds:g} s"
    seconds: Annotated[float, 10]


class NotSentInTime(_TooLate):
    remedy = "{problem}"
    cause = "There was no connection during the whole time-out."
    problem: Annotated[Problem, LoginRefused("node1:5672")]


class NotConfirmedInTime(_TooLate):
    remedy = "The broker may still have received the message; see the broker's log"
    cause = "The message was sent, but not confirmed."


class NoChannelInTime(_TooLate):
    remedy = "See the broker's log"
    cause = "The connection was up, but the broker did not accept messages on it."


class RejectedRepeatedly(_TooLate):
    remedy = "The broker rejected the message repeatedly. Is the queue full?"
    cause = "The broker sent a negative confirmation each time."


class WriteForbidden(NotConfirmed):
    text = "{address} does not let this user write messages"
    remedy = "Check the user's permissions"
    cause = "The user has no write permission."
    address: Node


class MessageRefused(NotConfirmed):
    text = "{address} refused the message: {reason}"
    remedy = "See the broker's log"
    cause = "The broker closed the channel because of the message."
    address: Node
    reason: Annotated[str, "311 CONTENT_TOO_LARGE"]


class Withdrawn(NotConfirmed):
    text = "The message was withdrawn before it was sent"
    cause = "The job ended before the message could be sent."


class NotEncodable(NotConfirmed):
    text = "The message can't be sent ({error})"
    cause = "AMQP can't hold the message."
    error: Annotated[str, "ValueError"]


class StoppedUnconfirmed(NotConfirmed):
    text = "The IOC was stopped before the broker confirmed the message"
    remedy = "Send the message again if the broker does not have it"
    cause = "The IOC was stopped, so the put of the command never completes."


class SendingBroke(NotConfirmed):
    text = "The message was not sent because of an unexpected error"
    remedy = "See the IOC's log"
    cause = "An error in this program."
