"""What containers are started with in the examples can be used."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from zocalo_ioc.commands import find

EXAMPLES = Path(__file__).parents[2] / "examples"
INSTANCE = EXAMPLES / "epics-containers" / "bl03i-ea-zoc-01"


def settings_of(words: list[str]) -> Any:
    name, *options = words
    return find(name).settings.load(options)


def test_the_commands_of_the_compose_file_have_what_they_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    services = yaml.safe_load((EXAMPLES / "compose" / "compose.yaml").read_text())
    for name in ("simulate", "ioc"):
        service = services["services"][name]
        for variable, value in service["environment"].items():
            monkeypatch.setenv(variable, value)
        command = service["command"].replace("/data", f"{tmp_path}")
        settings = settings_of(command.split())
        assert settings.broker_urls == ["amqp://guest:guest@rabbitmq/%2F"]
    assert settings_of(["alive"]).prefix == "TRIAL"  # of the image's health check


def test_the_instance_for_epics_containers_has_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in (INSTANCE / "config").iterdir():
        text = file.read_text().replace("/autosave", f"{tmp_path}")
        (tmp_path / file.name).write_text(text)
    values = yaml.safe_load((INSTANCE / "values.yaml").read_text())["ioc-instance"]
    monkeypatch.delenv("ZOCALO_IOC_CONFIG", raising=False)
    for variable in values["env"]:
        mounted = variable["value"].replace("/epics/ioc/config", f"{tmp_path}")
        monkeypatch.setenv(variable["name"], mounted)
    *_, program, command = values["args"][0].split()
    settings = settings_of([command])
    [secret] = values["volumeMounts"]
    assert program == "zocalo-ioc"
    assert settings.broker_file.parent == Path(secret["mountPath"])
    assert settings.shell
    *_, command = values["livenessProbe"]["exec"]["command"]
    assert settings_of([command]).prefix == settings.prefix == "BL03I-EA-ZOC-01"
