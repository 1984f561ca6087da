"""An asynchronous client of a running IOC, over Channel Access.

`Client` triggers processing and returns the results. Everything that can
go wrong is a `ZocaloError`.
"""

from ._client import Client
from ._errors import (
    IocGone,
    JobCancelled,
    JobFailed,
    JobTimedOut,
    RequestRefused,
    ResultMissed,
    ZocaloError,
)
from ._grids import GridMap
from ._request import RequestValues
from ._result import Centre, PastResult, Result

__all__ = [
    "Centre",
    "Client",
    "GridMap",
    "IocGone",
    "JobCancelled",
    "JobFailed",
    "JobTimedOut",
    "PastResult",
    "RequestRefused",
    "RequestValues",
    "Result",
    "ResultMissed",
    "ZocaloError",
]
