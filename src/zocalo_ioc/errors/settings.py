"""Commands, options, variables and values that can't be used."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ._examples import Node
from ._groups import SettingsInvalid
from ._problem import Problem

_Label = Annotated[str, "--send-timeout (ZOCALO_IOC_SEND_TIMEOUT)"]


class SettingsProblems(SettingsInvalid):
    """All that is wrong with the settings of a command, a line each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(dict.fromkeys(map(str, problems)))
        super().__init__("\n".join(self.problems))

    @classmethod
    def kinds(cls) -> Iterator[type[Problem]]:
        """Yield nothing: each problem is one of the others."""
        yield from ()


class CommandUnknown(SettingsInvalid):
    """The first word is not a command."""

    text = "There is no command {word}{hint}"
    word: Annotated[str, "rnu"]
    hint: Annotated[str, "; did you mean run?"]


class OptionUnknown(SettingsInvalid):
    """The command does not have this option."""

    text = "There is no option {word}{hint}"
    word: Annotated[str, "--borker"]
    hint: Annotated[str, "; did you mean --broker?"]


class WordUnused(SettingsInvalid):
    """The command takes fewer arguments."""

    text = "Unexpected argument {word}"
    word: Annotated[str, "i03.yaml"]


class LineInvalid(SettingsInvalid):
    """A value is missing, or is not allowed here."""

    text = "{reason}"
    reason: Annotated[str, "Option '--broker' requires an argument"]


class KeyUnknown(SettingsInvalid):
    """The settings file has a key that the command does not have as an option."""

    text = "{file}: unknown key {key}{hint}"
    file: Annotated[str, "i03.yaml"]
    key: Annotated[str, "brokr"]
    hint: Annotated[str, "; did you mean broker?"]


class OptionMissing(SettingsInvalid):
    """A required option is missing."""

    text = (
        "{option} is missing: give it, set {variable}, or write {key} in the settings "
        "file{otherwise}"
    )
    option: Annotated[str, "--broker"]
    variable: Annotated[str, "ZOCALO_IOC_BROKER"]
    key: Annotated[str, "broker"]
    otherwise: Annotated[str, ". Alternatively, give --zocalo-environment"]


class ValueUnusable(SettingsInvalid):
    """The option does not accept the value. Passwords are not shown."""

    text = "{label}: can't use {value}; {advice}"
    label: _Label
    value: Annotated[str, "'soon'"]
    advice: Annotated[str, "write a number above 0, at most 3600"]


class OptionsExclusive(SettingsInvalid):
    """The two options exclude each other."""

    text = "{label}: give this or {other}, not both"
    label: Annotated[str, "--broker"]
    other: Annotated[str, "--zocalo-environment (ZOCALO_IOC_ZOCALO_ENVIRONMENT)"]


class OptionUseless(SettingsInvalid):
    """The option is only for use with another one."""

    text = "{label}: use only with {other}"
    label: Annotated[str, "--routing-key"]
    other: Annotated[str, "--results-exchange"]


class ValuesMiscounted(SettingsInvalid):
    """The number of values matches neither one nor the data collections."""

    text = "{option} has {values} values"
    remedy = "Give one, or one for each of the {dcids} data collections"
    option: Annotated[str, "--num-frames"]
    values: Annotated[int, 3]
    dcids: Annotated[int, 2]


class ServicesMissing(SettingsInvalid):
    """The only selected service is left to the site."""

    text = "--services dispatcher with --dispatcher none leaves nothing to simulate"


class QueuesNotDeclared(SettingsInvalid):
    """The simulator would take messages from them, or write messages there."""

    text = "{address} has no {queues}"
    remedy = "Use --declare to create them, or check the virtual host in --broker"
    address: Node
    queues: Annotated[str, "processing_recipe, no reduce.xray_centering"]


class DeclareForbidden(SettingsInvalid):
    """The user may not create queues or exchanges."""

    text = "{address} does not allow it: {reason}"
    address: Node
    reason: Annotated[str, "ACCESS_REFUSED - permission denied"]


class CredentialsUnusable(SettingsInvalid):
    """The file is missing, or is not an ISPyB credentials file."""

    text = "--ispyb-credentials: can't use {file}: {reason}"
    remedy = (
        "It needs a section [ispyb_sqlalchemy] with username, password, host, port and "
        "database, with special characters as %XX: @ as %40, / as %2F, # as %23"
    )
    file: Annotated[str, "/etc/zocalo-ioc/ispyb.cfg"]
    reason: Annotated[str, "there is no 'port'"]


class VariableUnknown(SettingsInvalid):
    """No command reads this ZOCALO_IOC_ variable. This is a warning."""

    text = "{variable} in the environment has no effect{hint}"
    variable: Annotated[str, "ZOCALO_IOC_BROKRE"]
    hint: Annotated[str, "; did you mean ZOCALO_IOC_BROKER?"]
