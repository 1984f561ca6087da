"""`zocalo-ioc submit`: data collections for a running IOC, from a terminal."""

from ..exits import BAD_USAGE, Exit
from ..settings import SubmitSettings
from ._command import Command


def _submit(settings: SubmitSettings) -> Exit:
    from ..clients.submit import submit

    return submit(settings)


_EXITS = {
    Exit.WELL: "centres were found, or the request succeeded without a result",
    Exit.FAILED: "the job failed, timed out or was cancelled, or the IOC does not "
    "answer",
    Exit.NO_CENTRES: "no centres were found",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; the job continues",
}

COMMAND = Command(SubmitSettings, _submit, _EXITS | BAD_USAGE)
