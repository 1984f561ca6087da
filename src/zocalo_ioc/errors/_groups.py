"""Where problems go: one group for each consequence."""

from ._problem import Problem


class ValueRefused(Problem):
    """A record can't take the value that was written to it.

    ``P:MESSAGE`` says so until there is something newer to say; ``P:STATE`` is not
    changed.
    """


class RequestInvalid(Problem):
    """The request can't be made into a message.

    ``P:STATE`` is Failed, and ``P:MESSAGE`` has it, after the command that has failed
    if that is START, END or PROCESS. Other jobs go on. `zocalo-ioc submit` says it on
    stderr, and ends with status 2.
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
    """There is no connection to a node of the broker, or it accepts no messages.

    ``P:BROKER:CONNECTED`` is No, unless the broker only blocks messages and none is
    overdue, and ``P:MESSAGE`` has it after the text of the job. The IOC keeps trying.
    """


class NoResults(Problem):
    """The broker is connected, but sends no results.

    ``P:BROKER:CONNECTED`` is No, and ``P:MESSAGE`` has it after the text of the job.
    The IOC keeps trying.
    """


class WrongConsumers(Problem):
    """Too many programs take messages from a queue, or none does.

    ``P:BROKER:CONSUMERS`` or ``P:ZOCALO:CONSUMERS`` is in alarm. ``P:MESSAGE`` has it
    after the text of the job, and so has the reason of a job that timed out.
    """


class IspybUnavailable(Problem):
    """ISPyB can't be read.

    ``P:ISPYB:CONNECTED`` is No, and the log has it. Triggers that have everything they
    need go out, and ``P:MESSAGE`` has it after the text of the job. Others fail. The
    IOC keeps trying.
    """


class IspybDiffers(Problem):
    """A request contradicts ISPyB.

    The messages go out as given. ``P:MESSAGE`` has it after the text of the job.
    """


class NotUnderstood(Problem):
    """A message on the results queue is not a result of Zocalo.

    ``P:BROKER:REJECTED`` counts it. The reason is in the log and, with the message, in
    the file of ``--rejected``, which helps to find who sends such messages.
    """

    def __init__(self, text: str, remedy: str = "") -> None:
        self._say_instead(text, remedy)


class NotKept(Problem):
    """A file can't be written, or its values can't be restored.

    ``P:MESSAGE`` says so until there is something newer to say, and the log.
    """


class SettingsInvalid(Problem):
    """The command line, environment or settings file can't be used.

    The command says so on stderr and ends with status 2; ``check`` reports it. What is
    wrong with the file of ``--broker-file`` or with certificates while the IOC runs is
    shown as a `NoConnection` is.
    """

    def __init__(self, text: str, remedy: str = "") -> None:
        self._say_instead(text, remedy)


class NotStarted(Problem):
    """The IOC can't start at present.

    ``zocalo-ioc run`` says so on stderr, and ends with status 1: systemd tries again.
    """


class Gone(Problem):
    """The IOC does not answer, or no longer.

    ``zocalo-ioc submit`` and ``alive`` say so on stderr, and end with status 1.
    """


class CheckFailed(Problem):
    """Something is missing that the IOC needs, or will need soon.

    ``zocalo-ioc check`` reports it, with ``no`` or ``note`` in front. What the IOC
    itself would say is in the sections above.
    """
