"""The real Zocalo packages, pointed at a broker of the tests."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from workflows.recipe import RecipeWrapper
from workflows.transport.pika_transport import PikaTransport

from .ports import LOOPBACK
from .rabbitmq import RESULTS, RabbitMQ


def write_configuration(folder: Path, broker: RabbitMQ, *environments: str) -> Path:
    """Write a Zocalo configuration, as ``ZOCALO_CONFIG`` names it."""
    file = folder / "zocalo.yaml"
    configuration = {
        "version": 1,
        "rabbitmq": {
            "plugin": "pika",
            "host": LOOPBACK,
            "port": broker.port,
            "username": "guest",
            "password": "guest",
            "vhost": "/",
        },
        "environments": {name: {"plugins": ["rabbitmq"]} for name in environments},
    }
    file.write_text(yaml.safe_dump(configuration))
    return file


class ResultSender:
    """Sends results as a Zocalo service does: through a RecipeWrapper of workflows."""

    def __init__(self, transport: PikaTransport) -> None:
        self._transport = transport

    def send(self, payload: object, **parameters: Any) -> None:
        recipe = {
            "1": {
                "queue": "reduce.xray_centering",
                "parameters": {},
                "output": {"success": 2},
            },
            "2": {"queue": RESULTS, "parameters": parameters},
            "start": [[1, []]],
        }
        message = {
            "recipe": recipe,
            "recipe-pointer": 1,
            "recipe-path": [],
            "environment": {"ID": str(uuid4())},
            "payload": {},
        }
        wrapper = RecipeWrapper(message=message, transport=self._transport)
        wrapper.send_to("success", payload)


@contextmanager
def result_sender(broker: RabbitMQ) -> Generator[ResultSender]:
    """Connect a real transport to a broker."""
    transport = PikaTransport()
    transport.defaults |= {"--rabbit-host": LOOPBACK, "--rabbit-port": broker.port}
    transport.connect()
    try:
        yield ResultSender(transport)
    finally:
        transport.disconnect()
