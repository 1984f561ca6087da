"""What plans catch. Where dodal is installed, what catches its errors catches these."""

from ._dodal import of_dodal


class NoResultsFromZocaloError(of_dodal("NoResultsFromZocaloError", Exception)):
    """No result came in time."""


class NoZocaloSubscriptionError(of_dodal("NoZocaloSubscriptionError", Exception)):
    """The device is not staged."""


class NotTriggeredError(Exception):
    """A data collection could not be handed to Zocalo."""
