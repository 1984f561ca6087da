"""An EPICS soft IOC for Zocalo: trigger processing and read X-ray centres."""

from importlib.metadata import version

__version__ = version("zocalo-ioc")

__all__ = ["__version__"]
