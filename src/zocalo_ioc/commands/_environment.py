"""Variables of the environment that are meant for a command, but misspelt."""

import os
from collections.abc import Iterable

from ..errors.settings import VariableUnknown
from ..settings import ENV_PREFIX, Settings, closest, options_of


def misspelt_variables(model: type[Settings]) -> list[VariableUnknown]:
    """Return a warning for each variable that no command knows.

    Args:
        model: the settings of the command that runs. Others' are looked at only when
            a variable is not of this one.
    """
    known = _variables(model)
    found = [name for name in os.environ if name.startswith(ENV_PREFIX)]
    if all(name in known for name in found):
        return []
    from . import COMMANDS, find

    of_all = set[str]().union(*(_variables(find(name).settings) for name in COMMANDS))
    return [
        VariableUnknown(name, _hint(name, of_all))
        for name in sorted(found)
        if name not in of_all
    ]


def _hint(name: str, known: Iterable[str]) -> str:
    """Suggest another; the prefix that all have would make all look alike."""
    without = {each.removeprefix(ENV_PREFIX): each for each in known}
    near = closest(name.removeprefix(ENV_PREFIX), list(without))
    return "".join(f"; did you mean {without[each]}?" for each in near)


def _variables(model: type[Settings]) -> set[str]:
    return {option.in_environment for option in options_of(model).values()}
