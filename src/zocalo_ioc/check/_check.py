"""Goes through everything, one thing after the other."""

import logging
from collections.abc import Iterator, Sequence

from ..errors import SettingsInvalid
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
from ._finding import Finding, Outcome, no, yes
from ._report import report


def check(options: Sequence[str]) -> Exit:
    """Look at everything, tell it, and return the exit status.

    Args:
        options: those of ``zocalo-ioc run``, and ``--json``.
    """
    # what pika has to say is said in plain words
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    findings = report(_look(options), as_json="--json" in options)
    wrong = any(found.outcome is Outcome.NO for found in findings)
    return Exit.FAILED if wrong else Exit.WELL


def _look(options: Sequence[str]) -> Iterator[Finding]:
    try:
        settings = CheckSettings.load(options)
        # from the Zocalo configuration and the certificates, if there are any
        urls, tls = settings.broker_urls, settings.tls()
    except SettingsInvalid as problem:
        yield no("settings", problem)
        return
    yield yes("settings", "Complete.")
    yield check_names(settings.prefix, grid=settings.grid_prefix is not None)
    yield from check_ports()
    if settings.metrics_port:
        yield check_metrics_port(settings.metrics_address, settings.metrics_port)
    if settings.access_security:
        yield check_access_security(settings.access_security)
    if settings.autosave:
        yield check_folder("autosave", settings.autosave)
    if settings.rejected:
        yield check_folder("rejected", settings.rejected)
    yield from check_nodes(urls, tls, settings)
