"""Handles: what may be done with a record, and what pyright says of the rest."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

import time

import pytest

from zocalo_ioc.centres import SortKey
from zocalo_ioc.jobs import State
from zocalo_ioc.records import Change, Pvs, Store, count
from zocalo_ioc.wire import Source


@pytest.fixture
def pvs() -> Pvs:
    return Pvs(Store())


def mistakes_that_pyright_finds(pvs: Pvs) -> None:
    """Never run: pyright fails if a mistake here is none."""
    pvs.broker.confirmtime.set(1.2)  # pyright: ignore[reportAttributeAccessIssue]
    pvs.broker.confirm_time.set("took")  # pyright: ignore[reportArgumentType]
    pvs.broker.sent.set(1.2)  # pyright: ignore[reportArgumentType]
    pvs.job.state.set("Done")  # pyright: ignore[reportArgumentType]
    pvs.result.source.to(State.DONE)  # pyright: ignore[reportArgumentType]
    pvs.result.dcid.set(7)  # pyright: ignore[reportAttributeAccessIssue]
    pvs.options.timeout.set(7)  # pyright: ignore[reportAttributeAccessIssue]
    text: str = pvs.options.timeout.get()  # pyright: ignore[reportAssignmentType]
    pvs.commands.start.run = lambda text: text  # pyright: ignore
    del text


def test_an_option_is_read_as_its_python_value(pvs: Pvs) -> None:
    assert pvs.options.source.get() is None
    assert pvs.options.sort_key.get() is SortKey.MAX_COUNT
    pvs.options.source.put(2)
    pvs.options.sort_key.put(1)
    assert pvs.options.source.get() is Source.GPU
    assert pvs.options.sort_key.get() is SortKey.TOTAL_COUNT


def test_a_readback_gives_back_what_was_set(pvs: Pvs) -> None:
    pvs.job.state.set(State.TIMED_OUT)
    pvs.broker.connected.set(True)
    assert pvs.job.state.get() is State.TIMED_OUT
    assert pvs.broker.connected.get() is True


def test_a_request_field_has_the_put_that_the_event_loop_has_seen(pvs: Pvs) -> None:
    pvs.request.dcid.put(7)
    pvs.request.dcid.store.put(pvs.request.dcid, 8)  # EPICS is ahead
    assert pvs.request.dcid.get() == 7


def test_the_records_of_two_iocs_are_apart(pvs: Pvs) -> None:
    pvs.broker.sent.set(1)
    assert Pvs(Store()).broker.sent.get() == 0


def changes(pvs: Pvs) -> list[Change]:
    """Return a whole update of the history."""
    columns = [record.to([]) for record in pvs.history.columns.values()]
    return [*columns, pvs.history.seq.to(3)]


def test_an_update_sets_its_records(pvs: Pvs) -> None:
    pvs.update(changes(pvs), time.time())
    assert pvs.history.seq.get() == 3


def test_an_update_without_one_of_its_records_is_refused_by_name(pvs: Pvs) -> None:
    with pytest.raises(ValueError, match="HISTORY:DCID"):
        pvs.update(changes(pvs)[1:], time.time())
    assert pvs.history.seq.get() == 0


def test_an_update_with_a_record_of_another_is_refused_by_name(pvs: Pvs) -> None:
    with pytest.raises(ValueError, match="RESULT:DCID"):
        pvs.update([*changes(pvs), pvs.result.dcid.to(7)], time.time())


def test_the_counter_of_an_update_is_set_last(pvs: Pvs) -> None:
    lasts = [records[-1] for records in pvs.updates]
    assert lasts == [pvs.result.seq, pvs.history.seq]


def test_0_follows_the_last_number_of_a_counter() -> None:
    pvs = Pvs(Store())
    sent = pvs.broker.sent
    sent.set(2**31 - 2)
    count(sent)
    assert sent.get() == 2**31 - 1
    count(sent)
    assert sent.get() == 0
