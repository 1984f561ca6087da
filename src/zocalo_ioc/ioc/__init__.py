"""The IOC: the only place where broker, jobs and records meet.

`_commands` and `_triggers` are how a put becomes messages, `_results` how a message
becomes PVs. What happens to jobs on the way goes to `_job_events`, which shows it.
`_ioc` puts the parts together.
"""

from ._ioc import Ioc

__all__ = ["Ioc"]
