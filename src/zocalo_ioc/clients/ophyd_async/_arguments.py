"""What devices are given, checked at once."""

from collections.abc import Iterable
from enum import StrEnum
from math import nan
from numbers import Integral, Real
from typing import TypeVar

T = TypeVar("T", bound=StrEnum)

_ENVIRONMENTS = {
    *("artemis", "bluesky", "default", "dev_artemis", "dev_bluesky", "devrmq", "live")
}


def as_prefix(prefix: object, *others: object, **dodals: object) -> str:
    """Return a prefix without the colon at its end.

    Args:
        prefix: of the IOC.
        others: arguments in whose place dodal's classes have the environment.
        dodals: arguments that only dodal's classes have, None if not given.

    Raises:
        ValueError: it is not a prefix, or the arguments are those of dodal's classes.
    """
    given = [name for name, value in dodals.items() if value is not None]
    environments = [it for it in (prefix, *others) if str(it) in _ENVIRONMENTS]
    if given:
        wrong = f"{given[0]} is an argument of dodal's class."
    elif environments:
        wrong = f'"{environments[0]}" is a Zocalo environment.'
    elif not isinstance(prefix, str) or not prefix.rstrip(":"):
        wrong = f"{prefix!r} is not a PV prefix." if prefix else "No PV prefix given."
    else:
        return prefix.rstrip(":")
    raise ValueError(
        f'{wrong} Give the PV prefix of the IOC first, such as "BL03I-EA-ZOC-01"; '
        "the IOC knows the environment and the queue."
    )


def as_seconds(name: str, seconds: object) -> float:
    """Return a time-out in seconds.

    Raises:
        ValueError: it is not a number from 0.
    """
    number = float(seconds) if isinstance(seconds, Real) else nan
    if not number >= 0:
        raise ValueError(
            f"{name} is {seconds!r}. Give a number of seconds, such as 180."
        )
    return number


def as_choice(name: str, choices: type[T], value: object, otherwise: str = "") -> T:
    """Return one of the members of an enumeration.

    Raises:
        ValueError: it is none of them.
    """
    try:
        return choices(value)
    except ValueError as error:
        names = " or ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"{name} is {value!r}. Give {names}{otherwise}.") from error


def as_dcids(dcids: Iterable[object]) -> set[int]:
    """Return data collection ids.

    Raises:
        ValueError: one is not a whole number from 1.
    """
    found: set[int] = set()
    for dcid in dcids:
        if not isinstance(dcid, Integral) or int(dcid) < 1:
            raise ValueError(
                f"{dcid!r} is not a data collection id. "
                "Give whole numbers from 1, such as expect(71, 72)."
            )
        found.add(int(dcid))
    return found
