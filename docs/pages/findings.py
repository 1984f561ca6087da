"""The reference of what `zocalo-ioc check` can find."""

from collections.abc import Iterator

from zocalo_ioc.check import Outcome

from .markdown import quoted, table
from .texts import modules

_INTRODUCTION = """\
# What check finds

What `zocalo-ioc check` can say, thing by thing, in the order of its modules. *What is
written like this* is an example, and differs from case to case.
[Check everything](../how-to/check.md) says how to use it. Where it finds what the IOC
itself would say, that is in [messages](messages.md).
"""


def findings_page() -> str:
    """Return the reference of findings."""
    return "\n".join(
        [
            _INTRODUCTION.rstrip(),
            *table(["", "what", "is said"], dict.fromkeys(_findings())),
            "",
        ]
    )


def _findings() -> Iterator[tuple[str, str, str]]:
    for module in modules("check"):
        for outcome, (things, texts) in module.said(*Outcome):
            for text in texts:
                yield quoted(outcome), " *or* ".join(things), text
