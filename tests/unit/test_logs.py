"""Log lines in each form, and what they never hold."""

import json
import logging
import threading
from collections.abc import Iterator

import graypy
import pytest

from zocalo_ioc.errors import SettingsInvalid
from zocalo_ioc.logs import JSON_FIELDS, MAX_WAITING, logging_as
from zocalo_ioc.settings import LogSettings

URL = "amqp://ioc:s3cret@rabbitmq.example.org:5672/zocalo"


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger without pytest's handlers, brought back after."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    yield root
    root.handlers, root.level = handlers, level


def logged(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with logging_as(LogSettings.load(options)):
        logger = logging.getLogger("zocalo_ioc.test")
        logger.info("Sent", extra={"dcid": 7, "guid": "g", "job": 3})
        try:
            raise ValueError(f"no way to {URL}")
        except ValueError:
            logger.exception("Lost %s", URL)
    return capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_password_is_left_out_of_messages_and_of_tracebacks(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    text = logged(capsys, "--log-format", form)
    assert "s3cret" not in text
    assert text.count("@rabbitmq.example.org") == 2


def test_a_json_line_has_the_fields_that_were_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent, lost = map(json.loads, logged(capsys, "--log-format", "json").splitlines())
    assert [sent[k] for k in ("dcid", "guid", "job", "message")] == [7, "g", 3, "Sent"]
    assert "ValueError" in lost["exception"]
    assert "dcid" not in lost
    assert {*sent, *lost} == set(JSON_FIELDS)


def test_what_matters_less_than_the_level_is_not_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = logged(capsys, "--log-level", "error")
    assert "Sent" not in text
    assert "Lost" in text


def test_a_graylog_that_is_away_holds_nothing_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "Lost" in logged(capsys, "--log-graylog", "127.0.0.1:1")


def test_only_so_many_lines_wait_for_a_slow_graylog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_send, sent = threading.Event(), list[logging.LogRecord]()

    def emit(_: object, record: logging.LogRecord) -> None:
        may_send.wait(10)
        sent.append(record)

    monkeypatch.setattr(graypy.GELFUDPHandler, "emit", emit)
    with logging_as(LogSettings.load(["--log-graylog", "127.0.0.1:1"])):
        for number in range(MAX_WAITING + 100):
            logging.info("%d", number)
        may_send.set()
    # one was being sent
    assert len(sent) in (MAX_WAITING, MAX_WAITING + 1)


@pytest.mark.parametrize("address", ["graylog", "graylog:0", "graylog:99999", ":1"])
def test_an_address_without_host_and_port_is_refused(address: str) -> None:
    with pytest.raises(SettingsInvalid, match="write host and port"):
        LogSettings.load(["--log-graylog", address])
