"""What tells a client's job from those of others, in the history."""

import pytest

from zocalo_ioc.client._matching import REFUSED, Claim, History


def ending(claim: Claim, *rows: tuple[int, str, str]) -> str | None:
    """Return how a job ended that began before the rows did."""
    dcids, states, ids = zip(*rows, strict=True)
    dcgids = [-1] * len(rows)
    ending = claim.ending(History(claim.since + len(rows), dcids, dcgids, states, ids))
    return ending and ending.state


def test_a_request_with_an_id_is_not_taken_for_another_of_its_data_collection() -> None:
    assert ending(Claim((71,), 5, "mine"), (71, "Done", "theirs")) is None
    assert ending(Claim((71,), 5, "mine"), (72, "Failed", "mine")) == "Failed"


def test_an_end_message_shares_the_fate_of_the_job_that_was_started_before() -> None:
    claim = Claim((71,), 5, "the end", continues=True)
    assert ending(claim, (71, "Cancelled", "the start")) == "Cancelled"


def test_an_end_message_has_nothing_to_do_with_what_others_were_refused() -> None:
    claim = Claim((71,), 5, "the end", continues=True)
    assert ending(claim, (71, REFUSED, "another start")) is None
    assert ending(claim, (71, REFUSED, "the end")) == REFUSED


@pytest.mark.parametrize("id_", ["", "theirs"])
def test_without_an_id_the_data_collection_tells(id_: str) -> None:
    assert ending(Claim((71,), 5), (71, "Done", id_)) == "Done"
    assert ending(Claim((71,), 5), (72, "Done", "")) is None


def test_without_an_id_others_are_refused_their_own_requests() -> None:
    assert ending(Claim((71,), 5), (71, REFUSED, "theirs")) is None
    assert ending(Claim((71,), 5), (71, REFUSED, "")) == REFUSED
