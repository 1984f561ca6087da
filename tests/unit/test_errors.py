"""The catalogue of errors is complete, and each of its texts can be printed."""

import re
from pathlib import Path

import pytest

from zocalo_ioc.errors import (
    NotUnderstood,
    Problem,
    SettingsInvalid,
    broker,
    outgoing,
    queues,
)
from zocalo_simulator.remedies import REMEDIES

SRC = Path(__file__).parents[2] / "src"
CATALOGUE = list(Problem.kinds())


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_problem_has_an_example_that_is_printed_whole(
    kind: type[Problem],
) -> None:
    example = kind(**kind.examples())
    assert kind.text
    assert re.fullmatch(r"[^\n]+\.", kind.cause)
    assert re.fullmatch(r"[^\n]+[.?!]", str(example))
    for fact in kind.examples().values():
        assert f"{fact}".rstrip(".") in str(example)


def test_every_problem_is_raised_somewhere() -> None:
    catalogue = SRC / "zocalo_ioc" / "errors"
    code = "".join(
        file.read_text()
        for file in SRC.rglob("*.py")
        if not file.is_relative_to(catalogue)
    )
    unused = [
        kind for kind in CATALOGUE if not re.search(rf"\b{kind.__name__}\b", code)
    ]
    assert unused == []


@pytest.mark.parametrize("group", [SettingsInvalid, NotUnderstood])
def test_a_problem_with_a_text_of_its_own_is_printed_as_it_is(
    group: type[SettingsInvalid | NotUnderstood],
) -> None:
    assert str(group('{"a": 1} is odd', "Write {}")) == '{"a": 1} is odd. Write {}.'


def test_a_command_names_its_own_options() -> None:
    problem = queues.QueueMissing("node1:5672", "xrc.i03", "--results-queue")
    assert "--results-queue" in str(problem)
    assert "--declare" in problem.say(REMEDIES)
    late = outgoing.NotSentInTime(10, problem)
    assert "--declare" in late.say(REMEDIES)


def test_problems_that_say_the_same_are_the_same() -> None:
    assert broker.NoAnswer("a:1") == broker.NoAnswer("a:1")
    assert broker.NoAnswer("a:1") != broker.NoAnswer("b:1")
    assert SettingsInvalid("one") != SettingsInvalid("other")
