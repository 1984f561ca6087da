"""What can go wrong, as types. Each carries what was wrong and what to do about it.

The text of a problem reaches ``P:MESSAGE`` and the log unchanged, so it names the
record, queue or option concerned and never holds a user name or a password.
"""

import re


def one_line(text: str) -> str:
    """Escape control characters: what clients write must not look like another line."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: repr(found[0])[1:-1], text)


def without_passwords(text: str) -> str:
    """Return a text without what stands in it where URLs have user and password."""
    return re.sub(r"//.*@", "//…@", text)


class Problem(Exception):
    """Something that a user can act on.

    Args:
        what: what is wrong.
        remedy: what to do about it.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(" ".join(_sentence(part) for part in (what, remedy) if part))


def _sentence(clause: str) -> str:
    return clause if clause[-1] in ".?!" else f"{clause}."


class ValueRefused(Problem):
    """A record can't take the value that was written to it.

    ``P:MESSAGE`` says so until there is something newer to say; ``P:STATE`` is not
    changed.
    """


class RequestInvalid(Problem):
    """The request can't be made into a message.

    ``P:STATE`` is Failed, and ``P:MESSAGE`` has it, after the command that has failed
    if that is START, END or PROCESS. Other jobs go on.
    """


class Unroutable(Problem):
    """The broker has no queue for a message.

    ``P:STATE`` is Failed; ``P:MESSAGE`` has it after ``DCID …: the … message failed``.
    """


class NotConfirmed(Problem):
    """The broker did not confirm a message.

    ``P:STATE`` is Failed; ``P:MESSAGE`` has it after ``DCID …: the … message failed``.
    """


class NoConnection(Problem):
    """A node of the broker can't be spoken with, or takes no messages.

    ``P:BROKER:CONNECTED`` is No unless the broker takes no messages for now, and
    ``P:MESSAGE`` has it after what it says of the job. The IOC keeps trying.
    """


class NoResults(Problem):
    """The broker can be spoken with, but gives no results.

    ``P:BROKER:CONNECTED`` is No, and ``P:MESSAGE`` has it after what it says of the
    job. The IOC keeps trying.
    """


class NotUnderstood(Problem):
    """A message on the results queue is no result of Zocalo.

    ``P:BROKER:REJECTED`` counts it. The reason is in the log, and with the message in
    the file of ``--rejected``: look there who sends such messages to the queue.
    """


class NotKept(Problem):
    """What was to be kept in a file can't be written, or can't be used any more.

    ``P:MESSAGE`` says so until there is something newer to say.
    """


class SettingsInvalid(Problem):
    """The command line, environment or settings file can't be used.

    The command says so on stderr and ends with status 2; ``check`` has it as a finding.
    """
