"""Maps of the grids that fill while frames come, sent by the real workflows package."""

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aioca
import numpy as np
import pytest
from p4p.client.asyncio import Context

from tests.support import beam
from tests.support.frames import FRAMES, FrameSender, snaked
from tests.support.ioc import Ioc
from tests.support.rabbitmq import RESULTS, TRIGGERS, RabbitMQ
from tests.support.zocalo import result_sender

XY, XZ = (20, 12), (20, 15)


@pytest.fixture(scope="module")
def broker(rabbitmq: RabbitMQ) -> RabbitMQ:
    """A virtual host whose results no other IOC takes."""
    return rabbitmq.virtual_host("grids", TRIGGERS, RESULTS)


@pytest.fixture(scope="module")
async def ioc(ioc_maker: Callable[..., Ioc], broker: RabbitMQ) -> Ioc:
    broker.declare(FRAMES)
    queues = ("--results-queue", RESULTS, "--frames-queue", FRAMES)
    ioc = ioc_maker("run", "--broker", broker.url, *queues)
    await ioc.until_value("BROKER:CONNECTED", 1)
    return ioc


@pytest.fixture(scope="module")
def sender(broker: RabbitMQ) -> Iterator[FrameSender]:
    sender = FrameSender(broker)
    yield sender
    sender.close()


def picture(size: tuple[int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 500, (size[1], size[0]))


async def counts(ioc: Ioc, grid: str) -> np.ndarray:
    return np.array(await ioc.get(f"GRID:{grid}:COUNTS"))


async def test_both_grids_of_a_scan_are_shown_whatever_the_order_of_the_frames(
    ioc: Ioc, sender: FrameSender
) -> None:
    dcid = 7101
    first, second = picture(XY, 1), picture(XZ, 2)
    for spots, size, of, other in (
        (second, XZ, dcid + 1, dcid),
        (first, XY, dcid, dcid + 1),
    ):
        frames = list(enumerate(snaked(spots).tolist(), start=1))
        np.random.default_rng(3).shuffle(frames)
        sender.send([*frames, *frames[:30]], size, of, [other])
    await ioc.until_value("GRID:XY:FRAMES", 240)
    await ioc.until_value("GRID:XZ:FRAMES", 300)
    for grid, of, spots in (("XY", dcid, first), ("XZ", dcid + 1, second)):
        assert (await counts(ioc, grid) == spots.ravel()).all()
        assert await ioc.get(f"GRID:{grid}:DCID") == of
        assert await ioc.get(f"GRID:{grid}:NX") == spots.shape[1]
        assert await ioc.get(f"GRID:{grid}:NY") == spots.shape[0]
        assert await ioc.get(f"GRID:{grid}:EXPECTED") == spots.size
        assert await ioc.get(f"GRID:{grid}:MAX_COUNT") == spots.max()
        assert await ioc.get(f"GRID:{grid}:STEP:X") == 0.02
        assert await ioc.get(f"GRID:{grid}:STEP:Y") == 0.03


@pytest.mark.parametrize(
    ("dcids", "sizes", "along"),
    [([7151, 7152], [XY, XZ], "horizontal"), ([7161], [(200, 30)], "vertical")],
)
async def test_a_map_is_what_the_beam_has_seen_whatever_workflows_sends_besides(
    ioc: Ioc,
    broker: RabbitMQ,
    dcids: list[int],
    sizes: list[tuple[int, int]],
    along: str,
) -> None:
    rng = np.random.default_rng(5)
    spots = [rng.integers(0, 500, nx * ny).tolist() for nx, ny in sizes]
    rejected = await ioc.get("BROKER:REJECTED")
    with result_sender(broker, queue=FRAMES) as sender:
        for dcid, size, of_grid in zip(dcids, sizes, spots, strict=True):
            frames = list(enumerate(of_grid, start=1))
            frames += [*frames[:30], (0, 5), (len(of_grid) + 1, 5)]
            rng.shuffle(frames)
            gridinfo = {
                "steps_x": f"{size[0]:.1f}",
                "steps_y": f"{size[1]:.1f}",
                "snaked": "1",
                "orientation": along,
            }
            others = str([other for other in dcids if other != dcid])
            for number, count in frames:
                sender.send(
                    {"file-number": str(number), "n_spots_total": str(count)},
                    gridinfo,
                    dcid=str(dcid),
                    dcg_dcids=others,
                )
            sender.send({"file-number": 1, "n_spots_total": 5}, dcid=6000)  # unknown
        # workflows loses what it has not sent yet when it disconnects
        await ioc.until_value("BROKER:REJECTED", rejected + 2 * len(sizes), limit=120)
        for grid, dcid, of_grid in zip(("XY", "XZ"), dcids, spots, strict=False):
            await ioc.until_value(f"GRID:{grid}:DCID", dcid, limit=120)
            await ioc.until_value(f"GRID:{grid}:FRAMES", len(of_grid), limit=120)
    for grid, dcid, size, of_grid in zip(
        ("XY", "XZ"), dcids, sizes, spots, strict=False
    ):
        assert await ioc.get(f"GRID:{grid}:DCID") == dcid
        seen = beam.picture(of_grid, size, snaked=True, along=along)
        assert (await counts(ioc, grid) == seen.ravel()).all()


async def test_the_image_is_the_picture_that_the_scan_makes(
    ioc: Ioc, sender: FrameSender
) -> None:
    spots = picture(XY, 4)
    sender.send(enumerate(snaked(spots).tolist(), start=1), XY, 7201)
    await ioc.until_value("GRID:XY:DCID", 7201)
    await ioc.until_value("GRID:XY:FRAMES", 240)
    with Context("pva", conf=ioc.ports.client, useenv=False) as context:
        image = await context.get(ioc.pv("GRID:XY:IMAGE"))
    assert (np.array(image) == spots).all()


async def test_a_picture_grows_at_most_five_times_a_second_and_is_whole_at_the_end(
    ioc: Ioc, sender: FrameSender
) -> None:
    spots = picture((60, 20), 5)
    seen: list[Any] = []
    monitor = aioca.camonitor(
        ioc.pv("GRID:XY:COUNTS"),
        seen.append,
        format=aioca.FORMAT_TIME,
        all_updates=True,
    )
    frames = list(enumerate(snaked(spots).tolist(), start=1))
    for part in range(0, 1200, 40):
        sender.send(frames[part : part + 40], (60, 20), 7301)
        await asyncio.sleep(0.05)
    await ioc.until_value("GRID:XY:FRAMES", 1200)
    monitor.close()
    ours = [value for value in seen if len(value) == 1200]
    assert (np.array(ours[-1]) == spots.ravel()).all()
    times = [value.timestamp for value in ours]
    assert len(times) > 4
    assert min(np.diff(times)) > 0.19


async def test_a_start_clears_the_grids_and_names_its_own(
    ioc: Ioc, sender: FrameSender, broker: RabbitMQ
) -> None:
    sender.send([(1, 5)], XY, 7401)
    await ioc.until_value("GRID:XY:DCID", 7401)
    both = [{"command": "start", "dcid": d, "num_frames": 240} for d in (7412, 7411)]
    await ioc.put("SEND", json.dumps(both))
    await ioc.until_value("GRID:XY:DCID", 7411)
    assert await ioc.get("GRID:XZ:DCID") == 7412
    assert await ioc.get("GRID:XY:FRAMES") == 0
    assert len(await ioc.get("GRID:XY:COUNTS")) == 0
    broker.purge(TRIGGERS)


async def test_a_single_grid_leaves_the_other_empty(
    ioc: Ioc, sender: FrameSender
) -> None:
    sender.send([(1, 5)], XY, 7501, [7502])
    await ioc.until_value("GRID:XZ:DCID", 7502)
    sender.send([(1, 5)], XY, 7511)
    await ioc.until_value("GRID:XY:DCID", 7511)
    assert await ioc.get("GRID:XZ:DCID") == 0
    assert len(await ioc.get("GRID:XZ:COUNTS")) == 0


async def test_what_is_no_frame_is_counted_and_harms_nothing(
    ioc: Ioc, sender: FrameSender, broker: RabbitMQ
) -> None:
    sender.send([(1, 5)], XY, 7601)
    await ioc.until_value("GRID:XY:DCID", 7601)
    before = await ioc.get("BROKER:REJECTED")
    message = await ioc.text("MESSAGE")
    sender.send([(241, 5), (0, 5), (-1, 5), (2, -1)], XY, 7601)
    sender.send([(1, 5)], None, 2**31 - 1)  # its grid is not known
    sender.send_payload({"file-number": 3}, {"parameters": {"dcid": 7601}})
    sender.send_payload({"file-number": 3, "n_spots_total": 1}, {"parameters": {}})
    sender.send_payload("junk", None)
    await ioc.until_value("BROKER:REJECTED", before + 8)
    sender.send([(2, 6)], XY, 7601)
    await ioc.until_value("GRID:XY:FRAMES", 2)
    assert await ioc.get("GRID:XY:MAX_COUNT") == 6
    assert await ioc.text("MESSAGE") == message
    assert broker.depth(FRAMES) == 0


async def test_a_scan_logs_why_frames_are_rejected_however_many_reasons_there_were(
    ioc: Ioc, sender: FrameSender
) -> None:
    sender.send([(1, 5), *((number, 5) for number in range(241, 361))], XY, 7621)
    sender.send([(1, 5)], XY, 7641)
    await ioc.until_value("GRID:XY:DCID", 7641)
    sender.send([(241, 5)], XY, 7641)
    await ioc.until_logged("DCID 7641 has no frame 241")


async def test_the_map_is_drawn_in_a_terminal_and_into_a_file(
    ioc: Ioc, sender: FrameSender, tmp_path: Path
) -> None:
    spots = np.zeros((12, 20), int)
    spots[4, 7] = 81
    spots[5, 7] = 36
    sender.send(enumerate(snaked(spots).tolist()[:230], start=1), XY, 7651)
    await ioc.until_value("GRID:XY:DCID", 7651)
    await ioc.until_value("GRID:XY:FRAMES", 230)
    plain = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    drawn = run_map(ioc, ioc.prefix, **plain)
    heading, *rows = drawn.stdout.splitlines()
    assert heading == "XY  DCID 7651  20 x 12 boxes, 230 of 240 frames, up to 81 spots"
    expected = [" " * 20] * 11 + ["?" * 10 + " " * 10]  # the last row runs backwards
    expected[4], expected[5] = " " * 7 + "@" + " " * 12, " " * 7 + "*" + " " * 12
    assert [row.ljust(20) for row in rows] == expected
    file = tmp_path / "map.png"
    assert run_map(ioc, ioc.prefix, "--output", str(file)).returncode == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    failed = run_map(ioc, ioc.prefix, "--output", str(tmp_path / "map.xyz"))
    assert failed.returncode == 1
    assert "--output: can't write" in failed.stderr


async def test_a_grid_wider_than_the_terminal_is_drawn_whole_and_described_as_it_is(
    ioc: Ioc, sender: FrameSender
) -> None:
    spots = np.zeros((3, 199), int)
    spots[1, 198] = 81
    frames = list(enumerate(snaked(spots).tolist(), start=1))
    sender.send(frames[:200] + frames[300:], (199, 3), 7661)
    await ioc.until_value("GRID:XY:DCID", 7661)
    await ioc.until_value("GRID:XY:FRAMES", 497)
    plain = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    heading, *rows = run_map(ioc, ioc.prefix, **plain).stdout.splitlines()
    said = "199 x 3 boxes, 497 of 597 frames, up to 81 spots, 2 x 2 boxes drawn as one"
    assert heading == f"XY  DCID 7661  {said}"
    assert [row.ljust(100) for row in rows] == [" " * 99 + "@", " " * 100]
    colours = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm"}
    _, row = run_map(ioc, ioc.prefix, **colours, COLUMNS="100").stdout.splitlines()
    assert row.count("▀") == 100
    assert "253;231;37" in row.rpartition("▀")[0].rpartition("▀")[2]  # most spots


async def test_a_picture_that_is_watched_is_written_again_when_the_map_changes(
    ioc: Ioc, sender: FrameSender, tmp_path: Path
) -> None:
    file = tmp_path / "map.png"
    sender.send([(1, 5)], XY, 7671)
    await ioc.until_value("GRID:XY:DCID", 7671)
    watching = subprocess.Popen(  # noqa: ASYNC220
        [*ioc.program, "map", ioc.prefix, "--output", file, "--watch"],
        env=ioc.client_environment,
        # whoever runs the tests in the background has SIGINT ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        await ioc.until(lambda: asyncio.sleep(0, is_a_whole_png(file)))
        first = file.read_bytes()
        sender.send([(n, n) for n in range(2, 200)], XY, 7671)
        await ioc.until(
            lambda: asyncio.sleep(
                0, is_a_whole_png(file) and file.read_bytes() != first
            )
        )
        watching.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(watching.wait, 20) == 0
    finally:
        watching.kill()
        watching.wait()


def is_a_whole_png(file: Path) -> bool:
    return file.exists() and b"IEND" in file.read_bytes()


async def test_there_is_no_picture_before_the_first_frame(
    ioc_maker: Callable[..., Ioc], broker: RabbitMQ, tmp_path: Path
) -> None:
    alone = broker.virtual_host("no-scan", TRIGGERS, RESULTS, FRAMES)
    ioc = ioc_maker("run", *alone.options, "--frames-queue", FRAMES)
    await ioc.until_value("BROKER:CONNECTED", 1)
    file = tmp_path / "map.png"
    drawn = await asyncio.to_thread(run_map, ioc, ioc.prefix, "--output", str(file))
    assert (drawn.returncode, drawn.stdout) == (1, "")
    assert "No frames have arrived yet." in drawn.stderr
    assert not file.exists()
    shown = await asyncio.to_thread(run_map, ioc, ioc.prefix)
    assert (shown.returncode, shown.stdout) == (0, "No frames have arrived yet.\n")


def run_map(
    ioc: Ioc, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ioc.program, "map", *arguments],
        env=ioc.client_environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_results_come_while_the_queue_of_frames_is_missing(
    ioc_maker: Callable[..., Ioc], broker: RabbitMQ
) -> None:
    alone = broker.virtual_host("no-frames", TRIGGERS, RESULTS)
    queues = ("--results-queue", RESULTS, "--frames-queue", "pia.missing")
    ioc = ioc_maker("run", "--broker", alone.url, *queues)
    await ioc.until_value("BROKER:CONNECTED", 1)

    async def says_so() -> bool:
        text = await ioc.text("MESSAGE")
        return "no frames can arrive" in text and "--frames-queue" in text

    await ioc.until(says_so)
    with result_sender(alone) as zocalo:
        zocalo.send({"results": []}, dcid=7701)
        await ioc.until_value("RESULT:DCID", 7701)


async def test_frames_come_from_an_exchange_through_a_queue_of_ones_own(
    ioc_maker: Callable[..., Ioc], broker: RabbitMQ
) -> None:
    broker.declare("xrc.beside")
    exchange = ("--frames-exchange", "amq.topic", "--frames-routing-key", FRAMES)
    ioc = ioc_maker(
        "run", "--broker", broker.url, "--results-queue", "xrc.beside", *exchange
    )
    await ioc.until_value("BROKER:CONNECTED", 1)
    queue = f"zocalo-ioc.{ioc.prefix}.amq.topic.{FRAMES}"

    async def has_its_queue() -> bool:
        return queue in broker.control("list_queues", "-p", broker.vhost, "name")

    await ioc.until(has_its_queue)
    sender = FrameSender(broker, "amq.topic")
    sender.send([(1, 5)], XY, 7801)
    sender.close()
    await ioc.until_value("GRID:XY:DCID", 7801)


async def test_without_a_queue_of_frames_there_are_no_grids(shared_ioc: Ioc) -> None:
    with pytest.raises(aioca.CANothing):
        await aioca.caget(shared_ioc.pv("GRID:XY:DCID"), timeout=2)
    refused = run_map(shared_ioc, shared_ioc.prefix)
    assert refused.returncode == 1
    assert "serves no grids. Start the IOC with --frames-queue" in refused.stderr


async def test_submit_shows_the_map_while_the_scan_fills(
    ioc: Ioc, sender: FrameSender, broker: RabbitMQ
) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    submitting = subprocess.Popen(  # noqa: ASYNC220, read below without waiting
        [*ioc.program, "submit", ioc.prefix, "7901", "--num-frames", "240"],
        env=ioc.client_environment | {"TERM": "xterm-256color"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()

    async def shows(text: str) -> None:
        async def is_there() -> bool:
            if select.select([ours], [], [], 0)[0]:
                shown.extend(os.read(ours, 65536))
            return text.encode() in shown

        await ioc.until(is_there)

    await ioc.until_value("JOB:DCID", 7901)
    sender.send([(n, 40) for n in range(1, 121)], XY, 7901)
    await shows("XY  DCID 7901  20 x 12 boxes, 120 of 240 frames")
    assert "▀" in shown.decode(errors="replace")
    with result_sender(broker) as zocalo:
        zocalo.send({"results": []}, dcid=7901)
        await shows("no centres found")
    submitting.wait(20)
    os.close(ours)
