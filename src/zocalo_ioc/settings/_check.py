"""The settings of `zocalo-ioc check`: those of `run`, which it looks at."""

from ._output import OutputSettings
from ._run import RunSettings


class CheckSettings(RunSettings, OutputSettings):
    """Check everything that the IOC needs, with the options of run."""
