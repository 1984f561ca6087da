"""How results, wrapped and sent by the real workflows package, appear in the PVs."""

import asyncio
import json
import math
import struct
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import aioca
import pika
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from p4p.client.asyncio import Context

from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, RabbitMQ
from tests.support.zocalo import ResultSender, result_sender
from zocalo_ioc.wire import INT32_MAX

AXES = "XYZ"
NO_ALARM, INVALID = 0, 3
ARRAYS = [
    f"CENTRES:{name}"
    for name in (
        *AXES,
        *(f"BOX_MIN:{axis}" for axis in AXES),
        *(f"BOX_MAX:{axis}" for axis in AXES),
        *(f"MAX_VOXEL:{axis}" for axis in AXES),
        "MAX_COUNT",
        "TOTAL_COUNT",
        "N_VOXELS",
        "SAMPLE_ID",
    )
]
BEST = [name.replace("CENTRES", "BEST") for name in ARRAYS] + [
    f"BEST:BOX_SIZE:{axis}" for axis in AXES
]
SCALARS = [
    f"RESULT:{name}"
    for name in (
        *("SEQ", "DCID", "DCGID", "SOURCE", "DIMENSIONS", "COUNT", "TIME", "LATENCY"),
        "JSON",
    )
]

CENTRE_3D: dict[str, Any] = {
    "centre_of_mass": [3.5, 1.25, 7.75],
    "max_voxel": [3, 1, 7],
    "max_count": 900,
    "n_voxels": 12,
    "total_count": 4000,
    "bounding_box": [[2, 1, 6], [5, 2, 9]],
    "sample_id": 555,
}
STRONGER_3D = CENTRE_3D | {"max_count": 1000, "total_count": 1001, "sample_id": 556}
CENTRE_2D: dict[str, Any] = {
    "centre_of_mass": [4.5, 2.5],
    "max_voxel": [4, 2],
    "max_count": 70,
    "n_voxels": 3,
    "total_count": 150,
    "steps": [10, 6],
    "box_size_px": [8.0, 8.0],
    "snapshot_offset": [10, 20],
    "centre_x": 46.0,
    "centre_y": 40.0,
    "centre_x_box": 4.5,
    "centre_y_box": 2.5,
    "status": "ok",
    "message": "ok",
    "best_image": 25,
    "reflections_in_best_image": 70,
    "best_region": [[4, 2], [4, 3], [5, 2]],
}
FAILED_2D = dict.fromkeys(CENTRE_2D) | {"status": "fail", "message": "no spots"}


@pytest.fixture(scope="module")
def zocalo(rabbitmq: RabbitMQ) -> Iterator[ResultSender]:
    with result_sender(rabbitmq) as sender:
        yield sender


class Watcher:
    """Sends results and waits for RESULT:SEQ to count them."""

    def __init__(self, ioc: Ioc, zocalo: ResultSender) -> None:
        self._ioc, self._zocalo = ioc, zocalo
        self._counted: asyncio.Queue[int] = asyncio.Queue()
        self._monitor = aioca.camonitor(
            ioc.pv("RESULT:SEQ"), self._counted.put_nowait, all_updates=True
        )

    async def start(self) -> None:
        await self._counted.get()
        # EPICS sends the first update before it enables later ones, and answers this
        # after both
        await self._ioc.get("RESULT:SEQ")

    async def publish(self, results: list[Any], **parameters: Any) -> dict[str, Any]:
        """Send a result, and return every result record once it is published."""
        payload = {"results": results, "status": "success", "type": "3d"}
        return await self.publish_payload(payload, **parameters)

    async def publish_payload(self, payload: Any, **parameters: Any) -> dict[str, Any]:
        self._zocalo.send(payload, **({"dcid": 1, "dcgid": 2} | parameters))
        try:
            async with asyncio.timeout(40):
                await self._counted.get()
        except TimeoutError:
            pytest.fail(f"the result was not published\n{self._ioc.log[-3000:]}")
        names = [*SCALARS, *ARRAYS, *BEST]
        values = await aioca.caget(
            [self._ioc.pv(name) for name in names], format=aioca.FORMAT_TIME
        )
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        self._monitor.close()


@pytest.fixture
async def watcher(ioc: Ioc, zocalo: ResultSender) -> AsyncIterator[Watcher]:
    watcher = Watcher(ioc, zocalo)
    await watcher.start()
    yield watcher
    watcher.close()


def expected(results: list[Any], key: str = "max_count") -> dict[str, Any]:
    """Every array record, calculated anew in plain Python."""
    found = [result for result in results if result.get("status") != "fail"]
    ranked = sorted(found, key=lambda result: -float(result[key]))
    nothing = [-1, -1, -1]
    rows: list[list[float]] = []
    for result in ranked:
        centre = [*map(float, result["centre_of_mass"]), math.nan][:3]
        low, high = result.get("bounding_box") or (nothing, nothing)
        rows.append(
            [
                *centre,
                *low,
                *high,
                *[*result["max_voxel"], -1][:3],
                float(result["max_count"]),
                float(result["total_count"]),
                int(result["n_voxels"]),
                int(result.get("sample_id") or -1),
            ]
        )
    columns = list(zip(*rows, strict=True)) or [()] * len(ARRAYS)
    return dict(zip(ARRAYS, map(list, columns), strict=True))


def same(actual: Any, wanted: Any) -> bool:
    return actual == wanted or (math.isnan(wanted) and math.isnan(actual))


def check_arrays(records: dict[str, Any], results: list[Any], key: str) -> None:
    for name, wanted in expected(results, key).items():
        actual = list(records[name])
        assert len(actual) == len(wanted), name
        assert all(map(same, actual, wanted)), (name, actual, wanted)


def check_best(records: dict[str, Any], results: list[Any], key: str) -> None:
    arrays = expected(results, key)
    wanted: dict[str, float] = {}
    for name, values in arrays.items():
        is_float = name.endswith((":X", ":Y", ":Z")) and name.count(":") == 1
        is_float |= name.endswith(("MAX_COUNT", "TOTAL_COUNT"))
        missing = math.nan if is_float else -1
        wanted[name.replace("CENTRES", "BEST")] = values[0] if values else missing
    for axis in AXES:
        low, high = wanted[f"BEST:BOX_MIN:{axis}"], wanted[f"BEST:BOX_MAX:{axis}"]
        wanted[f"BEST:BOX_SIZE:{axis}"] = -1 if high == -1 else high - low
    assert set(wanted) == set(BEST)
    for name, value in wanted.items():
        assert same(records[name], value), (name, records[name], value)
        is_missing = value == -1 or math.isnan(value)
        assert records[name].severity == (INVALID if is_missing else NO_ALARM), name


async def test_a_3d_result_is_in_every_record(watcher: Watcher) -> None:
    results = [CENTRE_3D, STRONGER_3D]
    records = await watcher.publish(results, dcid=1234, dcgid=99)
    assert records["RESULT:DCID"] == 1234
    assert records["RESULT:DCGID"] == 99
    assert records["RESULT:DIMENSIONS"] == 3
    assert records["RESULT:COUNT"] == 2
    check_arrays(records, results, "max_count")
    check_best(records, results, "max_count")


async def test_a_box_is_served_as_a_line_to_plot(ioc: Ioc, watcher: Watcher) -> None:
    await watcher.publish([CENTRE_3D])
    line = [list(await ioc.get(f"RESULT:OUTLINE:{axis}")) for axis in AXES]
    assert [points[:-1] for points in line] == [
        [2, 5, 5, 2, 2],
        [1, 1, 2, 2, 1],
        [6, 6, 9, 9, 6],
    ]
    assert all(math.isnan(points[-1]) for points in line)
    assert await ioc.get("RESULT:OUTLINE:EXTENT") == 10


async def test_a_2d_result_has_no_z_and_no_box(watcher: Watcher) -> None:
    records = await watcher.publish([CENTRE_2D])
    assert records["RESULT:DIMENSIONS"] == 2
    check_arrays(records, [CENTRE_2D], "max_count")
    check_best(records, [CENTRE_2D], "max_count")


async def test_a_failed_2d_result_counts_as_no_centre(watcher: Watcher) -> None:
    records = await watcher.publish([FAILED_2D])
    assert records["RESULT:COUNT"] == 0
    assert records["RESULT:DIMENSIONS"] == 0
    check_best(records, [], "max_count")


@pytest.mark.parametrize("payload", [{"results": []}, {"status": "success"}])
async def test_a_result_without_centres_empties_the_arrays(
    watcher: Watcher, payload: dict[str, Any]
) -> None:
    await watcher.publish([CENTRE_3D])
    records = await watcher.publish_payload(payload)
    check_arrays(records, [], "max_count")
    check_best(records, [], "max_count")


async def test_numbers_may_come_as_text(watcher: Watcher) -> None:
    as_text = CENTRE_3D | {"max_count": "900", "n_voxels": "12", "sample_id": "555"}
    as_text["centre_of_mass"] = ["3.5", "1.25", "7.75"]
    records = await watcher.publish([as_text], dcid="77", dcgid="78")
    assert (records["RESULT:DCID"], records["RESULT:DCGID"]) == (77, 78)
    check_arrays(records, [CENTRE_3D], "max_count")


@pytest.mark.parametrize("absent", [{}, {"sample_id": None}])
async def test_a_missing_sample_id_is_invalid(
    watcher: Watcher, absent: dict[str, None]
) -> None:
    centre = {k: v for k, v in CENTRE_3D.items() if k != "sample_id"} | absent
    records = await watcher.publish([centre])
    sample_id = records["BEST:SAMPLE_ID"]
    assert (sample_id + 0, sample_id.severity) == (-1, INVALID)


async def test_a_missing_group_is_invalid(watcher: Watcher) -> None:
    records = await watcher.publish([CENTRE_3D], dcgid=None)
    group = records["RESULT:DCGID"]
    assert (group + 0, group.severity) == (-1, INVALID)


async def test_unknown_keys_are_passed_over(watcher: Watcher) -> None:
    centre = CENTRE_3D | {"new_key": {"nested": [1, 2]}}
    records = await watcher.publish([centre], also="new")
    check_arrays(records, [CENTRE_3D], "max_count")


async def test_every_record_of_an_update_has_one_time_stamp(watcher: Watcher) -> None:
    before = time.time()
    records = await watcher.publish([CENTRE_2D])
    stamps = {name: value.timestamp for name, value in records.items()}
    assert len(set(stamps.values())) == 1, stamps
    assert before <= stamps["RESULT:SEQ"] <= time.time()


async def test_the_number_of_elements_can_be_monitored(
    ioc: Ioc, watcher: Watcher
) -> None:
    await watcher.publish([CENTRE_3D])
    lengths: list[int] = []
    monitor = ioc.monitor("CENTRES:X.NORD", lambda length: lengths.append(int(length)))
    await ioc.until(lambda: _is(lengths, [1]))
    await watcher.publish([CENTRE_3D, STRONGER_3D])
    await ioc.until(lambda: _is(lengths, [1, 2]))
    monitor.close()


async def _is(actual: list[int], wanted: list[int]) -> bool:
    return actual == wanted


async def test_seq_is_set_last(ioc: Ioc, watcher: Watcher) -> None:
    # total_count differs from result to result, so its monitors tell them apart
    seen: dict[str, float] = {}
    at_seq: list[tuple[float, ...]] = []
    names = ["RESULT:DCID", "BEST:TOTAL_COUNT", "CENTRES:TOTAL_COUNT", "RESULT:SEQ"]

    def note(value: Any, name: str) -> None:
        seen[name] = value[0] if name.startswith("CENTRES") else value
        if name == "RESULT:SEQ" and len(seen) == len(names):
            at_seq.append(tuple(float(seen[n]) for n in names[:3]))

    await watcher.publish([CENTRE_3D])
    monitors = [
        aioca.camonitor(
            ioc.pv(name), lambda value, n=name: note(value, n), all_updates=True
        )
        for name in names
    ]
    await ioc.until(lambda: _all_seen(seen, names))
    at_seq.clear()
    for i in range(1, 101):
        await watcher.publish([CENTRE_3D | {"total_count": i}], dcid=i)
    await asyncio.sleep(0)
    for monitor in monitors:
        monitor.close()
    assert at_seq == [(i, i, i) for i in range(1, 101)]


async def _all_seen(seen: dict[str, float], names: list[str]) -> bool:
    return len(seen) == len(names)


async def test_pva_clients_see_the_same(ioc: Ioc, watcher: Watcher) -> None:
    records = await watcher.publish([CENTRE_3D, STRONGER_3D])
    names = [name for name in records if name != "RESULT:JSON"]  # it is text there
    with Context("pva") as context:
        async with asyncio.timeout(20):
            values = await context.get([ioc.pv(name) for name in names])
    for name, value in zip(names, values, strict=True):
        wanted = records[name]
        if name.startswith("CENTRES"):
            assert list(value) == list(wanted), name
        else:
            assert same(value, wanted), name
        assert value.severity == wanted.severity, name
        assert value.timestamp == pytest.approx(wanted.timestamp, abs=1e-6), name


@pytest.mark.parametrize("key", ["max_count", "total_count", "n_voxels"])
async def test_centres_are_ranked_by_sort_key(
    ioc: Ioc, watcher: Watcher, key: str
) -> None:
    results = [
        CENTRE_3D | {"max_count": 1, "total_count": 20, "n_voxels": 30},
        CENTRE_3D | {"max_count": 2, "total_count": 30, "n_voxels": 10},
        CENTRE_3D | {"max_count": 3, "total_count": 10, "n_voxels": 20},
    ]
    await ioc.put("SORT_KEY", key)
    records = await watcher.publish(results)
    check_arrays(records, results, key)


async def test_an_option_applies_as_soon_as_its_put_has_ended(
    ioc: Ioc, watcher: Watcher
) -> None:
    results = [
        CENTRE_3D | {"max_count": 1, "total_count": 2},
        CENTRE_3D | {"max_count": 2, "total_count": 1},
    ]
    for _ in range(50):
        for key in ("max_count", "total_count"):
            await ioc.put("SORT_KEY", key)
            check_best(await watcher.publish(results), results, key)


async def test_more_centres_than_the_arrays_hold_are_counted(watcher: Watcher) -> None:
    results = [CENTRE_3D | {"max_count": i} for i in range(1100)]
    records = await watcher.publish(results)
    assert records["RESULT:COUNT"] == 1100
    assert list(records["CENTRES:MAX_COUNT"]) == list(range(1099, 75, -1))


async def test_the_payload_is_kept_as_it_came(ioc: Ioc, watcher: Watcher) -> None:
    payload = {"any": ["kind", {"of": "job"}], "µ": 1.25}
    await watcher.publish_payload(payload)
    assert json.loads(await ioc.text("RESULT:JSON")) == payload


async def test_source_is_gpu_where_the_parameters_say_so(watcher: Watcher) -> None:
    assert (await watcher.publish([], gpu=True))["RESULT:SOURCE"] == 1
    assert (await watcher.publish([]))["RESULT:SOURCE"] == 0


async def test_results_of_another_source_are_ignored_and_counted(
    ioc: Ioc, watcher: Watcher, zocalo: ResultSender
) -> None:
    before = await ioc.get("BROKER:IGNORED")
    await ioc.put("SOURCE", "GPU")
    zocalo.send({"results": [CENTRE_3D]}, dcid=5, dcgid=6)
    records = await watcher.publish([CENTRE_3D], dcid=7, gpu=True)
    assert records["RESULT:DCID"] == 7
    assert await ioc.get("BROKER:IGNORED") == before + 1


async def test_latency_is_nan_for_a_collection_never_sent(watcher: Watcher) -> None:
    records = await watcher.publish([CENTRE_3D], dcid=987654)
    assert math.isnan(records["RESULT:LATENCY"])
    assert records["RESULT:LATENCY"].severity == INVALID


async def test_a_result_ends_the_job_of_its_collection(
    ioc: Ioc, watcher: Watcher
) -> None:
    await ioc.put_all(DCID=2001, NUM_FRAMES=4)
    await ioc.put("START", 1)
    await ioc.put("END", 1)
    records = await watcher.publish([CENTRE_3D], dcid=2001)
    assert 0 < records["RESULT:LATENCY"] < 20
    await ioc.until(lambda: _has_state(ioc, "Done"))
    assert "2001: 1 centre" in await ioc.text("MESSAGE")


async def test_no_centres_is_a_minor_alarm(ioc: Ioc, watcher: Watcher) -> None:
    await ioc.put_all(DCID=2002, NUM_FRAMES=4)
    await ioc.put("START", 1)
    await ioc.put("END", 1)
    await watcher.publish([], dcid=2002)
    await ioc.until(lambda: _has_state(ioc, "No centres"))
    assert await ioc.severity("STATE") == 1


async def _has_state(ioc: Ioc, state: str) -> bool:
    return await ioc.state() == state


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"workflows-recipe": True}, b"no JSON"),
        ({"workflows-recipe": True}, b"[]"),
        ({"workflows-recipe": True}, b'{"payload": {}}'),
        ({}, b"{}"),
        ({"workflows-recipe": True}, b"[" * 100_000),
        ({"workflows-recipe": True}, b"\xff\xfe\x00"),
    ],
)
async def test_what_is_no_result_is_rejected_counted_and_logged(
    ioc: Ioc,
    watcher: Watcher,
    rabbitmq: RabbitMQ,
    headers: dict[str, Any],
    body: bytes,
) -> None:
    before = await ioc.get("BROKER:REJECTED")
    rabbitmq.put(RESULTS, (headers, body))
    records = await watcher.publish([CENTRE_3D], dcid=31)
    assert records["RESULT:DCID"] == 31
    assert await ioc.get("BROKER:REJECTED") == before + 1
    assert repr(body[:500]) in ioc.log


async def test_a_header_that_pika_can_not_read_harms_nothing(
    ioc: Ioc, watcher: Watcher, rabbitmq: RabbitMQ
) -> None:
    before = await ioc.get("BROKER:RECONNECTS")
    with rabbitmq.channel() as channel:
        publish_with_timestamp(channel, 2**62)
    records = await watcher.publish([CENTRE_3D], dcid=32)
    assert records["RESULT:DCID"] == 32
    assert await ioc.get("BROKER:RECONNECTS") == before


def publish_with_timestamp(channel: Any, timestamp: int) -> None:
    """Publish a message with a header that pika would not encode."""
    marker = datetime(2001, 2, 3, tzinfo=UTC)
    headers = {"workflows-recipe": True, "when": marker}
    properties = pika.BasicProperties(headers=headers)
    pieces = properties.encode()
    wanted = struct.pack(">Q", timestamp)
    known = struct.pack(">Q", int(marker.timestamp()))
    replaced = [piece.replace(known, wanted) for piece in pieces]
    assert replaced != pieces
    properties.encode = lambda: replaced
    channel.basic_publish("", RESULTS, b"no result", properties)


def test_results_are_acknowledged(
    ioc: Ioc, rabbitmq: RabbitMQ, zocalo: ResultSender
) -> None:
    assert rabbitmq.depth(RESULTS) == 0


boxes = st.integers(0, 2**31 - 1)
counts = st.one_of(
    st.integers(0, 2**53), st.floats(0, 1e300), st.integers(0, 9), st.just("12")
)


@st.composite
def centres_3d(draw: st.DrawFn) -> dict[str, Any]:
    three = st.lists(boxes, min_size=3, max_size=3)
    coordinates = st.floats(-INT32_MAX, INT32_MAX)
    centre: dict[str, Any] = {
        "centre_of_mass": draw(st.lists(coordinates, min_size=3, max_size=3)),
        "max_voxel": draw(three),
        "max_count": draw(counts),
        "total_count": draw(counts),
        "n_voxels": draw(st.one_of(boxes, st.integers(0, 5))),
        "bounding_box": [draw(three), draw(three)],
    }
    if draw(st.booleans()):
        centre["sample_id"] = draw(st.none() | st.integers(1, 2**31 - 1))
    return centre


@st.composite
def centres_2d(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 4)) == 0:
        return FAILED_2D
    centre = draw(centres_3d())
    del centre["bounding_box"]
    centre["centre_of_mass"].pop()
    centre["max_voxel"].pop()
    return CENTRE_2D | centre


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    results=st.lists(centres_3d(), max_size=6) | st.lists(centres_2d(), max_size=6),
    key=st.sampled_from(["max_count", "total_count", "n_voxels"]),
    gpu=st.booleans(),
)
async def test_records_of_any_result_equal_an_independent_calculation(
    ioc: Ioc, watcher: Watcher, results: list[Any], key: str, gpu: bool
) -> None:
    await ioc.put("SORT_KEY", key)
    records = await watcher.publish(results, gpu=gpu)
    found = [result for result in results if result.get("status") != "fail"]
    dimensions = len(found[0]["centre_of_mass"]) if found else 0
    assert records["RESULT:COUNT"] == len(found)
    assert records["RESULT:DIMENSIONS"] == dimensions
    assert records["RESULT:SOURCE"] == gpu
    check_arrays(records, results, key)
    check_best(records, results, key)
    assert len({value.timestamp for value in records.values()}) == 1
