"""What users can configure of the simulation."""

import asyncio
import os
from pathlib import Path

import pytest

from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.settings import ENV_PREFIX, SimulateSettings
from zocalo_ioc.simulate import simulate
from zocalo_simulator import real_dispatcher
from zocalo_simulator.names import ServiceName, Trouble
from zocalo_simulator.real_dispatcher import RealDispatcher

BROKER = ["--broker", "amqp://guest:s3cret@localhost"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)


def test_a_broker_is_all_that_is_needed() -> None:
    settings = SimulateSettings.load(BROKER)
    assert settings.broker_urls == ["amqp://guest:s3cret@localhost"]
    assert settings.results_queue == "xrc.i03"
    assert not settings.declare
    assert settings.chances == {}


def test_no_broker_is_needed_to_draw() -> None:
    settings = SimulateSettings.load(["--plot", "71"])
    assert settings.picture == Path("dcid-71.png")


def test_a_file_to_draw_to_is_only_for_a_drawing() -> None:
    with pytest.raises(SettingsInvalid, match="--plot-file: use only with --plot"):
        SimulateSettings.load([*BROKER, "--plot-file", "scan.png"])


async def test_the_real_dispatcher_is_refused_where_it_is_not_simulated() -> None:
    options = "--dispatcher", "real", "--services", "mimas"
    settings = SimulateSettings.load(["--broker", "amqp://127.0.0.1:1", *options])
    stopped = asyncio.Event()
    stopped.set()
    with pytest.raises(SettingsInvalid, match="real: use only with dispatcher"):
        await simulate(settings, stopped)


def test_a_missing_broker_is_named_with_each_way_to_give_it() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        SimulateSettings.load([])
    for way in ("--broker", "ZOCALO_IOC_BROKER", "broker in the settings file"):
        assert way in str(refused.value)


def test_all_services_are_simulated_unless_some_are_named() -> None:
    assert SimulateSettings.load(BROKER).services == list(ServiceName)
    named = SimulateSettings.load([*BROKER, "--services", "mimas,centring"])
    assert named.services == [ServiceName.MIMAS, ServiceName.CENTRING]


def test_trouble_is_repeated_on_the_command_line_and_a_list_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = {Trouble.LATE: 0.1, Trouble.NO_RESULT: 1}
    options = ["--trouble", "late=0.1", "--trouble", "no-result=1"]
    assert SimulateSettings.load([*BROKER, *options]).chances == expected
    file = tmp_path / "simulate.yaml"
    file.write_text("trouble: [late=0.1, no-result=1]")
    assert SimulateSettings.load([*BROKER, "--config", str(file)]).chances == expected
    monkeypatch.setenv("ZOCALO_IOC_TROUBLE", "late=0.1, no-result=1")
    assert SimulateSettings.load(BROKER).chances == expected


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--trouble", "late"),
        ("--trouble", "late=often"),
        ("--trouble", "late=1.1"),
        ("--trouble", "nan=nan"),
        ("--trouble", "late=nan"),
        ("--trouble", "rain=0.5"),
        ("--frame-rate", "0"),
        ("--frame-rate", "inf"),
        ("--seed", "-1"),
        ("--results-queue", "mimas"),
        ("--results-queue", "processing_recipe"),
        ("--services", "mimas,other"),
        ("--services", ""),
        ("--dispatcher", "other"),
        ("--give-up-after", "0"),
        ("--plot", "0"),
    ],
)
def test_a_value_that_can_not_be_used_is_refused_naming_the_option(
    option: str, value: str
) -> None:
    with pytest.raises(SettingsInvalid, match=option):
        SimulateSettings.load([*BROKER, option, value])


def test_the_real_dispatcher_is_refused_where_it_can_not_connect() -> None:
    with pytest.raises(SettingsInvalid, match="does not support TLS"):
        RealDispatcher(["amqps://localhost"], None)


def test_the_real_dispatcher_is_refused_where_dlstbx_has_no_ispyb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def with_dlstbx(group: str) -> list[str]:
        return [group]

    monkeypatch.delenv("ISPYB_CREDENTIALS", raising=False)
    monkeypatch.setattr(real_dispatcher, "entry_points", with_dlstbx)
    with pytest.raises(SettingsInvalid, match="ISPYB_CREDENTIALS is not set"):
        RealDispatcher(BROKER[1:], None)
    monkeypatch.setenv("ISPYB_CREDENTIALS", "ispyb.cfg")
    assert real_dispatcher.obstacle() == ""


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(SimulateSettings.load(BROKER))
