"""The settings that say where messages are taken from."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from ..errors import SettingsInvalid
from ..errors.settings import OptionsExclusive, OptionUseless
from ._options import Given, missing, options_of
from ._settings import Settings
from .types import NAME, QUEUE


class ResultsSettings(Settings):
    """Where results come from."""

    group: ClassVar[str] = "Results"

    results_queue: QUEUE | None = Field(
        default=None, description="take results from this queue, for example xrc.i03"
    )
    results_exchange: NAME | None = Field(
        default=None,
        description="take results from this exchange, through a queue of the IOC's own",
    )
    routing_key: NAME | None = Field(
        default=None, description="routing key of the results, for example xrc.i03"
    )

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        yield from super().conflicts(given)
        names = "results_queue", "results_exchange", "routing_key"
        yield from _conflicts(cls, given, names, required=True)


class FramesSettings(Settings):
    """Where the spots on each frame come from, to draw grids while they are scanned."""

    group: ClassVar[str] = "Frames"

    frames_queue: QUEUE | None = Field(
        default=None, description="take frames from this queue, for example pia.i03"
    )
    frames_exchange: NAME | None = Field(
        default=None,
        description="take frames from this exchange, through a queue of the IOC's own",
    )
    frames_routing_key: NAME | None = Field(
        default=None, description="routing key of the frames, for example pia.i03"
    )

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        yield from super().conflicts(given)
        names = "frames_queue", "frames_exchange", "frames_routing_key"
        yield from _conflicts(cls, given, names, required=False)


def _conflicts(
    settings: type[Settings],
    given: Mapping[str, Given],
    names: tuple[str, str, str],
    *,
    required: bool,
) -> Iterator[SettingsInvalid]:
    """Yield what is missing or too much of a queue, or an exchange with a key."""
    options = options_of(settings)
    for_queue, for_exchange, for_key = (options[name] for name in names)
    queue, exchange, key = (given.get(name) for name in names)
    if queue and exchange:
        yield OptionsExclusive(queue.label, exchange.label)
    if required and not queue and not exchange:
        both = f"{for_exchange.on_command_line} and {for_key.on_command_line}"
        yield missing(for_queue, f". Alternatively, give {both}")
    if exchange and not key:
        yield missing(for_key, f". {exchange.label} needs it")
    if key and not exchange:
        yield OptionUseless(key.label, for_exchange.on_command_line)


def queue_of(
    content: str, prefix: str, queue: str | None, exchange: str | None, key: str | None
) -> tuple[str, str, str, str, str]:
    """Return name, exchange, routing key, option and content of a queue, for `Queue`.

    One that is made for an exchange keeps its binding for a day without an IOC, and so
    is another one for another routing key.
    """
    if not exchange:
        return queue or "", "", "", f"--{content}-queue", content
    name = f"zocalo-ioc.{prefix}.{exchange}.{key}"
    return name, exchange, key or "", f"--{content}-exchange", content
