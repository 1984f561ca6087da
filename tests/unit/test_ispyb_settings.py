"""Where ISPyB is comes from a URL or a credentials file, and passwords stay secret."""

from pathlib import Path

import pytest

from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.settings import RunSettings

PASSWORD = "s3cret"
CREDENTIALS = {
    "username": "reader",
    "password": PASSWORD,
    "host": "ispyb.example.org",
    "port": "3306",
    "database": "ispyb",
}


def load(*options: str) -> RunSettings:
    needed = "--prefix", "P", "--broker", "amqp://h", "--results-queue", "xrc.i03"
    return RunSettings.load([*needed, *options])


def problem(*options: str) -> str:
    with pytest.raises(SettingsInvalid) as raised:
        _ = load(*options).ispyb_url
    assert PASSWORD not in str(raised.value)
    return str(raised.value)


def write(file: Path, values: dict[str, str], section: str = "ispyb_sqlalchemy") -> str:
    lines = [f"[{section}]", *(f"{key} = {value}" for key, value in values.items())]
    file.write_text("\n".join(lines))
    return str(file)


def test_nothing_is_looked_up_unless_asked_for() -> None:
    assert load().ispyb_url is None


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+mysqlconnector"])
def test_a_url_names_a_database(scheme: str) -> None:
    url = f"{scheme}://reader:{PASSWORD}@ispyb.example.org/ispyb"
    assert load("--ispyb", url).ispyb_url == url


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://reader:{PASSWORD}@host/ispyb",
        f"mysql://reader:{PASSWORD}@host:port/ispyb",
        f"mysql://reader:{PASSWORD}@host",
        f"mysql://reader:{PASSWORD}/@host/ispyb",
        f"mysql://reader:{PASSWORD}#@host/ispyb",
        f"mysql://reader:a@{PASSWORD}@host/ispyb",
        f"reader:{PASSWORD}@host/ispyb",
    ],
)
def test_a_url_that_can_not_be_used_is_refused_without_its_password(url: str) -> None:
    assert "write mysql://user:password@host:3306/ispyb" in problem("--ispyb", url)


def test_a_credentials_file_of_ispyb_is_as_good(tmp_path: Path) -> None:
    file = write(tmp_path / "ispyb.cfg", CREDENTIALS)
    url = f"mysql://reader:{PASSWORD}@ispyb.example.org:3306/ispyb"
    assert load("--ispyb-credentials", file).ispyb_url == url


def test_what_is_wrong_with_a_credentials_file_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "ispyb.cfg"
    option = "--ispyb-credentials", str(file)
    assert "No such file" in problem(*option)
    write(file, {key: CREDENTIALS[key] for key in ("username", "password", "host")})
    assert "'port' is missing" in problem(*option)
    write(file, CREDENTIALS, section="ispyb")
    assert "'ispyb_sqlalchemy' is missing" in problem(*option)
    write(file, CREDENTIALS | {"port": "none"})
    assert "not an ISPyB credentials file" in problem(*option)
    write(file, CREDENTIALS | {"password": f"a@{PASSWORD}"})
    assert "special characters as %XX" in problem(*option)
    file.write_text(f"password = {PASSWORD}")
    assert "not an ISPyB credentials file" in problem(*option)


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "ispyb.cfg", CREDENTIALS)
    both = "--ispyb", "mysql://host/ispyb", "--ispyb-credentials", file
    assert "give this or --ispyb-credentials, not both" in problem(*both)
    useless = "use only with --ispyb or --ispyb-credentials"
    assert useless in problem("--no-ispyb-required")


def test_a_variable_that_says_what_is_so_anyway_is_not_useless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_ISPYB_REQUIRED", "true")
    assert load().ispyb_required
