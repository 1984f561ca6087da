"""What users can configure: which source wins, and how a mistake is answered."""

import os
import re
import ssl
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.exceptions import Exit

from zocalo_ioc.commands.demo import DemoSettings
from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.settings import ENV_PREFIX, MAX_PREFIX, RunSettings

PASSWORD = "s3cret"
COMMAND_LINE = [
    *("--prefix", "CLI"),
    *("--broker", "amqp://cli"),
    *("--results-queue", "cli"),
    *("--send-timeout", "1"),
]
ENVIRONMENT = {
    "ZOCALO_IOC_PREFIX": "ENV",
    "ZOCALO_IOC_BROKER": "amqp://env",
    "ZOCALO_IOC_RESULTS_QUEUE": "env",
    "ZOCALO_IOC_SEND_TIMEOUT": "2",
}
FILE = """
prefix: FILE
broker: amqp://file
results_queue: file
send_timeout: 3
"""
FROM_COMMAND_LINE = ("CLI", ["amqp://cli"], "cli", 1)
FROM_ENVIRONMENT = ("ENV", ["amqp://env"], "env", 2)
FROM_FILE = ("FILE", ["amqp://file"], "file", 3)

WithFile = Callable[[str | bytes], list[str]]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def with_file(tmp_path: Path) -> WithFile:
    """Writes a settings file and returns the options that name it."""
    file = tmp_path / "zocalo-ioc.yaml"

    def write(content: str | bytes) -> list[str]:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return ["--config", str(file)]

    return write


def values(settings: RunSettings) -> tuple[str, list[str], str | None, float]:
    return (
        settings.prefix,
        settings.broker_urls,
        settings.results_queue,
        settings.send_timeout,
    )


def test_settings_come_from_the_command_line() -> None:
    assert values(RunSettings.load(COMMAND_LINE)) == FROM_COMMAND_LINE


@pytest.mark.usefixtures("environment")
def test_settings_come_from_the_environment() -> None:
    assert values(RunSettings.load([])) == FROM_ENVIRONMENT


def test_settings_come_from_the_file(with_file: WithFile) -> None:
    assert values(RunSettings.load(with_file(FILE))) == FROM_FILE


@pytest.mark.usefixtures("environment")
def test_the_command_line_wins_over_environment_and_file(with_file: WithFile) -> None:
    settings = RunSettings.load([*COMMAND_LINE, *with_file(FILE)])
    assert values(settings) == FROM_COMMAND_LINE


@pytest.mark.usefixtures("environment")
def test_the_environment_wins_over_the_file(with_file: WithFile) -> None:
    assert values(RunSettings.load(with_file(FILE))) == FROM_ENVIRONMENT


def test_each_setting_may_come_from_another_source(
    with_file: WithFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_BROKER", "amqp://env")
    settings = RunSettings.load(["--prefix", "CLI", *with_file(FILE)])
    assert values(settings) == ("CLI", ["amqp://env"], "file", 3)


def test_the_environment_can_name_the_file(
    with_file: WithFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_CONFIG", with_file(FILE)[1])
    assert values(RunSettings.load([])) == FROM_FILE


def test_the_file_on_the_command_line_wins_over_that_of_the_environment(
    with_file: WithFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_CONFIG", "elsewhere.yaml")
    assert values(RunSettings.load(with_file(FILE))) == FROM_FILE


def test_an_empty_file_changes_nothing(with_file: WithFile) -> None:
    settings = RunSettings.load([*COMMAND_LINE, *with_file("")])
    assert values(settings) == FROM_COMMAND_LINE


def test_the_demo_needs_no_settings() -> None:
    assert DemoSettings.load([]).prefix == "ZOCALO-DEMO"


def test_the_broker_option_is_repeated_for_the_nodes_of_a_cluster() -> None:
    settings = RunSettings.load([*COMMAND_LINE, "--broker", "amqps://other:5671/v"])
    assert settings.broker_urls == ["amqp://cli", "amqps://other:5671/v"]


@pytest.mark.parametrize(
    "text",
    ["amqp://a,amqp://b", "amqp://a amqp://b", " amqp://a , amqp://b "],
)
def test_the_environment_names_the_nodes_of_a_cluster_in_one_variable(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_BROKER", text)
    settings = RunSettings.load(["--prefix", "P", "--results-queue", "q"])
    assert settings.broker_urls == ["amqp://a", "amqp://b"]


@pytest.mark.parametrize(
    "text", ["broker: [amqp://a, 'amqp://b']", "broker:\n- amqp://a\n- amqp://b"]
)
def test_the_file_lists_the_nodes_of_a_cluster(with_file: WithFile, text: str) -> None:
    arguments = ["--prefix", "P", "--results-queue", "q", *with_file(text)]
    assert RunSettings.load(arguments).broker_urls == ["amqp://a", "amqp://b"]


@pytest.mark.usefixtures("environment")
def test_brokers_of_the_command_line_replace_those_of_the_environment() -> None:
    settings = RunSettings.load(["--broker", "amqp://a", "--broker", "amqp://b"])
    assert settings.broker_urls == ["amqp://a", "amqp://b"]


@pytest.mark.parametrize(
    "way",
    [
        *("--prefix is missing", "ZOCALO_IOC_PREFIX", "prefix in the settings file"),
        *("--broker is missing", "ZOCALO_IOC_BROKER", "broker in the settings file"),
        "--results-queue is missing",
        "ZOCALO_IOC_RESULTS_QUEUE",
        "results_queue in the settings file",
    ],
)
def test_a_missing_setting_is_named_with_each_way_to_give_it(way: str) -> None:
    with pytest.raises(SettingsInvalid, match=way):
        RunSettings.load([])


def test_only_what_is_missing_is_called_missing() -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load(["--prefix", "P", "--broker", "amqp://a"])
    assert str(refusal.value).count("missing") == 1


def test_an_argument_that_belongs_to_no_option_is_complained_of() -> None:
    with pytest.raises(SettingsInvalid, match=r"argument a\.\n.*argument b\."):
        RunSettings.load([*COMMAND_LINE, "a", "b"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--brokr", "amqp://user:s3cret@host/vhost"],
        ["--brokr=user:s3cret"],
        ["--brokr", "amqp://user:a s3cret@host/vhost"],
    ],
)
def test_an_unknown_option_is_named_without_its_password(
    arguments: list[str],
) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*COMMAND_LINE, *arguments])
    assert "s3cret" not in str(refusal.value)
    assert "--brokr" in str(refusal.value)


EXCHANGE = [
    *("--prefix", "P:1"),
    *("--broker", "amqp://a"),
    *("--results-exchange", "results"),
    *("--routing-key", "xrc.i03"),
]


def test_an_exchange_needs_no_queue_and_names_its_own_after_the_prefix() -> None:
    settings = RunSettings.load(EXCHANGE)
    assert settings.results_queue is None
    assert settings.results[0] == "zocalo-ioc.P:1.results.xrc.i03"


def test_results_come_from_a_queue_or_an_exchange_not_both() -> None:
    with pytest.raises(SettingsInvalid, match=r"--results-queue: .*--results-exchange"):
        RunSettings.load([*EXCHANGE, "--results-queue", "q"])


def test_an_exchange_without_a_routing_key_is_refused_naming_it() -> None:
    with pytest.raises(SettingsInvalid, match="--routing-key is missing"):
        RunSettings.load(EXCHANGE[:-2])


def test_a_routing_key_without_an_exchange_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match=r"--routing-key: .*--results-exchange"):
        RunSettings.load([*COMMAND_LINE, "--routing-key", "k"])


USELESS = [
    ("--client-key", "--client-certificate"),
    ("--metrics-address", "--metrics-port"),
    ("--zocalo-config", "--zocalo-environment"),
]


@pytest.mark.parametrize(("option", "other"), USELESS)
def test_an_option_that_needs_another_one_is_refused_without_it(
    with_file: WithFile, option: str, other: str
) -> None:
    key = option[2:].replace("-", "_")
    for way in ([option, "x"], with_file(f"{key}: x")):
        with pytest.raises(SettingsInvalid, match=f"{option}.*: use only with {other}"):
            RunSettings.load([*COMMAND_LINE, *way])


@pytest.mark.parametrize(("option", "other"), USELESS)
def test_a_variable_that_needs_another_option_may_be_for_other_iocs(
    monkeypatch: pytest.MonkeyPatch, option: str, other: str
) -> None:
    monkeypatch.setenv(ENV_PREFIX + option[2:].replace("-", "_").upper(), "x")
    assert values(RunSettings.load(COMMAND_LINE)) == FROM_COMMAND_LINE


def test_a_broker_and_a_zocalo_environment_are_too_much() -> None:
    with pytest.raises(SettingsInvalid, match=r"--broker: .*--zocalo-environment"):
        RunSettings.load([*COMMAND_LINE, "--zocalo-environment", "e"])


def test_how_to_do_tls_is_not_for_the_broker_url() -> None:
    url = "amqps://h/v?ssl_options=%7B%27verify_mode%27%3A0%7D"
    with pytest.raises(SettingsInvalid, match=r"--broker: .*--ca-file"):
        RunSettings.load([*COMMAND_LINE, "--broker", url])


def test_the_broker_of_amqps_is_verified_by_default() -> None:
    context = RunSettings.load(COMMAND_LINE).tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("option", ["--ca-file", "--client-certificate"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_can_not_be_used_is_named(
    tmp_path: Path, option: str, content: str | None
) -> None:
    file = tmp_path / "certificate.pem"
    if content is not None:
        file.write_text(content)
    settings = RunSettings.load([*COMMAND_LINE, option, str(file)])
    with pytest.raises(SettingsInvalid, match=f"{option}: .*{file}"):
        settings.tls()


def zocalo_configuration(folder: Path, **values: object) -> list[str]:
    """Write a Zocalo configuration; return the options that have it used."""
    rabbitmq = {
        "plugin": "pika",
        "host": "node1",
        "port": 5672,
        "username": "user",
        "password": "p/w@",
        "vhost": "zocalo",
    }
    configuration = {
        "version": 1,
        "rabbitmq": rabbitmq | values,
        "environments": {"live": {"plugins": ["rabbitmq"]}, "empty": {"plugins": []}},
    }
    file = folder / "zocalo.yaml"
    file.write_text(yaml.safe_dump(configuration))
    return ["--zocalo-config", str(file), "--zocalo-environment", "live"]


ZOCALO = ["--prefix", "P", "--results-queue", "q"]


@pytest.mark.parametrize(
    ("values", "urls"),
    [
        ({}, ["amqp://user:p%2Fw%40@node1:5672/zocalo"]),
        (
            {"host": "node1,node2", "vhost": "/"},
            [f"amqp://user:p%2Fw%40@{node}:5672/%2F" for node in ("node1", "node2")],
        ),
        (
            {"host": "localhost", "username": "guest", "password": "guest"}
            | {"vhost": "/"},
            ["amqp://guest:guest@localhost:5672/%2F"],
        ),
        (
            {"host": "node1, node2", "port": "5672,5673"},
            [f"amqp://user:p%2Fw%40@node{i}:567{i + 1}/zocalo" for i in (1, 2)],
        ),
    ],
)
def test_the_nodes_come_from_the_zocalo_configuration(
    tmp_path: Path, values: dict[str, object], urls: list[str]
) -> None:
    settings = RunSettings.load([*ZOCALO, *zocalo_configuration(tmp_path, **values)])
    assert settings.broker_urls == urls
    assert settings.broker_urls == urls  # also if Zocalo has these values already


def test_the_zocalo_configuration_may_be_named_as_zocalo_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, file, *environment = zocalo_configuration(tmp_path)
    monkeypatch.setenv("ZOCALO_CONFIG", file)
    urls = RunSettings.load([*ZOCALO, *environment]).broker_urls
    assert urls == ["amqp://user:p%2Fw%40@node1:5672/zocalo"]


@pytest.mark.parametrize(
    ("values", "environment", "told"),
    [
        ({}, "dead", "no environment dead. It has empty, live"),
        ({}, "empty", "does not say where RabbitMQ is"),
        ({"port": "1,2,3"}, "live", "1 hosts and 3 ports"),
        ({"plugin": 5}, "live", "can't use"),
    ],
)
def test_a_zocalo_configuration_without_a_broker_is_refused(
    tmp_path: Path, values: dict[str, object], environment: str, told: str
) -> None:
    *options, _ = zocalo_configuration(tmp_path, **values)
    settings = RunSettings.load([*ZOCALO, *options, environment])
    with pytest.raises(SettingsInvalid, match=told) as refusal:
        assert settings.broker_urls
    assert "p/w@" not in str(refusal.value)


def test_the_queue_of_triggers_can_not_be_the_one_of_results() -> None:
    with pytest.raises(SettingsInvalid, match="this queue is for triggers"):
        RunSettings.load([*COMMAND_LINE, "--results-queue", "processing_recipe"])


@pytest.mark.parametrize("key", ["brokr", "send_timeout_ms"])
def test_an_unknown_key_of_the_file_is_named(with_file: WithFile, key: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"zocalo-ioc\.yaml: unknown key {key}"):
        RunSettings.load([*COMMAND_LINE, *with_file(f"{key}: x")])


def test_a_key_of_the_file_may_be_spelt_as_the_option(with_file: WithFile) -> None:
    file = with_file("results-queue: q")
    settings = RunSettings.load(["--prefix", "P", "--broker", "amqp://a", *file])
    assert settings.results_queue == "q"


@pytest.mark.parametrize("path", ["no-such-file.yaml", "."])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, path: str) -> None:
    missing = str(tmp_path / path)
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*COMMAND_LINE, "--config", missing])
    assert missing in str(refusal.value)


BAD_FILES: dict[str, str | bytes] = {
    "unfinished": "{",
    "two values on a line": "prefix: FILE: x",
    "a tab": "\tprefix: FILE",
    "an unclosed quote": f"broker: 'amqp://user:{PASSWORD}@host",
    "an unknown alias": f"broker: *{PASSWORD}",
    "an unknown tag": f"broker: !amqp://user:{PASSWORD}@host",
    "a list": f"- amqp://user:{PASSWORD}@host",
    "a word": PASSWORD,
    "a key that is a number": "1: x",
    "not UTF-8": b"prefix: \xff",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_is_no_mapping_in_yaml_is_refused_by_its_name(
    with_file: WithFile, content: str | bytes
) -> None:
    options = with_file(content)
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*COMMAND_LINE, *options])
    assert options[1] in str(refusal.value)


@pytest.mark.parametrize(
    "content", [c for c in BAD_FILES.values() if PASSWORD in str(c)]
)
def test_a_file_that_is_no_mapping_in_yaml_never_shows_its_password(
    with_file: WithFile, content: str | bytes
) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*COMMAND_LINE, *with_file(content)])
    assert PASSWORD not in str(refusal.value)


SPECIAL = "write special characters of the user name, password and virtual host as %XX"
AS_URL = "write it as a URL: amqp://user:password@host:5672/vhost"
OTHER = "write amqp://user:password@host:5672/vhost, or amqps:// for TLS"
PORT = "write a port from 1 to 65535 after the host"
QUERY = "write after the ? only parameters that pika knows"
BAD_URLS = {
    PASSWORD: AS_URL,
    f"user:{PASSWORD}@host": AS_URL,
    f"http://user:{PASSWORD}@host": OTHER,
    f"http://amqp://user:{PASSWORD}@host": OTHER,
    f"amqp://user:{PASSWORD}@host:port/vhost": PORT,
    f"amqp://user:{PASSWORD}@host:99999/vhost": PORT,
    f"amqp://user:{PASSWORD}#x@host/vhost": SPECIAL,
    f"amqp://user:{PASSWORD}@[host/vhost": SPECIAL,
    f"amqp://user:{PASSWORD}/x@host/vhost": SPECIAL,
    f"amqp://user:{PASSWORD}": PORT,
    f"amqp://user:x,{PASSWORD}.yz,z@host/vhost": AS_URL,
    f"amqp://user:x {PASSWORD}:1 z@host/vhost": AS_URL,
    f"amqp://user:{PASSWORD}@host/vhost?heartbeat=often": QUERY,
    f"amqp://user:x@host/vhost?heartbeat={PASSWORD}": QUERY,
}
EACH_BAD_URL = pytest.mark.parametrize(("url", "advice"), BAD_URLS.items())


@pytest.fixture(params=["command line", "environment", "file"])
def load_broker(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    with_file: WithFile,
) -> Callable[[str], RunSettings]:
    """Loads settings whose broker comes from each of the sources."""

    def load(url: str) -> RunSettings:
        arguments = ["--prefix", "P", "--results-queue", "q"]
        match request.param:
            case "command line":
                arguments += ["--broker", url]
            case "environment":
                monkeypatch.setenv("ZOCALO_IOC_BROKER", url)
            case _:
                arguments += with_file(f'broker: ["{url}"]')
        return RunSettings.load(arguments)

    return load


@EACH_BAD_URL
def test_a_bad_broker_url_is_answered_with_how_to_write_one(
    load_broker: Callable[[str], RunSettings], url: str, advice: str
) -> None:
    with pytest.raises(SettingsInvalid, match=rf"--broker.*{re.escape(advice)}"):
        load_broker(url)


@EACH_BAD_URL
def test_a_bad_broker_url_never_shows_its_password(
    load_broker: Callable[[str], RunSettings], url: str, advice: str
) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        load_broker(url)
    assert PASSWORD not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    ("url", "shown", "advice"),
    [
        ("localhost", "'localhost'", "amqp://user:password@host:5672/vhost"),
        ("rmq.site.org:5671", "'rmq.site.org:5671'", "write it as a URL"),
        ("http://localhost", "'http://localhost'", "amqp://"),
        ("amqp://h:99999/v", "'amqp://h:99999/v'", "1 to 65535"),
        ("amqp://u:p@[::1]:x/v", "'amqp://…@[::1]:x/v'", "1 to 65535"),
    ],
)
def test_a_bad_broker_url_is_shown_without_user_and_password(
    url: str, shown: str, advice: str
) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*COMMAND_LINE, "--broker", url])
    assert f"--broker: can't use {shown}; " in str(refusal.value)
    assert advice in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    ["amqp://[::1]:5672/v", "amqps://[::1]", "amqp://", "amqp://h/%2F?heartbeat=9"],
)
def test_a_broker_url_that_pika_takes_is_taken(url: str) -> None:
    assert RunSettings.load([*COMMAND_LINE, "--broker", url]).broker_urls[-1] == url


def test_a_broker_written_as_a_mapping_never_shows_its_password(
    with_file: WithFile,
) -> None:
    arguments = ["--prefix", "P", "--results-queue", "q"]
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*arguments, *with_file(f"broker: {{password: {PASSWORD}}}")])
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize("show", [repr, str], ids=["repr", "str"])
def test_settings_never_show_the_password(
    load_broker: Callable[[str], RunSettings], show: Callable[[object], str]
) -> None:
    settings = load_broker(f"amqp://user:{PASSWORD}@host:5672/vhost")
    assert PASSWORD not in show(settings)


def test_the_broker_urls_have_their_passwords(
    load_broker: Callable[[str], RunSettings],
) -> None:
    url = f"amqp://user:{PASSWORD}@host:5672/vhost"
    assert load_broker(url).broker_urls == [url]


def test_no_broker_at_all_is_refused_naming_the_option(with_file: WithFile) -> None:
    arguments = ["--prefix", "P", "--results-queue", "q", *with_file("broker: []")]
    with pytest.raises(SettingsInvalid, match="--broker"):
        RunSettings.load(arguments)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--results-queue", ""),
        ("--results-queue", "q" * 256),
        ("--heartbeat", "0"),
        ("--heartbeat", "2.5"),
        ("--send-timeout", "0"),
        ("--send-timeout", "-1"),
        ("--send-timeout", "soon"),
        ("--send-timeout", "nan"),
        ("--send-timeout", "3601"),
    ],
)
def test_a_value_out_of_its_limits_is_refused_naming_the_option(
    option: str, value: str
) -> None:
    shown = value if len(value) < 80 else f"{value[:80]}…"
    with pytest.raises(SettingsInvalid, match=f"{option}: can't use '{shown}'; write "):
        RunSettings.load([*COMMAND_LINE, f"{option}={value}"])


def test_a_folder_that_can_not_be_made_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "saved"
    file.touch()
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*COMMAND_LINE, f"--autosave={file}"])
    told = f"--autosave: can't use '{file}'; creating it failed: File exists"
    assert str(refusal.value).rstrip(".") == told


@pytest.mark.parametrize(
    "prefix",
    [
        *("BL03I-EA-ZOC-01", "ZOCALO-DEMO", "SR:C01", "a_b+c<d>[e];f", "P"),
        "P" * MAX_PREFIX,
    ],
)
def test_a_prefix_that_epics_takes_is_taken_as_it_is(prefix: str) -> None:
    assert DemoSettings.load(["--prefix", prefix]).prefix == prefix


@pytest.mark.parametrize(
    ("given_", "prefix"),
    [
        ("BL03I-EA-ZOC-01:", "BL03I-EA-ZOC-01"),
        ("SR:C01:", "SR:C01"),
        ("P" * MAX_PREFIX + ":", "P" * MAX_PREFIX),
    ],
)
def test_the_colon_after_a_prefix_may_be_given(given_: str, prefix: str) -> None:
    assert DemoSettings.load(["--prefix", given_]).prefix == prefix


@pytest.mark.parametrize(
    "prefix", ["", ":", "two words", "P.VAL", "P$(M)", "P\nQ", "Prüfstand"]
)
def test_a_prefix_that_epics_does_not_take_is_refused(prefix: str) -> None:
    with pytest.raises(SettingsInvalid, match="--prefix: "):
        DemoSettings.load(["--prefix", prefix])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("send_timeout: soon", r"send_timeout in \S+zocalo-ioc\.yaml"),
        (None, "ZOCALO_IOC_SEND_TIMEOUT"),
    ],
)
def test_a_problem_says_where_the_value_comes_from(
    with_file: WithFile, monkeypatch: pytest.MonkeyPatch, text: str | None, where: str
) -> None:
    options = [each for each in COMMAND_LINE if each not in ("--send-timeout", "1")]
    if text:
        options += with_file(text)
    else:
        monkeypatch.setenv("ZOCALO_IOC_SEND_TIMEOUT", "soon")
    expected = rf"--send-timeout \({where}\): can't use 'soon'; write a number above 0"
    with pytest.raises(SettingsInvalid, match=expected):
        RunSettings.load(options)


def test_all_problems_are_told_at_once_a_line_each(
    with_file: WithFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_HEARTBEAT", "often")
    options = ["--borker", "localhost", "--metrics-port", "0", "--routing-key", "k"]
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load([*options, *with_file("prefixx: P\nautosave: [1]")])
    starts = [
        "There is no option --borker; did you mean --broker?",
        "zocalo-ioc.yaml: unknown key prefixx; did you mean",
        "--prefix is missing",
        "--heartbeat (ZOCALO_IOC_HEARTBEAT): can't use 'often'; write a whole number",
        "--autosave (autosave in zocalo-ioc.yaml): can't use a list; write a folder",
        "--metrics-port: can't use '0'; write a whole number, 1 to 65535",
        "--results-queue is missing",
        "--routing-key: use only with --results-exchange",
    ]
    told = str(refusal.value).replace(with_file("")[1], "zocalo-ioc.yaml").splitlines()
    for line, start in zip(told, starts, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize("content", [None, "prefix P", "broker: [}"])
def test_nothing_is_missed_that_an_unreadable_file_may_have(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "i03.yaml"
    if content:
        file.write_text(content)
    useless = "--metrics-address", "0.0.0.0"
    with pytest.raises(SettingsInvalid) as refusal:
        RunSettings.load(["--config", str(file), "--heartbeat", "often", *useless])
    reason, heartbeat = str(refusal.value).splitlines()
    assert str(file) in reason
    assert heartbeat.startswith("--heartbeat: can't use 'often'")


@pytest.mark.parametrize("text", ["10", "010", "1_0"])
def test_the_file_means_what_the_command_line_means(
    with_file: WithFile, text: str
) -> None:
    """YAML would make numbers of these names, and not the ones that are written."""
    settings = RunSettings.load([*COMMAND_LINE[2:], *with_file(f"prefix: {text}")])
    assert settings.prefix == text


def test_a_prefix_that_is_too_long_is_refused_with_the_limit() -> None:
    with pytest.raises(SettingsInvalid, match=rf"--prefix: .*\b{MAX_PREFIX}\b"):
        DemoSettings.load(["--prefix", "P" * (MAX_PREFIX + 1)])


def test_help_shows_no_default_where_there_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Exit):
        RunSettings.load(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--broker URL amqp" in text
    assert "null" not in text
    assert "(default: [])" not in text
    assert "(default: 10)" in text


# -- --broker-file ----------------------------------------------------------------


@pytest.fixture
def urls_file(tmp_path: Path) -> Path:
    return tmp_path / "urls"


def of_file(file: Path) -> RunSettings:
    there = ("--prefix", "P", "--results-queue", "q")
    return RunSettings.load([*there, "--broker-file", str(file)])


def test_a_broker_file_is_read_at_each_attempt(urls_file: Path) -> None:
    settings = of_file(urls_file)
    for password in ("old", "new"):
        urls = [f"amqp://ioc:{password}@node{number}:5672/v" for number in (1, 2)]
        urls_file.write_text("# nodes\n\n" + "\n".join(urls) + "\n")
        assert settings.broker_urls == urls


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "can't read .*No such file"),
        (b"\xff", "it is not UTF-8"),
        (b"# none\n", "has no URL"),
        (b"\namqp://a\nhttp://u:s3cret@b\n", "can't use line 3 of"),
    ],
)
def test_a_broker_file_that_can_not_be_used_is_named(
    urls_file: Path, content: bytes | None, problem: str
) -> None:
    if content is not None:
        urls_file.write_bytes(content)
    with pytest.raises(SettingsInvalid, match=problem) as raised:
        _ = of_file(urls_file).broker_urls
    assert "s3cret" not in str(raised.value)
