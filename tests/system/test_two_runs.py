"""Two test runs on one machine do not meet."""

import subprocess
import sys
from pathlib import Path

from tests.support.ports import free_ports
from tests.support.rabbitmq import RabbitMQ

COUNT = 600
CHOOSE_AND_STAY = f"""
from tests.support.ports import free_ports
print(*free_ports({COUNT}), flush=True)
input()
"""


def test_each_run_has_ports_of_its_own() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHOOSE_AND_STAY],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        theirs = {int(port) for port in other.stdout.readline().split()}
        ours = free_ports(COUNT)
        other.communicate("\n")
    assert len(theirs) == COUNT
    assert theirs.isdisjoint(ours)


def test_the_broker_of_another_run_is_not_taken_for_ones_own(
    rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    ours = RabbitMQ(tmp_path)
    ours.port = rabbitmq.port
    assert rabbitmq.answers()
    assert not ours.answers()
