"""What is promised, kept through each fault a few times; `make faults` does more."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RabbitMQ

from . import disturbances, scenarios, stops
from .load import Outcome
from .mutations import mutated

Maker = Callable[..., Ioc]


def kept(outcome: Outcome) -> bool:
    return (outcome.lost, outcome.out_of_order) == (0, 0)


async def test_triggers_survive_a_broker_that_is_killed(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await scenarios.broker_killed_during_triggers(
        ioc_maker, private_broker, times=2, scans=15
    )
    assert kept(outcome), outcome


async def test_results_survive_connections_that_the_broker_closes(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await scenarios.connections_closed_during_results(
        ioc_maker, private_broker, times=2, results=300, pace=60
    )
    assert kept(outcome), outcome


async def test_results_survive_an_ioc_that_is_killed(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await scenarios.ioc_killed_during_results(
        ioc_maker, private_broker, times=1, results=300, pace=60
    )
    assert kept(outcome), outcome


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[RabbitMQ]]:
    nodes = scenarios.make_cluster(tmp_path)
    yield nodes
    for node in reversed(nodes):
        node.close()


async def test_no_start_fails_when_the_node_in_use_is_cut_off_from_its_cluster(
    ioc_maker: Maker, cluster: list[RabbitMQ]
) -> None:
    outcome = await scenarios.node_in_use_cut_off(ioc_maker, cluster, 1, starts=5)
    assert kept(outcome), outcome
    assert outcome.recoveries[0] < 20


async def test_a_cluster_goes_on_when_the_node_in_use_is_killed(
    ioc_maker: Maker, cluster: list[RabbitMQ]
) -> None:
    triggers, results = await scenarios.node_in_use_killed(
        ioc_maker, cluster, times=1, scans=15, results=100
    )
    assert kept(triggers), triggers
    # what the consumer at that node had, RabbitMQ may deliver after what came later
    assert results.lost == 0, results


async def test_triggers_survive_a_memory_alarm(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await scenarios.memory_alarm(ioc_maker, private_broker, times=1, scans=15)
    assert kept(outcome), outcome


async def test_mutated_messages_are_refused_and_results_between_them_published(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await scenarios.mutated_messages(ioc_maker, private_broker, mutated(300))
    assert kept(outcome), outcome


@pytest.mark.parametrize("number", stops.STOPPED)
async def test_nothing_is_lost_by_an_ioc_that_is_stopped_at_the_worst_points(
    private_broker: RabbitMQ, tmp_path: Path, number: signal.Signals
) -> None:
    for stopped in stops.POINTS.values():
        outcome = await stopped(tmp_path, private_broker, number, 1)
        assert kept(outcome), outcome


async def test_triggers_survive_an_ioc_out_of_file_descriptors(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await disturbances.file_descriptors_exhausted(
        ioc_maker, private_broker, 1
    )
    assert kept(outcome), outcome


async def test_triggers_survive_a_password_that_is_rotated(
    ioc_maker: Maker, private_broker: RabbitMQ, tmp_path: Path
) -> None:
    outcome = await disturbances.password_rotated(
        ioc_maker, private_broker, tmp_path, times=1, scans=15
    )
    assert kept(outcome), outcome


async def test_commands_of_many_clients_survive_a_broker_that_is_killed(
    ioc_maker: Maker, private_broker: RabbitMQ
) -> None:
    outcome = await disturbances.clients_interleaving(
        ioc_maker, private_broker, clients=3, seconds=15, pause=5
    )
    assert kept(outcome), outcome
