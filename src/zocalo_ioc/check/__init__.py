"""`zocalo-ioc check`: looks before the first start at all that the IOC will need."""

from ._check import check

__all__ = ["check"]
