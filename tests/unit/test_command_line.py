"""The commands: how each is found, helped with, completed, and read by something."""

import ast
import json
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

import zocalo_ioc
from zocalo_ioc.__main__ import main
from zocalo_ioc.commands import COMMANDS, find
from zocalo_ioc.settings import (
    ENV_PREFIX,
    CheckSettings,
    Settings,
    SubmitSettings,
    options_of,
)

SOURCE = Path(zocalo_ioc.__file__).parent
EACH_COMMAND = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)


def ended(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert isinstance(left.value.code, int)
    return left.value.code


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu"], "There is no command rnu; did you mean run?"),
        (["zzz"], "There is no command zzz; --help lists them."),
        (["amqp://u:s3cret@h"], "There is no command of this name; --help lists them."),
        (["describe", "--formt=json"], "no option --formt; did you mean --format?"),
        (["alive", "--prefix", "P"], "no option --prefix; write PREFIX without it"),
        (["map", "--prefix=P"], "no option --prefix; write PREFIX without it"),
        (["describe", "-format=json"], "no option -format; did you mean --format?"),
        (["alive", "-prefix", "P"], "no option -prefix; write PREFIX without it"),
        (["submit", "P", "71", "-72"], "There is no option -72; --help lists them."),
        (["describe", "-hxyz"], "There is no option -hxyz; --help lists them."),
        (["describe", "-z://u:s3cret@h"], "There is no option …; --help lists"),
        (["describe", "--zzz", "7"], "There is no option --zzz; --help lists them."),
        (["describe", "--zzz://u:s3cret@h"], "There is no option …; --help lists"),
        (["describe", "u:s3cret@h"], "Unexpected argument ….\n"),
        (["describe", "--prefix"], "requires an argument.\n"),
        (["--zzz"], "--zzz"),
    ],
)
def test_what_is_misspelt_is_answered_with_a_suggestion(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert ended(*words) == 2
    text = capsys.readouterr().err
    assert told in text
    assert text.count("\n") == 1
    assert "s3cret" not in text


def test_without_a_command_stderr_lists_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended() == 2
    listed = capsys.readouterr().err
    assert all(f"  {name}  " in listed.replace(" " * 3, "  ") for name in COMMANDS)


@EACH_COMMAND
def test_help_has_every_option_under_a_heading(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert ended(name, "--help") == 0
    text = capsys.readouterr().out
    options = options_of(find(name).settings).values()
    assert [o.on_command_line for o in options if o.on_command_line not in text] == []
    assert [o.group for o in options if f"\n{o.group}:\n" not in text] == []
    assert all(o.description.split()[0] in text for o in options)


def test_the_options_of_run_are_in_groups() -> None:
    groups = [option.group for option in options_of(find("run").settings).values()]
    assert [heading for heading, _ in groupby(groups)] == [
        *("PVs", "Broker", "TLS", "Results", "Frames", "ISPyB", "Files", "Metrics"),
        *("Shell", "Log", "Settings file"),
    ]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("zocalo-ioc de", {"demo", "describe"}),
        ("zocalo-ioc run --bro", {"--broker", "--broker-file"}),
        ("zocalo-ioc run --log-level w", {"warning"}),
        ("zocalo-ioc simulate --no-d", {"--no-declare"}),
    ],
)
def test_a_shell_completes_commands_options_and_choices(
    typed: str, completed: set[str]
) -> None:
    words = typed.split(" ")
    told = run(
        *("-c", "from zocalo_ioc.__main__ import main; main([])"),
        _ZOCALO_IOC_COMPLETE="bash_complete",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(words) - 1),
    )
    assert {line.partition(",")[2] for line in told.stdout.splitlines()} == completed


@pytest.mark.parametrize(
    "words", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=str
)
def test_help_loads_neither_epics_nor_the_simulator(words: list[str]) -> None:
    script = (
        "import sys\nfrom zocalo_ioc.__main__ import main\n"
        f"try: main({words})\n"
        "finally: print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    loaded = set(run("-c", script).stderr.splitlines())
    assert "zocalo_ioc.commands" in loaded
    foreign = {"softioc", "aioca", "p4p", "zocalo_simulator.simulation", "matplotlib"}
    assert loaded & foreign == set()


def test_an_option_without_its_value_makes_no_other_one_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended("run", "--prefix", "P", "--heartbeat") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "'--heartbeat' requires an argument" in line


# -- the environment ----------------------------------------------------------


def test_a_misspelt_variable_is_reported_with_a_suggestion(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_BROKRE", "amqp://u:s3cret@h")
    monkeypatch.setenv("ZOCALO_IOC_BROKER", "amqp://h")  # of another command
    main(["describe", "--format", "json"])
    assert capsys.readouterr().err == (
        "zocalo-ioc: warning: ZOCALO_IOC_BROKRE in the environment has no effect; "
        "did you mean ZOCALO_IOC_BROKER?\n"
    )


def test_a_misspelt_variable_is_reported_beside_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_PREFX", "x")
    assert ended("run") == 2
    text = capsys.readouterr().err
    assert "did you mean ZOCALO_IOC_PREFIX?\n" in text
    assert "--prefix is missing" in text


def test_check_reports_a_misspelt_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_ZZZ", "x")
    assert ended("check") == 1
    first = capsys.readouterr().out.splitlines()[0]
    told = "note  environment: ZOCALO_IOC_ZZZ in the environment has no effect."
    assert first == told


def test_a_command_that_logs_logs_a_misspelt_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_SEDE", "x")
    monkeypatch.chdir(tmp_path)
    main(["simulate", "--plot", "7"])
    told = capsys.readouterr().err
    assert "WARNING ZOCALO_IOC_SEDE in the environment has no effect; did you" in told


# -- every option is read by something ----------------------------------------


@pytest.mark.parametrize("source", ["option", "environment", "file"])
@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            CheckSettings,
            ["--prefix=P", "--broker=amqp://h", "--results-queue=q"],
        ),
        (SubmitSettings, ["P", "71"]),
    ],
)
def test_json_can_be_asked_for_in_each_place(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    source: str,
    model: type[CheckSettings | SubmitSettings],
    words: list[str],
) -> None:
    assert not model.load(words).as_json
    match source:
        case "option":
            words = [*words, "--json"]
        case "environment":
            monkeypatch.setenv("ZOCALO_IOC_JSON", "true")
        case _:
            (tmp_path / "json.yaml").write_text("json: true")
            words = [*words, "--config", str(tmp_path / "json.yaml")]
    assert model.load(words).as_json


def test_check_prints_json_also_of_settings_that_are_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_JSON", "true")
    assert ended("check", "--prefix", "P", "--heartbeat", "x") == 1
    told = json.loads(capsys.readouterr().out)
    assert [check["what"] for check in told["checks"]] == ["settings"] * 3
    assert not told["ok"]


@EACH_COMMAND
def test_every_option_is_read_by_what_takes_the_settings(name: str) -> None:
    model = find(name).settings
    fields = {field for field in model.model_fields if field != "config"}
    assert fields - read_of(model) == set()


def read_of(model: type[Settings]) -> set[str]:
    """Return what is read of settings in the modules that name them or their bases."""
    names = {
        parent.__name__
        for parent in model.__mro__
        if issubclass(parent, Settings) and parent is not Settings
    }
    read: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        known = {node.id for node in nodes if isinstance(node, ast.Name)}
        known |= {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        if known & names:
            read |= {
                node.attr
                for node in nodes
                if isinstance(node, ast.Attribute)
                and ast.unparse(node.value) in ("settings", "self", "self._settings")
            }
    return read
