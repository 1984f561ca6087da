"""The settings of `zocalo-ioc submit`."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..errors.settings import ValuesMiscounted
from ._options import POSITIONAL
from ._output import OutputSettings
from .types import COUNTS, DCIDS, JSON, NAMES, NUMBER, NUMBERS, PREFIX, RECIPES, SECONDS


class SubmitSettings(OutputSettings):
    """Process data collections with a running IOC, and print the centres."""

    group: ClassVar[str] = "Request"

    prefix: Annotated[
        PREFIX,
        Field(
            description="prefix of the IOC's PVs",
            json_schema_extra=POSITIONAL,
        ),
    ]
    dcids: Annotated[
        DCIDS,
        Field(
            min_length=1,
            description="data collections: the grids of one scan",
            json_schema_extra=POSITIONAL,
        ),
    ]
    command: Annotated[
        Literal["process", "start", "end", "cancel"],
        Field(description="process sends both messages and waits for the result"),
    ] = "process"
    past: Annotated[
        bool,
        Field(description="send nothing; print past results from ISPyB"),
    ] = False
    num_frames: Annotated[
        COUNTS,
        Field(description="number of frames: one for all, or one for each, as 400,240"),
    ] = ()
    filename: Annotated[
        NAMES, Field(description="name of the file that the detector writes")
    ] = ()
    start_frame: Annotated[
        NUMBERS, Field(description="index of the first frame in the file")
    ] = ()
    message_index: Annotated[
        NUMBERS, Field(description="index of the detector's trigger, from 0")
    ] = ()
    dcgid: Annotated[
        NUMBER, Field(description="data collection group, to match the result by")
    ] = 0
    recipes: Annotated[RECIPES, Field(description="recipe names, comma separated")] = (
        "mimas"
    )
    parameters: Annotated[
        JSON, Field(description="JSON object of further parameters for the messages")
    ] = "{}"
    expect_result: Annotated[
        bool, Field(description="whether to expect a result, as for grid scans")
    ] = True
    timeout: Annotated[
        SECONDS | None,
        Field(
            description="stop waiting after this time, seconds; the IOC has its "
            "own time-out"
        ),
    ] = None

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
