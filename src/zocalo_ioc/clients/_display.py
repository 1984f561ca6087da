"""What a terminal shows: progress while a job runs, and its centres after."""

import json
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..centres import AXES, MISSING
from ..client import Result
from ..jobs import State

_WIDTH = 120


class _Bar(Bar):
    """A line that changes, and a picture below it."""

    picture: RenderableType = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.picture:
            yield self.picture


class Progress:
    """What the job is at: a line that changes, or one each where that can't be.

    Attributes:
        console: where it is shown.
        bar: the line, and a picture below it, in a terminal.
    """

    def __init__(self, text: str) -> None:
        self.console = Console(stderr=True)
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        self.bar = _Bar(*columns, console=self.console, transient=True)
        self._task = self.bar.add_task(text, total=None)
        self._text = ""
        self._first = text

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.bar.start()
        else:
            self.show(self._first)
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self.bar.stop()

    def show(self, text: str) -> None:
        """Show what is going on."""
        if text == self._text:
            return
        self._text = text
        if self.console.is_terminal:
            self.bar.update(self._task, description=text)
        else:
            print(text, file=sys.stderr, flush=True)


def as_table(columns: Mapping[str, Any]) -> None:
    """Print the centres, one a line, strongest first."""
    # lines that a narrow terminal breaks are better than numbers cut short
    console = Console(width=max(Console().width, _WIDTH))
    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=False)
    headings = "", *AXES, *(f"box {axis}" for axis in AXES)
    for name in (*headings, "max", "total", "voxels", "sample"):
        table.add_column(name, justify="right", no_wrap=True)
    for n, row in enumerate(as_rows(columns), start=1):
        table.add_row(
            str(n),
            *(_position(row[axis]) for axis in AXES),
            *(_range(row[f"box_min_{axis}"], row[f"box_max_{axis}"]) for axis in AXES),
            *(_number(row[name]) for name in ("max_count", "total_count")),
            *(_number(row[name]) for name in ("n_voxels", "sample_id")),
        )
    if table.row_count:
        console.print(table)
        console.print("Positions in grid boxes; max and total are numbers of spots.")


def as_json(state: State, message: str, result: Result | None) -> str:
    """Return what came of a job, and its centres, as JSON."""
    found = {
        "state": state.label,
        "message": message,
        "dcids": result.dcids if result else [],
        "centres": as_rows(result.columns) if result else None,
    }
    return json.dumps(found)


def as_rows(columns: Mapping[str, Any]) -> list[dict[str, float | int | None]]:
    """Return the centres one by one, with None for what they do not have."""
    lists = [[_known(value) for value in column] for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _known(value: Any) -> float | int | None:
    number = value.item()
    return None if number == MISSING or math.isnan(number) else number


def _number(value: float | int | None) -> str:
    return "-" if value is None else f"{value:.10g}"


def _position(value: float | int | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _range(low: float | int | None, high: float | int | None) -> str:
    return "-" if low is None or high is None else f"{low}-{high}"
