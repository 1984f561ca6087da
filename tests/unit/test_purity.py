"""The thinking modules stay free of EPICS, of the broker, of clocks and of logging."""

import ast
import json
import subprocess
import sys
from importlib.util import find_spec, resolve_name
from pathlib import Path

import pytest

PURE = ["zocalo_ioc.wire", "zocalo_ioc.jobs", "zocalo_ioc.centres"]
FOREIGN = {"softioc", "cothread", "aioca", "pika", "asyncio"}
CLOCKS_AND_LOGS = {"time", "datetime", "logging"}
OURS_WITH_SIDE_EFFECTS = [
    "zocalo_ioc.broker",
    "zocalo_ioc.records.database",
    "zocalo_ioc.ioc",
    "zocalo_ioc.settings",
]


def modules_after_importing(module: str) -> set[str]:
    """Import a module in a process of its own, where nothing else has been."""
    code = f"import {module}, json, sys; print(json.dumps(list(sys.modules)))"
    process = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(process.stdout))


def modules_imported_by(module: str) -> set[str]:
    """Return the absolute names that the source imports, anywhere in it."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    is_package = spec.submodule_search_locations is not None
    package = module if is_package else module.rpartition(".")[0]
    origin = Path(spec.origin)
    files = origin.parent.glob("*.py") if is_package else [origin]
    names: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=aliases):
                    names |= {alias.name for alias in aliases}
                case ast.ImportFrom(module=source, level=level):
                    names.add(resolve_name("." * level + (source or ""), package))
                case _:
                    pass
    return names


@pytest.fixture(scope="module", params=PURE)
def loaded(request: pytest.FixtureRequest) -> set[str]:
    return modules_after_importing(request.param)


@pytest.mark.parametrize("unwanted", ["softioc", "pika", *OURS_WITH_SIDE_EFFECTS])
def test_importing_a_pure_module_loads_no_epics_and_no_broker(
    loaded: set[str], unwanted: str
) -> None:
    assert unwanted not in loaded


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_no_epics_no_broker_no_clock_and_no_log(
    module: str,
) -> None:
    roots = {name.partition(".")[0] for name in modules_imported_by(module)}
    assert not roots & (FOREIGN | CLOCKS_AND_LOGS)


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_of_ours_only_pure_ones(module: str) -> None:
    ours = {n for n in modules_imported_by(module) if n.startswith("zocalo_ioc")}
    allowed = (*PURE, "zocalo_ioc.errors")
    assert {name for name in ours if not name.startswith(allowed)} == set()


CLIENTS = ["zocalo_ioc.clients", "zocalo_ioc.clients.ophyd_async"]
OF_CLIENTS = tuple(
    f"zocalo_ioc.{name}" for name in ("clients", "errors", "exits", "settings")
)


@pytest.mark.parametrize("module", CLIENTS)
def test_a_client_speaks_only_pvs(module: str) -> None:
    imported = modules_imported_by(module)
    roots = {name.partition(".")[0] for name in imported}
    assert not roots & {"softioc", "pika", "workflows", "zocalo"}
    ours = {name for name in imported if name.startswith("zocalo_ioc")}
    pure = (*PURE, *OF_CLIENTS)
    # the declarations, not the database that is made from them
    assert {n for n in ours if not n.startswith(pure)} <= {"zocalo_ioc.records"}


@pytest.mark.parametrize("module", ["zocalo_ioc.clients.submit", "zocalo_ioc.clients"])
def test_importing_a_client_loads_no_ioc(module: str) -> None:
    loaded = modules_after_importing(module)
    assert not loaded & {"softioc", "zocalo_ioc.ioc", "zocalo_ioc.records.database"}
