"""Everything that can go wrong, in one catalogue.

A problem has a text and a remedy, which `P:MESSAGE`, the log, `check` and the commands
print alike. Its group, in this module, says where it goes; the modules beside it have
the problems themselves.
"""

from . import (
    broker,
    checks,
    clients,
    files,
    ispyb,
    outgoing,
    queues,
    requests,
    results,
    settings,
)
from ._groups import (
    CheckFailed,
    Gone,
    IspybDiffers,
    IspybUnavailable,
    NoConnection,
    NoResults,
    NotConfirmed,
    NotKept,
    NotStarted,
    NotUnderstood,
    RequestInvalid,
    SettingsInvalid,
    Unroutable,
    ValueRefused,
    WrongConsumers,
)
from ._problem import Problem, Remedies, one_line, without_passwords

__all__ = [
    "CheckFailed",
    "Gone",
    "IspybDiffers",
    "IspybUnavailable",
    "NoConnection",
    "NoResults",
    "NotConfirmed",
    "NotKept",
    "NotStarted",
    "NotUnderstood",
    "Problem",
    "Remedies",
    "RequestInvalid",
    "SettingsInvalid",
    "Unroutable",
    "ValueRefused",
    "WrongConsumers",
    "broker",
    "checks",
    "clients",
    "files",
    "ispyb",
    "one_line",
    "outgoing",
    "queues",
    "requests",
    "results",
    "settings",
    "without_passwords",
]
