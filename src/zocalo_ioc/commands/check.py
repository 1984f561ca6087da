"""`zocalo-ioc check`: whether everything the IOC needs is in place."""

from ..errors.settings import SettingsProblems
from ..exits import Exit
from ..settings import CheckSettings, OutputSettings, Sources
from ._command import Command, misspelt_variables


def _check(settings: CheckSettings) -> Exit:
    from ..check import check

    return check(settings, misspelt_variables(CheckSettings))


def _refused(sources: Sources, problems: SettingsProblems) -> Exit:
    from ..check import refused

    output: OutputSettings = sources.load_part(OutputSettings)
    warnings = misspelt_variables(CheckSettings)
    return refused(problems, warnings, as_json=output.as_json)


_EXITS = {Exit.WELL: "all checks passed", Exit.FAILED: "at least one check failed"}

COMMAND = Command(CheckSettings, _check, _EXITS, _refused, warns=True)
