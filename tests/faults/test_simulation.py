"""A simulated Zocalo whose broker goes away in the middle of a scan."""

import json
import signal
from pathlib import Path

from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.simulation import simulating
from zocalo_ioc.wire import Event, Request

QUEUES = (
    TRIGGERS,
    *("mimas", "filewatcher", "per_image_analysis"),
    "reduce.xray_centering",
)


def trigger(broker: RabbitMQ, event: Event, dcid: int) -> None:
    message = Request(dcid=dcid, num_frames=400).message(event, f"{event}-{dcid}")
    broker.put(TRIGGERS, ({}, json.dumps(message).encode()))


def test_a_scan_has_its_result_though_the_broker_restarts_in_the_middle_of_it(
    private_broker: RabbitMQ, tmp_path: Path
) -> None:
    with simulating(private_broker, tmp_path, "--frame-rate", "400") as simulation:
        # a kill loses what was declared two seconds before: Mnesia writes late
        private_broker.control("eval", "mnesia:sync_log().")
        for event in Event:
            for dcid in (71, 72):
                trigger(private_broker, event, dcid)
        simulation.until_logged("DCID 71: 400 frames")
        private_broker.stop(signal.SIGKILL)
        private_broker.start()
        simulation.until_logged("1 centre in 800 frames")
        [(_, _, body)] = private_broker.take(RESULTS)
        assert len(json.loads(body)["payload"]["results"]) == 1
        # all six queues are served again, and the second grid's message is dealt with
        simulation.until_logged("takes messages from", times=12)
        simulation.until_logged("DCID 72: 400 frames")
    assert {name: private_broker.depth(name) for name in QUEUES} == dict.fromkeys(
        QUEUES, 0
    )
    assert private_broker.depth(RESULTS) == 0
    assert (
        "xrc.i03 exists with other properties and is left unchanged" in simulation.log
    )
