"""The settings of `zocalo-ioc submit`."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from ..errors import SettingsInvalid
from ..errors.settings import OptionsExclusive, ValuesMiscounted
from ._options import POSITIONAL, Given
from ._settings import OutputSettings
from .types import COUNTS, DCIDS, JSON, NAMES, NUMBER, NUMBERS, PREFIX, RECIPES, SECONDS


class SubmitSettings(OutputSettings):
    """Process data collections with a running IOC, and print the centres."""

    group: ClassVar[str] = "Request"

    prefix: PREFIX = Field(
        description="prefix of the IOC's PVs", json_schema_extra=POSITIONAL
    )
    dcids: DCIDS = Field(
        min_length=1,
        description="data collections: the grids of one scan",
        json_schema_extra=POSITIONAL,
    )
    command: Literal["process", "start", "end", "cancel"] = Field(
        default="process",
        description="process sends both messages and waits for the result",
    )
    past: bool = Field(
        default=False, description="send nothing; print past results from ISPyB"
    )
    num_frames: COUNTS = Field(
        default=(),
        description="number of frames: one for all, or one for each, as 400,240",
    )
    filename: NAMES = Field(
        default=(), description="name of the file that the detector writes"
    )
    start_frame: NUMBERS = Field(
        default=(), description="index of the first frame in the file"
    )
    message_index: NUMBERS = Field(
        default=(), description="index of the detector's trigger, from 0"
    )
    dcgid: NUMBER = Field(
        default=0, description="data collection group, which also matches the result"
    )
    recipes: RECIPES = Field(
        default="mimas", description="recipe names, comma separated"
    )
    parameters: JSON = Field(
        default="{}", description="JSON object of further parameters for the messages"
    )
    expect_result: bool = Field(
        default=True, description="whether to expect a result, as for grid scans"
    )
    timeout: SECONDS | None = Field(
        default=None,
        description="stop waiting after this time, seconds; the IOC has its own "
        "time-out",
    )

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        yield from super().conflicts(given)
        if "past" in given and "command" in given:
            yield OptionsExclusive(given["command"].label, given["past"].label)

    @property
    def grids(self) -> list[dict[str, Any]]:
        """What is asked for each data collection.

        Raises:
            SettingsInvalid: there are more or fewer values than data collections.
        """
        common = {
            "dcgid": self.dcgid,
            "recipes": self.recipes,
            "parameters": self.parameters,
            "expect_result": self.expect_result,
        }
        grids = [{"dcid": dcid} | common for dcid in self.dcids]
        of_each = {
            "num_frames": self.num_frames,
            "filename": self.filename,
            "start_frame": self.start_frame,
            "message_index": self.message_index,
        }
        for name, values in of_each.items():
            if len(values) not in (0, 1, len(grids)):
                option = f"--{name.replace('_', '-')}"
                raise ValuesMiscounted(option, len(values), len(grids))
            for n, grid in enumerate(grids):
                if values:
                    grid[name] = values[n % len(values)]
        return grids
