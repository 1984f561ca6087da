"""What plans know from dodal: where it is installed, our classes are kinds of its own.

So whoever checks with ``isinstance``, as pydantic and blueapi do, takes them for it.
"""

import logging
from importlib import import_module
from typing import TypeVar

T = TypeVar("T", bound=type)

LOGGER = logging.getLogger("Dodal")
"""dodal's own logger, so that our lines go where those of its devices go."""

_ENVIRONMENTS = {
    *("artemis", "bluesky", "default", "dev_artemis", "dev_bluesky", "devrmq", "live")
}


def of_dodal(name: str, otherwise: T) -> T:
    """Return the class of dodal of this name, or another where there is no dodal."""
    try:
        module = import_module("dodal.devices.zocalo")
    except ImportError:
        return otherwise
    return getattr(module, name, otherwise)


def as_prefix(prefix: str, *others: str) -> str:
    """Return a prefix without the colon at its end.

    Raises:
        ValueError: it, or one of the other arguments, is an environment of Zocalo, as
            dodal's classes have it there.
    """
    for argument in (prefix, *others):
        if argument in _ENVIRONMENTS:
            raise ValueError(
                f'"{argument}" is a Zocalo environment. Give the PV prefix of the '
                'IOC first, such as "BL03I-EA-ZOC-01"; the IOC knows the environment.'
            )
    return prefix.rstrip(":")
