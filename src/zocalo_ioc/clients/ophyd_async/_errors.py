"""What plans catch. Where dodal is installed, what catches its errors catches these."""

from importlib import import_module


def _of_dodal(name: str) -> type[Exception]:
    try:
        module = import_module("dodal.devices.zocalo")
    except ImportError:
        return Exception
    return getattr(module, name, Exception)


class NoResultsFromZocaloError(_of_dodal("NoResultsFromZocaloError")):
    """No result came in time."""


class NoZocaloSubscriptionError(_of_dodal("NoZocaloSubscriptionError")):
    """The device is not staged."""


class NotTriggeredError(Exception):
    """A data collection could not be handed to Zocalo."""
