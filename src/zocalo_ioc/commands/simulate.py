"""`zocalo-ioc simulate`: a simulated Zocalo on a RabbitMQ broker."""

from ..exits import UNTIL_STOPPED
from ..settings import SimulateSettings
from ._command import Command, serve


def _simulate(settings: SimulateSettings) -> None:
    from ..simulate import simulate

    serve(settings, lambda stop: simulate(settings, stop))


COMMAND = Command(SimulateSettings, _simulate, UNTIL_STOPPED, warns=True)
