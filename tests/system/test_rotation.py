"""Passwords and certificates that change are used without a restart."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.ioc import Ioc
from tests.support.ports import LOOPBACK, free_ports
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ

USER = "rotating"


@pytest.fixture
def user(private_broker: RabbitMQ) -> Iterator[Callable[[str], str]]:
    """Make a user; what is returned sets the password, and gives the URL with it."""

    def change(password: str) -> str:
        private_broker.control("change_password", USER, password)
        return private_broker.url_with(login=f"{USER}:{password}")

    private_broker.control("add_user", USER, "first")
    private_broker.control("set_permissions", USER, ".*", ".*", ".*")
    yield change
    private_broker.control("delete_user", USER)


async def test_a_password_is_changed_without_a_restart(
    private_broker: RabbitMQ,
    user: Callable[[str], str],
    ioc_maker: Callable[..., Ioc],
    tmp_path: Path,
) -> None:
    file = tmp_path / "urls"
    file.write_text(f"{user('first')}\n")
    ioc = ioc_maker("run", "--broker-file", str(file), "--results-queue", RESULTS)
    await ioc.until_value("BROKER:CONNECTED", 1)
    url = user("second")
    private_broker.control("close_all_connections", "rotated")

    await ioc.until_said("refused the user name or password")
    file.unlink()  # as some tools do before they write another

    await ioc.until_said(f"can't read {file}")
    file.write_text(f"{url}\n")
    await ioc.until_value("BROKER:CONNECTED", 1, limit=10)
    await ioc.put_all(DCID=81, NUM_FRAMES=1, START=1)
    assert await ioc.state() == "Started"
    assert not any(word in ioc.log for word in ("first", "second"))


async def test_a_certificate_is_renewed_without_a_restart(
    ioc_maker: Callable[..., Ioc], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rotation")
    site, another = (Authority(tmp_path_factory.mktemp(n)) for n in ("site", "other"))
    own, (port,) = site.issue("broker"), free_ports(1)
    server = RabbitMQ(
        tmp_path_factory.mktemp("tls"),
        f"""
        listeners.ssl.1 = {LOOPBACK}:{port}
        ssl_options.cacertfile = {site.file}
        ssl_options.certfile = {own.file}
        ssl_options.keyfile = {own.key}
        """,
    )
    trusted = folder / "ca.pem"
    shutil.copy(another.file, trusted)
    try:
        server.start()
        server.declare(TRIGGERS, RESULTS)
        ioc = ioc_maker(
            *("run", "--broker", server.url_with(scheme="amqps", port=port)),
            *("--results-queue", RESULTS, "--ca-file", str(trusted)),
        )

        await ioc.until_said("is not trusted")
        shutil.copy(site.file, trusted)
        await ioc.until_value("BROKER:CONNECTED", 1)
        await ioc.put_all(DCID=82, NUM_FRAMES=1, START=1)
        assert await ioc.state() == "Started"
    finally:
        server.close()
