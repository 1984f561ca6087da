"""An EPICS soft IOC for Zocalo: trigger processing and read X-ray centres."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import Client, Result, ZocaloError

__version__ = version("zocalo-ioc")

__all__ = ["Client", "Result", "ZocaloError", "__version__"]


def __getattr__(name: str) -> Any:
    # EPICS is loaded only by those who use it
    if name in __all__:
        from . import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
