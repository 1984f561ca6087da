"""Everything that a user can configure: options, environment and settings file.

The settings that several modules know are here; others are with their command, in
`commands`. `types` has what values can be, `_options` what an option is, and `_sources`
where values come from.
"""

from ._command_line import SettingsCommand
from ._log import IocSettings, LogSettings
from ._options import ENV_PREFIX, POSITIONAL, Option, options_of
from ._run import CheckSettings, RunSettings
from ._settings import OutputSettings, Settings
from ._simulate import SimulateSettings
from ._sources import Sources, closest, did_you_mean
from ._submit import SubmitSettings
from .types import MAX_PREFIX

__all__ = [
    "ENV_PREFIX",
    "MAX_PREFIX",
    "POSITIONAL",
    "CheckSettings",
    "IocSettings",
    "LogSettings",
    "Option",
    "OutputSettings",
    "RunSettings",
    "Settings",
    "SettingsCommand",
    "SimulateSettings",
    "Sources",
    "SubmitSettings",
    "closest",
    "did_you_mean",
    "options_of",
]
