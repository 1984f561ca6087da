"""The real Zocalo packages, pointed at a broker of the tests."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from workflows.recipe import RecipeWrapper
from workflows.transport.pika_transport import PikaTransport

from .ports import LOOPBACK
from .rabbitmq import RESULTS, TRIGGERS, RabbitMQ


def pipeline_and_centre(result: tuple[Any, Any, bytes]) -> tuple[str, dict[str, Any]]:
    """Return the pipeline and the one centre of a result taken off a queue."""
    message = json.loads(result[2])
    parameters = message["recipe"][str(message["recipe-pointer"])]["parameters"]
    [centre] = message["payload"]["results"]
    return "GPU" if parameters.get("gpu") else "CPU", centre


def write_configuration(
    folder: Path, broker: RabbitMQ, *environments: str, recipes: Path | None = None
) -> Path:
    """Write a Zocalo configuration, as ``ZOCALO_CONFIG`` names it."""
    file = folder / "zocalo.yaml"
    configuration = {
        "version": 1,
        "rabbitmq": {
            "plugin": "pika",
            "host": LOOPBACK,
            "port": broker.port,
            "username": broker.user,
            "password": broker.password,
            "vhost": broker.vhost,
        },
        "storage": {
            "plugin": "storage",
            "zocalo.default_transport": "PikaTransport",
            "zocalo.recipe_directory": str(recipes),
        },
        "environments": {
            name: {"plugins": ["rabbitmq", "storage"]} for name in environments
        },
    }
    file.write_text(yaml.safe_dump(configuration))
    return file


class ResultSender:
    """Sends results as a Zocalo service does: through a RecipeWrapper of workflows."""

    def __init__(self, transport: PikaTransport, exchange: str, queue: str) -> None:
        self._transport = transport
        self._target = {"queue": queue} | ({"exchange": exchange} if exchange else {})

    def send(
        self,
        payload: object,
        gridinfo: Any = None,
        **parameters: Any,
    ) -> None:
        recipe = {
            "1": {
                "queue": "reduce.xray_centering",
                "parameters": {},
                "output": {"success": 2},
            },
            "2": self._target | {"parameters": parameters, "gridinfo": gridinfo},
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


class Answering:
    """A Zocalo that answers each end message with centres made from its DCID.

    For a scan of two grids it answers the end of the second one alone, whose DCID is
    odd, and names the first in ``dcg_dcids``.
    """

    def __init__(self, broker: RabbitMQ, sender: ResultSender) -> None:
        self._broker, self._sender = broker, sender
        self._stop = threading.Event()
        self.events: list[tuple[int, str]] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._broker.channel() as channel:
            for method, _, body in channel.consume(TRIGGERS, inactivity_timeout=0.1):
                if self._stop.is_set():
                    break
                if method is not None:
                    self._answer(json.loads(body)["parameters"])
                    channel.basic_ack(method.delivery_tag)

    def _answer(self, parameters: dict[str, Any]) -> None:
        dcid, event = parameters["ispyb_dcid"], parameters["event"]
        self.events.append((dcid, event))
        of_two = parameters.get("of_two")
        if event == "end" and not (of_two and dcid % 2 == 0):
            others = [dcid - 1, dcid] if of_two else []
            results = [centre_of(dcid)] * number_of_centres(dcid)
            payload = {"results": results, "status": "success", "type": "3d"}
            self._sender.send(payload, dcid=dcid, dcgid=0, dcg_dcids=others)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def number_of_centres(dcid: int) -> int:
    """Return how many centres a data collection is answered with.

    It tells 809 data collections in a row from each other.
    """
    return dcid % 809 + 1


def centre_of(dcid: int) -> dict[str, Any]:
    """Return the centre with which a data collection is answered."""
    return {
        "centre_of_mass": [dcid % 100 + 0.5, 1.5, 2.5],
        "max_voxel": [dcid % 100, 1, 2],
        "max_count": dcid,
        "n_voxels": 1,
        "total_count": dcid,
        "bounding_box": [[dcid % 100, 1, 2], [dcid % 100 + 1, 2, 3]],
    }


@contextmanager
def answering(broker: RabbitMQ) -> Generator[Answering]:
    """Answer triggers until the end of the block."""
    with result_sender(broker) as sender:
        zocalo = Answering(broker, sender)
        try:
            yield zocalo
        finally:
            zocalo.stop()


@contextmanager
def result_sender(
    broker: RabbitMQ, exchange: str = "", queue: str = RESULTS
) -> Generator[ResultSender]:
    """Connect a real transport to a broker."""
    transport = PikaTransport()
    # all of them: a configuration that was read before has changed them, too
    transport.defaults |= {
        "--rabbit-host": LOOPBACK,
        "--rabbit-port": broker.port,
        "--rabbit-user": broker.user,
        "--rabbit-pass": broker.password,
        "--rabbit-vhost": broker.vhost,
    }
    transport.connect()
    try:
        yield ResultSender(transport, exchange, queue)
    finally:
        if transport.is_connected():
            # The broker's answer comes after it has taken what was sent: there are no
            # confirms, and it may lose messages of a sender that leaves at once.
            transport.transaction_begin()  # pyright: ignore[reportCallIssue]
        transport.disconnect()
