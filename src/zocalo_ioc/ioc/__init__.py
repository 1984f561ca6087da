"""The IOC: the only place where broker, jobs and records meet.

`_way_in` is how a put becomes messages, `_way_out` how a message becomes PVs; both tell
`_status`, which shows where the jobs are. `_ioc` puts them together.
"""

from ._ioc import Ioc

__all__ = ["Ioc"]
