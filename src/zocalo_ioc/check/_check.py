"""Goes through everything, one thing after the other; what is short is here as well."""

import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

from ..errors import IspybUnavailable, SettingsInvalid
from ..errors.checks import FolderReadOnly
from ..errors.files import PackageMissing
from ..errors.ispyb import IspybSilent
from ..errors.settings import SettingsProblems, VariableUnknown
from ..exits import Exit
from ..ispyb import LIMIT, open_database
from ..settings import CheckSettings
from ._broker import check_nodes
from ._epics import (
    check_access_security,
    check_metrics_port,
    check_names,
    check_ports,
)
from ._report import Finding, Outcome, no, note, report, yes


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


def check_folder(option: str, folder: Path) -> Finding:
    """Try whether files can be made in a folder."""
    what = f"--{option}"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"zocalo-ioc check")
    except OSError as error:
        return no(what, FolderReadOnly(str(folder), error.strerror or ""))
    return yes(what, f"{folder} is writable.")


def check_ispyb(url: str) -> Finding:
    """Read nothing, from all the columns that the IOC needs, within its limit."""
    what = "ISPyB"
    try:
        with closing(open_database(url)) as database:
            database.probe()
            began = time.monotonic()  # the IOC keeps its connections, too
            database.probe()
            if time.monotonic() - began > LIMIT:
                return no(what, IspybSilent(database.address, LIMIT))
            try:
                database.read_past(0)
            except IspybUnavailable as problem:
                return note(what, problem)  # only past results are missed
    except (PackageMissing, IspybUnavailable) as problem:
        return no(what, problem)
    return yes(
        what,
        f"{database.address} answers, and has all tables and columns "
        "that the IOC reads.",
    )
