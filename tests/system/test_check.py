"""`zocalo-ioc check` finds what would be in the way of the first run."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.ports import LOOPBACK, free_ports
from tests.support.rabbitmq import RESULTS, RabbitMQ
from zocalo_ioc.__main__ import main

Check = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    ca, pva = free_ports(2)
    monkeypatch.setenv("EPICS_CA_SERVER_PORT", str(ca))
    monkeypatch.setenv("EPICS_PVA_SERVER_PORT", str(pva))
    return ca, pva


@pytest.fixture
def checked(ports: tuple[int, int], capsys: pytest.CaptureFixture[str]) -> Check:
    def checked(broker: str, *options: str, ok: bool = False) -> Any:
        """Return the outcome and the text of each finding by name."""
        if not {"--results-queue", "--results-exchange"} & set(options):
            options = *options, "--results-queue", RESULTS
        if "--prefix" not in options:
            options = *options, "--prefix", "TEST-CHECK"
        with pytest.raises(SystemExit) as ended:
            main(["check", "--broker", broker, "--json", *options])
        told = json.loads(capsys.readouterr().out)
        assert (ended.value.code, told["ok"]) == (int(not ok), ok), told
        return {c["what"]: (c["outcome"], c["text"]) for c in told["checks"]}

    return checked


@pytest.fixture(scope="module")
def broker(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host with the queues and exchange of a site, and a user: nobody."""
    host = rabbitmq.virtual_host("check", "processing_recipe", RESULTS)
    with host.channel() as channel:
        channel.exchange_declare("results", "topic", durable=True)
    host.control("add_user", "nobody", "password")
    host.control("set_permissions", "-p", "check", "nobody", "^$", "^$", "^$")
    return host


def test_a_good_broker_is_good_and_keeps_its_messages_untouched(
    broker: RabbitMQ, checked: Check
) -> None:
    broker.put(RESULTS, ({}, b"a result"))
    found = checked(broker.url, ok=True)
    assert found["virtual host check"][0] == "yes"
    assert found["permission to send"][0] == "yes"
    assert found[f"queue {RESULTS}"][0] == "yes"
    [(method, properties, body)] = broker.take(RESULTS)
    assert (method.redelivered, body) == (False, b"a result")
    assert not properties.headers.get("x-delivery-count")
    assert broker.depth("processing_recipe") == 0


def test_others_that_take_from_the_queue_are_told(
    broker: RabbitMQ, checked: Check
) -> None:
    with broker.channel() as channel:
        channel.basic_consume(RESULTS, print)
        outcome, text = checked(broker.url, ok=True)[f"queue {RESULTS}"]
    assert outcome == "note"
    assert "--results-exchange" in text


def test_the_queue_on_an_exchange_is_tried_and_not_left_behind(
    broker: RabbitMQ, checked: Check
) -> None:
    exchange = "--results-exchange", "results", "--routing-key", RESULTS
    assert checked(broker.url, *exchange, ok=True)["exchange results"][0] == "yes"
    with pytest.raises(Exception, match="404"):
        broker.depth("zocalo-ioc.TEST-CHECK")


@pytest.mark.parametrize(
    ("user", "what", "told"),
    [
        ("nobody:password", f"queue {RESULTS}", "does not let this user read"),
        ("nobody:password", "permission to send", "does not let this user write"),
        ("nobody:wr0ng", "login", "refused the user name or password"),
    ],
)
def test_what_the_user_may_not_do_is_told(
    broker: RabbitMQ, checked: Check, user: str, what: str, told: str
) -> None:
    found = checked(broker.url_with(login=user))
    outcome, text = next(found[name] for name in found if name.startswith(what))
    assert outcome == "no"
    assert told in text
    assert "wr0ng" not in str(found)


@pytest.mark.parametrize(
    ("options", "what", "told"),
    [
        (("--results-queue", "away"), "queue away", "has no queue away"),
        (
            ("--results-exchange", "away", "--routing-key", "any"),
            "exchange away",
            "has no exchange away",
        ),
    ],
)
def test_what_is_missing_at_the_broker_is_named(
    broker: RabbitMQ, checked: Check, options: list[str], what: str, told: str
) -> None:
    outcome, text = checked(broker.url, *options)[what]
    assert outcome == "no"
    assert told in text


def test_a_broker_without_the_queue_for_triggers_is_told(
    broker: RabbitMQ, checked: Check
) -> None:
    broker.delete("processing_recipe")
    outcome, text = checked(broker.url)["queue processing_recipe"]
    broker.declare("processing_recipe")
    assert outcome == "no"
    assert "for triggers" in text


def test_a_missing_virtual_host_is_not_taken_for_a_wrong_password(
    rabbitmq: RabbitMQ, checked: Check
) -> None:
    found = checked(rabbitmq.url.replace("%2F", "nowhere"))
    assert found["virtual host nowhere"][0] == "no"
    assert found[f"login {LOOPBACK}:{rabbitmq.port}"][0] == "yes"


def test_each_node_of_a_cluster_is_tried(broker: RabbitMQ, checked: Check) -> None:
    [away] = free_ports(1)
    found = checked(f"amqp://{LOOPBACK}:{away}/ {broker.url}")
    assert found[f"broker {LOOPBACK}:{away}"] == (
        "no",
        f"Nothing listens at {LOOPBACK}:{away}. Is the broker running?",
    )
    assert found[f"queue {RESULTS}"][0] == "yes"


def test_what_listens_and_never_answers_is_told(checked: Check) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        address = f"{LOOPBACK}:{silent.getsockname()[1]}"
        found = checked(f"amqp://{address}/")
    told = f"{address} does not answer. Check the network and the broker."
    assert found[f"login {address}"] == ("no", told)
    kind, said = found["queues and permissions"]
    assert (kind, said[:11]) == ("note", "Not checked")


# -- TLS ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls(request: pytest.FixtureRequest, authority: Authority) -> Iterator[int]:
    """A server with a certificate issued in some way, and no broker; its port."""
    own = authority.issue("server", **request.param)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.file, own.key)
    listener = socket.create_server((LOOPBACK, 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.mark.parametrize(
    ("tls", "what", "outcome", "told"),
    [
        ({"days": -1}, "TLS", "no", "expired. Renew the broker's certificate"),
        ({"host": "elsewhere"}, "TLS", "no", "Use the host name"),
        ({"days": 90}, "TLS", "yes", "valid for 89 days"),
        ({"days": 9}, "TLS", "note", "expires in 8 days"),
        ({"days": 90}, "login", "no", "does not answer as RabbitMQ does"),
    ],
    indirect=["tls"],
)
def test_a_certificate_is_examined(
    tls: int, authority: Authority, checked: Check, what: str, outcome: str, told: str
) -> None:
    trusted = "--ca-file", str(authority.file)
    found = checked(f"amqps://{LOOPBACK}:{tls}/", *trusted)
    last = [found[name] for name in found if name.startswith(what)][-1]
    assert last[0] == outcome
    assert told in last[1]


@pytest.mark.parametrize("tls", [{}], indirect=True)
def test_an_unknown_authority_is_told(tls: int, checked: Check) -> None:
    found = checked(f"amqps://{LOOPBACK}:{tls}/")
    assert "--ca-file" in found[f"TLS {LOOPBACK}:{tls}"][1]


# -- settings, EPICS and files ---------------------------------------------------


def test_a_prefix_that_makes_names_too_long_is_told(checked: Check) -> None:
    found = checked("amqp://localhost", "--prefix", "P" * 50)
    assert found["settings"][0] == "no"
    assert "EPICS allows 60" in found["settings"][1]


@pytest.mark.parametrize("server", ["Channel Access", "PV Access"])
def test_a_port_in_use_is_told(
    ports: tuple[int, int], broker: RabbitMQ, checked: Check, server: str
) -> None:
    port = ports[server == "PV Access"]
    with socket.create_server((LOOPBACK, port)):
        found = checked(broker.url)
    in_use = [name for name in found if "in use" in found[name][1]]
    assert in_use == [f"{server} port"]
    assert str(port) in found[f"{server} port"][1]


def test_a_folder_that_takes_no_files_is_told(checked: Check) -> None:
    found = checked("amqp://localhost:1", "--autosave", "/proc", "--rejected", "/tmp")
    assert found["--autosave"][0] == "no"
    assert found["--rejected"][0] == "yes"


def test_an_access_security_file_is_read_as_epics_does(
    broker: RabbitMQ, tmp_path: Path
) -> None:
    file = tmp_path / "site.acf"
    file.write_text("ASG(DEFAULT) { RULE(1,READ) ")
    told = run(broker, "--access-security", str(file))
    assert f"NO    --access-security: EPICS can't read {file}" in told.stdout
    assert told.returncode == 1


def test_a_pipe_gets_a_plain_line_each_and_no_log(broker: RabbitMQ) -> None:
    told = run(broker, "--access-security", "db/zocalo-ioc.acf")
    assert (told.returncode, told.stderr) == (0, "")
    found = told.stdout.splitlines()
    assert found[0] == "yes   settings: Complete."
    assert "yes   --access-security: EPICS can read db/zocalo-ioc.acf." in found


def test_a_udp_port_that_another_program_has_for_itself_is_told(
    broker: RabbitMQ, checked: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as selfish:
        selfish.bind(("", 0))
        port = str(selfish.getsockname()[1])
        monkeypatch.setenv("EPICS_CA_SERVER_PORT", port)
        outcome, text = checked(broker.url)["Channel Access"]
    assert outcome == "no"
    assert f"UDP port {port}: Address already in use" in text


def run(broker: RabbitMQ, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command where pika has no other logging than the command's own."""
    [ca, pva] = map(str, free_ports(2))
    finished = subprocess.run(
        [
            *(Path(sys.executable).with_name("zocalo-ioc"), "check"),
            *("--broker", broker.url, "--prefix", "P", "--results-queue", RESULTS),
            *options,
        ],
        env=os.environ | {"EPICS_CA_SERVER_PORT": ca, "EPICS_PVA_SERVER_PORT": pva},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert broker.password not in finished.stdout + finished.stderr
    return finished
