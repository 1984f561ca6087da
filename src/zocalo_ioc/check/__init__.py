"""`zocalo-ioc check`: looks before the first start at all that the IOC will need."""

from ._check import check
from ._finding import Outcome

__all__ = ["Outcome", "check"]
