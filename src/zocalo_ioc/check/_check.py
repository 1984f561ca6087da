"""Goes through everything, one thing after the other."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain

from ..errors import SettingsInvalid
from ..errors.settings import SettingsProblems, VariableUnknown
from ..exits import Exit
from ..settings import CheckSettings
from ._broker import check_nodes
from ._epics import (
    check_access_security,
    check_metrics_port,
    check_names,
    check_ports,
)
from ._files import check_folder
from ._finding import Finding, Outcome, no, note, yes
from ._ispyb import check_ispyb
from ._report import report


def check(settings: CheckSettings, warnings: Sequence[VariableUnknown]) -> Exit:
    """Look at everything, tell it, and return the exit status.

    Args:
        settings: those of ``zocalo-ioc run``, and how to print what is found.
        warnings: about the environment.
    """
    # what pika has to say is said in plain words
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    return _tell([*_notes(warnings)], _look(settings), as_json=settings.as_json)


def refused(
    problems: SettingsProblems, warnings: Sequence[VariableUnknown], *, as_json: bool
) -> Exit:
    """Tell that the settings can't be used, and return the exit status."""
    wrong = (Finding("settings", Outcome.NO, text) for text in problems.problems)
    return _tell([*_notes(warnings)], wrong, as_json=as_json)


def _notes(warnings: Sequence[VariableUnknown]) -> Iterator[Finding]:
    for warning in warnings:
        yield note("environment", warning)


def _tell(
    notes: Sequence[Finding], findings: Iterator[Finding], *, as_json: bool
) -> Exit:
    told = report(chain(notes, findings), as_json=as_json)
    wrong = any(found.outcome is Outcome.NO for found in told)
    return Exit.FAILED if wrong else Exit.WELL


def _look(settings: CheckSettings) -> Iterator[Finding]:
    try:
        # from the Zocalo configuration, certificates and credentials, if there are any
        urls, tls = settings.broker_urls, settings.tls()
        ispyb = settings.ispyb_url
    except SettingsInvalid as problem:
        yield no("settings", problem)
        return
    yield yes("settings", "Complete.")
    yield check_names(
        settings.prefix,
        motor=settings.grid_prefix is not None,
        frames=settings.frames is not None,
    )
    yield from check_ports()
    if settings.metrics_port:
        yield check_metrics_port(settings.metrics_address, settings.metrics_port)
    if settings.access_security:
        yield check_access_security(settings.access_security)
    if settings.autosave:
        yield check_folder("autosave", settings.autosave)
    if settings.rejected:
        yield check_folder("rejected", settings.rejected)
    if ispyb:
        yield check_ispyb(ispyb)
    yield from check_nodes(urls, tls, settings)
