"""Everything that a user can configure: options, environment and settings file.

Each command has a model of its own. `_types` has what their values can be, `_sources`
where they come from.
"""

from ._check import CheckSettings
from ._describe import DescribeSettings
from ._files import FilesSettings
from ._log import LogSettings
from ._run import DemoSettings, RunSettings
from ._simulate import SimulateSettings
from ._sources import ENV_PREFIX
from ._submit import SubmitSettings
from ._types import MAX_PREFIX

__all__ = [
    "ENV_PREFIX",
    "MAX_PREFIX",
    "CheckSettings",
    "DemoSettings",
    "DescribeSettings",
    "FilesSettings",
    "LogSettings",
    "RunSettings",
    "SimulateSettings",
    "SubmitSettings",
]
