"""The page for operators: every alarm and every kind of message, and what to do."""

from collections.abc import Iterator, Mapping
from inspect import getdoc

from zocalo_ioc.broker import Connection
from zocalo_ioc.describe import ALARMS
from zocalo_ioc.errors import (
    IspybDiffers,
    IspybUnavailable,
    NoConnection,
    NoResults,
    NotConfirmed,
    NotKept,
    Problem,
    RequestInvalid,
    Unroutable,
    ValueRefused,
    WrongConsumers,
    files,
    requests,
)
from zocalo_ioc.records import DECLARATIONS, Enum, Int

from .markdown import quoted, table
from .messages import kinds

_PAGE = """\
# Respond to an alarm

A lamp is red, or the alarm server has announced an alarm. Find it below and do what the
table says. If that does not help, contact the person named, with the DCID, the time, the
text of `P:MESSAGE` and, for Zocalo support, [`P:GUID`](find-a-job.md).

`P` is the prefix of the IOC, at the top of the screen, and MESSAGE is the text below the
state. The **broker**, a RabbitMQ server, passes messages between the IOC and Zocalo: a
**trigger** asks Zocalo to process a data collection, and a **result** has its centres.

The IOC reconnects automatically and rarely needs a restart. Don't collect the data again:
once the problem is fixed, press PROCESS with the same DCIDs.

## Alarms

The screen shows MAJOR in red and MINOR in orange. The alarm server announces the text in
italics. Except for STATE, an alarm clears when its cause is gone.
{alarms}

## Text in MESSAGE

MESSAGE gives the reason and the remedy. The part in italics differs from case to case.
[Messages and errors](../reference/messages.md) lists all of them.
{messages}

## Other signs

| seen | what it means and what to do | tell |
| --- | --- | --- |
| *The IOC of* … *does not answer*, or PVs that disconnect | The IOC, its host or the network is down. systemd restarts the IOC within 10 s. | the control engineer |
| `P:HEARTBEAT` stops counting | The IOC has hung. systemd restarts it within 40 s. | the control engineer |
| *No centres*, in yellow | Nothing diffracted. Look at the sample and the grid. | nobody |
| *Started* for a long time | The end message has not been sent. Press END when the data is complete. | nobody |
| *Processing* for a long time | Zocalo is computing; the screen shows when the job *times out*. Wait, or press CANCEL. | Zocalo support |
| *Timed out* | No result arrived in time. Ask whether Zocalo is running, then press PROCESS again. If the result still arrives, the screen shows it. | Zocalo support |
| `P:BEST:…` blank or INVALID | The latest result has no centre. | nobody |
| *Somebody else's result* or *Result of an earlier job*, in orange | The screen still shows the result of another job. Wait for the job to end. | nobody |
| *Only* … *results accepted* | Zocalo has two pipelines, and the IOC ignores the other one's results. Set *Results from* to Any to take both. | nobody |
| *PROCESS*, *START* and *END* are grey | DCID is 0, the broker is away, or a message is being sent. | nobody |
| `Late`, `Other` or `Refused` in the history | `Late`: a result arrived after its job had ended. `Other`: a result of somebody else's job. `Refused`: a request was not sent. | nobody |
| `P:BROKER:REJECTED` increases | Messages arrive that are not results. The IOC's log shows how each begins. | Zocalo support |
| `P:ZOCALO:QUEUED` increases | Zocalo is slow, or its dispatcher has stopped. | Zocalo support |
| `P:BROKER:QUEUED` increases | The IOC is not taking results; see `P:BROKER:CONNECTED`. | the control engineer |
"""  # noqa: E501

_FAILED = "DCID 1234567: the start message failed."
_ADDED = "DCID 1234567: waiting for the result."
_AWAY = f"{_ADDED} But {Connection.effect}:"
_GROUPS: Mapping[type[Problem], tuple[str, str, str]] = {
    ValueRefused: ("", "The value is not allowed. Write another.", "nobody"),
    RequestInvalid: (
        "START failed.",
        "The request is incomplete, or contradicts a running job. Correct the request, "
        "then press the button again.",
        "nobody",
    ),
    Unroutable: (
        _FAILED,
        "The broker has nowhere to keep triggers, so nothing was sent. Once the queue "
        "exists, press the button again.",
        "the control engineer",
    ),
    NotConfirmed: (
        _FAILED,
        "The broker may not have received the message. Once `P:BROKER:CONNECTED` is "
        "`Yes`, press the button again.",
        "the control engineer",
    ),
    NoConnection: (
        _AWAY,
        "The IOC can't reach the broker, or the broker is full. Wait a minute; "
        "the IOC keeps trying.",
        "the control engineer",
    ),
    NoResults: (
        _AWAY,
        "The broker answers, but sends the IOC no results. Wait a minute; "
        "the IOC keeps trying.",
        "the control engineer",
    ),
    WrongConsumers: (_ADDED, "See `P:…:CONSUMERS` above.", "as above"),
    IspybUnavailable: (_ADDED, "See `P:ISPYB:CONNECTED` above.", "as above"),
    IspybDiffers: (
        _ADDED,
        "The message was sent as requested, but ISPyB has other numbers. Check DCID, "
        "DCGID and NUM_FRAMES.",
        "the author of the plan, if a plan sent it",
    ),
    NotKept: (
        "",
        "A file can't be written or read. Jobs continue; after a restart, check the "
        "options.",
        "the control engineer",
    ),
}
"""What MESSAGE shows, by group: the text before, what to do, whom to tell."""
_EXAMPLES: Mapping[type[Problem], type[Problem]] = {
    RequestInvalid: requests.FramesMissing,
    NotKept: files.NotSaved,
}
"""What operators meet most, where that is not the first of its group."""


def alarms_page() -> str:
    """Return the page for operators."""
    alarms = table(["PV", "alarm", "what it means and what to do", "tell"], _alarms())
    messages = table(
        ["for example", "what it means and what to do", "tell"], _messages()
    )
    return _PAGE.format(alarms="\n".join(alarms), messages="\n".join(messages))


def _alarms() -> Iterator[tuple[str, ...]]:
    for name, alarm in ALARMS.items():
        guidance = alarm.guidance.replace("{P}:", "P:")
        meaning = f"*{alarm.spoken}.* {guidance}"
        yield quoted(f"P:{name}"), _severity(name), meaning, alarm.tell


def _severity(name: str) -> str:
    for record in DECLARATIONS:
        if record.name == name and isinstance(record.datatype, Enum):
            found = record.datatype.severities.items()
            return ", ".join(f"`{choice}`: {severity}" for choice, severity in found)
        if record.name == name and isinstance(record.datatype, Int):
            return record.datatype.summary().removeprefix(", ")
    return "MINOR, then MAJOR"


def _messages() -> Iterator[tuple[str, ...]]:
    for group in Problem.__subclasses__():
        if "``P:MESSAGE`` " in (getdoc(group) or ""):
            before, advice, tell = _GROUPS[group]
            usual = (kind for kind in kinds(group) if kind.examples())
            kind = _EXAMPLES.get(group) or next(usual)
            example = kind(**kind.examples())
            yield f"{before} *{example}*".strip(), advice, tell
