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
    text = "There is no command {word}{hint}"
    cause = "The first word is not a command."
    word: Annotated[str, "rnu"]
    hint: Annotated[str, "; did you mean run?"]


class OptionUnknown(SettingsInvalid):
    text = "There is no option {word}{hint}"
    cause = "The command does not have this option."
    word: Annotated[str, "--borker"]
    hint: Annotated[str, "; did you mean --broker?"]


class WordUnused(SettingsInvalid):
    text = "Unexpected argument {word}"
    cause = "The command takes fewer arguments."
    word: Annotated[str, "i03.yaml"]


class LineInvalid(SettingsInvalid):
    text = "{reason}"
    cause = "A value is missing, or is not allowed here."
    reason: Annotated[str, "Option '--broker' requires an argument"]


class KeyUnknown(SettingsInvalid):
    text = "{file}: unknown key {key}{hint}"
    cause = "The settings file has a key that the command does not have as an option."
    file: Annotated[str, "i03.yaml"]
    key: Annotated[str, "brokr"]
    hint: Annotated[str, "; did you mean broker?"]


class OptionMissing(SettingsInvalid):
    text = (
        "{option} is missing: give it, set {variable}, or write {key} in the settings "
        "file{otherwise}"
    )
    cause = "A required option is missing."
    option: Annotated[str, "--broker"]
    variable: Annotated[str, "ZOCALO_IOC_BROKER"]
    key: Annotated[str, "broker"]
    otherwise: Annotated[str, ". Alternatively, give --zocalo-environment"]


class ValueUnusable(SettingsInvalid):
    text = "{label}: can't use {value}; {advice}"
    cause = "The option does not accept the value. Passwords are not shown."
    label: _Label
    value: Annotated[str, "'soon'"]
    advice: Annotated[str, "write a number above 0, at most 3600"]


class OptionsExclusive(SettingsInvalid):
    text = "{label}: give this or {other}, not both"
    cause = "The two options exclude each other."
    label: Annotated[str, "--broker"]
    other: Annotated[str, "--zocalo-environment (ZOCALO_IOC_ZOCALO_ENVIRONMENT)"]


class OptionUseless(SettingsInvalid):
    text = "{label}: use only with {other}"
    cause = "The option is only for use with another one."
    label: Annotated[str, "--routing-key"]
    other: Annotated[str, "--results-exchange"]


class ValuesMiscounted(SettingsInvalid):
    text = "{option} has {values} values"
    remedy = "Give one, or one for each of the {dcids} data collections"
    cause = "The number of values matches neither one nor the data collections."
    option: Annotated[str, "--num-frames"]
    values: Annotated[int, 3]
    dcids: Annotated[int, 2]


class ServicesMissing(SettingsInvalid):
    text = "--services dispatcher with --dispatcher none leaves nothing to simulate"
    cause = "The only selected service is left to the site."


class QueuesNotDeclared(SettingsInvalid):
    text = "{address} has no {queues}"
    remedy = "Use --declare to create them, or check the virtual host in --broker"
    cause = "The simulator would take messages from them, or write messages there."
    address: Node
    queues: Annotated[str, "processing_recipe, no reduce.xray_centering"]


class DeclareForbidden(SettingsInvalid):
    text = "{address} does not let this user create queues or exchanges: {reason}"
    cause = "The user may not create queues or exchanges."
    address: Node
    reason: Annotated[str, "ACCESS_REFUSED - permission denied"]


class CredentialsUnusable(SettingsInvalid):
    text = "--ispyb-credentials: can't use {file}: {reason}"
    remedy = (
        "It needs a section [ispyb_sqlalchemy] with username, password, host, port and "
        "database, with special characters as %XX: @ as %40, / as %2F, # as %23"
    )
    cause = "The file is missing, or is not an ISPyB credentials file."
    file: Annotated[str, "/etc/zocalo-ioc/ispyb.cfg"]
    reason: Annotated[str, "'port' is missing"]


class VariableUnknown(SettingsInvalid):
    text = "{variable} in the environment has no effect{hint}"
    cause = "No command reads this ZOCALO_IOC_ variable. This is a warning."
    variable: Annotated[str, "ZOCALO_IOC_BROKRE"]
    hint: Annotated[str, "; did you mean ZOCALO_IOC_BROKER?"]
