"""What a measurement found, and what it was to reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .stand import Times


@dataclass(frozen=True)
class Finding:
    """A line of the table.

    Attributes:
        what: what was measured.
        ours: how it is with this IOC.
        against: what that is compared with, and how it is there.
        ratio: ours to that, or that to ours, as the goal speaks of it.
        goal: what the ratio is to be.
        for_users: what the page for users calls it; empty if it is not there.
    """

    what: str
    ours: str
    against: str
    ratio: float
    goal: float
    sense: Literal["at most", "at least"]
    for_users: str = ""

    @property
    def reached(self) -> bool:
        """Whether the ratio is what it was to be."""
        if self.sense == "at most":
            return self.ratio <= self.goal
        return self.ratio >= self.goal


@dataclass(frozen=True)
class Series:
    """A plot: values over a few cases, one line for each name."""

    title: str
    unit: str
    cases: Sequence[str]
    lines: dict[str, list[float]]


def milliseconds(*parts: Times) -> str:
    """Return median and 99th percentile, of the sum if there are several parts."""
    median = sum(part.median for part in parts) * 1e3
    late = sum(part.late for part in parts) * 1e3
    return f"{median:.2f} ms (99 %: {late:.1f})"
