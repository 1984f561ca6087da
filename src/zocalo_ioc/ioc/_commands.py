"""What each command runs, and the request as the records have it."""

from typing import Any

from ..records import Pvs
from ..wire import Event, Request
from ._past import Past
from ._triggers import Triggers


def handle_commands(pvs: Pvs, triggers: Triggers, past: Past) -> None:
    """Set what each command runs.

    It reads the request before it awaits anything, so it gets it as it was when the
    command was put.
    """
    commands = pvs.commands
    commands.start.run = lambda: triggers.send(Event.START, _requests(pvs))
    commands.end.run = lambda: triggers.send(Event.END, _requests(pvs))
    commands.wait.run = triggers.wait
    commands.process.run = lambda: triggers.process(_requests(pvs))
    commands.cancel.run = triggers.cancel
    commands.submit.run = triggers.submit
    commands.send.run = triggers.submit_message
    commands.past.run = past.read


def _requests(pvs: Pvs) -> list[Request]:
    """Return the request of each grid."""
    request = pvs.request
    both: dict[str, Any] = {
        "dcgid": request.dcgid.get(),
        "filename": request.filename.get(),
        "recipes": request.recipes.get(),
        "parameters": request.parameters.get(),
        "expect_result": request.expect_result.get(),
    }
    first = Request(
        **both,
        dcid=request.dcid.get(),
        start_frame=request.start_frame.get(),
        num_frames=request.num_frames.get(),
        message_index=request.message_index.get(),
    )
    if not (xz := request.xz_dcid.get()):
        return [first]
    frames = request.xz_num_frames.get()
    return [first, Request(**both, dcid=xz, num_frames=frames)]
