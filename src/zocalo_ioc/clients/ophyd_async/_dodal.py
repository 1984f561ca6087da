"""What plans know from dodal: where it is installed, our classes are kinds of its own.

So whoever checks with ``isinstance``, as pydantic and blueapi do, takes them for it.
"""

import logging
from importlib import import_module
from typing import TypeVar

T = TypeVar("T", bound=type)

LOGGER = logging.getLogger("Dodal")
"""dodal's own logger, so that our lines go where those of its devices go."""


def of_dodal(name: str, otherwise: T) -> T:
    """Return the class of dodal of this name, or another where there is no dodal."""
    try:
        module = import_module("dodal.devices.zocalo")
    except ImportError:
        return otherwise
    return getattr(module, name, otherwise)
