"""`zocalo-ioc check`: looks before the first start at all that the IOC will need."""

from ._check import check, refused

__all__ = ["check", "refused"]
