"""Where problems go: one group for each consequence."""

from ._examples import Dcid
from ._problem import Problem


class ValueRefused(Problem):
    """A record can't take the value that was written to it.

    ``P:MESSAGE`` shows it until the record takes a value, or until the next message;
    ``P:STATE`` does not change.
    """


class RequestInvalid(Problem):
    """The request can't be made into a message.

    ``P:STATE`` is Failed, and ``P:MESSAGE`` has it, after the command that has failed
    if that is START, END or PROCESS. Other jobs continue. `zocalo-ioc submit` prints
    it on stderr, and ends with status 2.
    """


class CollectionRefused(RequestInvalid):
    """The same, of one data collection."""

    dcid: Dcid


class Unroutable(Problem):
    """The broker has no queue for a message.

    ``P:STATE`` is Failed; ``P:MESSAGE`` has it after ``DCID …: the … message failed``.
    """


class NotConfirmed(Problem):
    """The broker did not confirm a message.

    ``P:STATE`` is Failed; ``P:MESSAGE`` has it after ``DCID …: the … message failed``.
    """


class NoConnection(Problem):
    """The IOC is not connected to the broker, or the broker accepts no messages.

    ``P:BROKER:CONNECTED`` is No, unless the broker only blocks messages and none is
    overdue, and ``P:MESSAGE`` has it after the text of the job. The IOC keeps trying.
    """


class NoResults(Problem):
    """The broker is connected, but sends no results.

    ``P:BROKER:CONNECTED`` is No, and ``P:MESSAGE`` has it after the text of the job.
    The IOC keeps trying.
    """


class WrongConsumers(Problem):
    """Several programs take messages from a queue, or none does.

    ``P:BROKER:CONSUMERS`` or ``P:ZOCALO:CONSUMERS`` is in alarm. ``P:MESSAGE`` has it
    after the text of the job, and so has the reason of a job that timed out.
    """


class IspybUnavailable(Problem):
    """ISPyB can't be read.

    ``P:ISPYB:CONNECTED`` shows No, and the log says why. Triggers that need nothing
    from ISPyB are sent, and ``P:MESSAGE`` gives the reason after the text of the job
    until a result arrives. All others fail. The IOC keeps trying.
    """


class IspybDiffers(Problem):
    """A request contradicts ISPyB.

    The messages are sent as requested. ``P:MESSAGE`` has it after the text of the job.
    """


class NotUnderstood(Problem):
    """A message on the results queue is not a result of Zocalo.

    ``P:BROKER:REJECTED`` counts it. The reason is in the log and, with the message, in
    the file of ``--rejected``.
    """

    def __init__(self, text: str, remedy: str = "") -> None:
        self._say_instead(text, remedy)


class NotKept(Problem):
    """A file can't be written, or its values can't be restored.

    ``P:MESSAGE`` shows it until the next message, and it is logged.
    """


class SettingsInvalid(Problem):
    """The command line, environment or settings file can't be used.

    The command prints it on stderr and ends with status 2; ``check`` reports it. While
    the IOC runs, errors in the file of ``--broker-file`` or in certificates are shown
    like a `NoConnection`.
    """

    def __init__(self, text: str, remedy: str = "") -> None:
        self._say_instead(text, remedy)


class NotStarted(Problem):
    """The IOC can't start at present.

    ``zocalo-ioc run`` prints it on stderr and ends with status 1; systemd tries again.
    """


class Gone(Problem):
    """The IOC does not answer, or has stopped answering.

    ``zocalo-ioc submit`` and ``alive`` print it on stderr and end with status 1.
    """


class CheckFailed(Problem):
    """The IOC lacks something, or will soon.

    ``zocalo-ioc check`` reports it with ``NO`` or ``note``, beside the IOC's own errors
    above.
    """
