"""What is saved, whatever becomes of the file or the disk."""

import asyncio
import errno
import os
import resource
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from zocalo_ioc import autosave as module
from zocalo_ioc.autosave import Autosave, Saved, SavedResult
from zocalo_ioc.errors.files import NotSaved, SavedByAnother

RESULT = SavedResult(number=3, arrived=1.5, latency=None, body=b"{}")
SAVED = Saved(values={"DCID": 5, "TIMEOUT": 2.5, "FILENAME": "µ"}, result=RESULT)


@pytest.fixture
def autosave(tmp_path: Path) -> Autosave:
    return Autosave(tmp_path / "P.json", lambda: SAVED)


def test_without_a_file_nothing_is_brought_back_or_complained_of(
    autosave: Autosave,
) -> None:
    assert autosave.load() == (Saved(), None)


def test_what_was_saved_comes_back(autosave: Autosave, tmp_path: Path) -> None:
    (tmp_path / "P.json").write_text(SAVED.model_dump_json())
    assert autosave.load() == (SAVED, None)


DAMAGE = [
    b"",
    b"{",
    b"[1, 2]",
    b"\xff\xfe\x00",
    b'{"values": {"DCID": [1]}}',
    b'{"unknown": 1}',
    b'{"result": {"number": 1}}',
    SAVED.model_dump_json().replace("1.5", "1e300").encode(),
    SAVED.model_dump_json().replace("1.5", "-1e12").encode(),
    SAVED.model_dump_json().replace("1.5", '"nan"').encode(),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_complained_of(
    autosave: Autosave, tmp_path: Path, damage: bytes
) -> None:
    (tmp_path / "P.json").write_bytes(damage)
    saved, complaint = autosave.load()
    assert saved == Saved()
    assert str(complaint).startswith("Started without the values saved in P.json: ")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_kept_beside(
    autosave: Autosave, tmp_path: Path, damage: bytes
) -> None:
    (tmp_path / "P.json").write_bytes(damage)
    autosave.load()
    assert (tmp_path / "P.damaged").read_bytes() == damage


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, *calls: str) -> Generator[None]:
    """Have calls of the operating system fail, as a file server that is away does."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patch:
        for call in calls:
            patch.setattr(os, call, fail)
        yield


@pytest.mark.parametrize("calls", [("open",), ("open", "replace")])
async def test_a_file_that_could_not_be_read_is_kept_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Sequence[str]
) -> None:
    saves: asyncio.Queue[NotSaved | None] = asyncio.Queue()
    autosave = Autosave(tmp_path / "P.json", lambda: SAVED, saves.put_nowait)
    before = Saved(values={"DCID": 4}).model_dump_json()
    (tmp_path / "P.json").write_text(before)
    with failing(monkeypatch, *calls):
        saved, problem = autosave.load()
    assert saved == Saved()
    assert str(problem) == (
        "Started without the values saved in P.json: Stale file handle. "
        "Check the folder of --autosave; the file is kept as P.unreadable."
    )
    saving = asyncio.create_task(autosave.run())
    autosave.note_change()
    async with asyncio.timeout(5):
        assert await saves.get() is None
    saving.cancel()
    await asyncio.wait([saving])
    assert (tmp_path / "P.unreadable").read_text() == before
    assert autosave.load() == (SAVED, None)


@contextmanager
def full_disk_after(size: int) -> Generator[None]:
    """Let this process write no file longer than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_what_was_saved_stays_when_the_disk_is_full(
    tmp_path: Path,
) -> None:
    problems: list[NotSaved | None] = []
    autosave = Autosave(tmp_path / "P.json", lambda: SAVED, problems.append)
    before = Saved(values={"DCID": 4})
    (tmp_path / "P.json").write_text(before.model_dump_json())
    with full_disk_after(10):
        saving = asyncio.create_task(autosave.run())
        await asyncio.sleep(0)
        autosave.note_change()
        saving.cancel()  # which saves what has changed
        await asyncio.wait([saving])
    assert problems == [NotSaved(f"{tmp_path}/P.json", "File too large")]
    assert not [name for name in os.listdir(tmp_path) if "partial" in name]
    assert autosave.load() == (before, None)


async def test_saves_follow_changes_and_not_at_once_one_another(tmp_path: Path) -> None:
    saves: asyncio.Queue[NotSaved | None] = asyncio.Queue()
    autosave = Autosave(tmp_path / "P.json", lambda: SAVED, saves.put_nowait)
    saving = asyncio.create_task(autosave.run())

    async def saves_within(periods: float) -> bool:
        try:
            async with asyncio.timeout(periods * module.PERIOD):
                await saves.get()
        except TimeoutError:
            return False
        return True

    assert not await saves_within(0.2)
    autosave.note_change()
    assert await saves_within(5)
    assert not await saves_within(1.3)
    autosave.note_change()
    assert await saves_within(5)
    autosave.note_change()
    assert not await saves_within(0.2)
    assert await saves_within(5)
    saving.cancel()


async def test_a_disk_that_does_not_answer_is_a_problem_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: asyncio.Queue[NotSaved | None] = asyncio.Queue()
    autosave = Autosave(tmp_path / "P.json", lambda: SAVED, problems.put_nowait)
    answers = threading.Event()

    def sync(_: int) -> None:
        answers.wait(10)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(module, "WRITE_TIME", 0.05)
    saving = asyncio.create_task(autosave.run())
    autosave.note_change()
    async with asyncio.timeout(5):
        problem = await problems.get()
        assert problem == NotSaved(f"{tmp_path}/P.json", "the disk does not answer")
        answers.set()
        assert await problems.get() is None
    saving.cancel()


def hang(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Have the disk hang; the events are set when it does, and to end that."""
    writes, answers = threading.Event(), threading.Event()

    def sync(_: int) -> None:
        writes.set()
        answers.wait(20)

    monkeypatch.setattr(os, "fsync", sync)
    return writes, answers


async def test_a_disk_that_does_not_answer_delays_no_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Saved()
    autosave = Autosave(tmp_path / "P.json", lambda: saved.model_copy())
    writes, answers = hang(monkeypatch)
    monkeypatch.setattr(module, "WRITE_TIME", 0.05)
    saving = asyncio.create_task(autosave.run())
    autosave.note_change()
    await asyncio.to_thread(writes.wait, 5)
    saved = SAVED
    autosave.note_change()
    began = time.monotonic()
    saving.cancel()
    await asyncio.wait([saving])
    assert time.monotonic() - began < 5
    answers.set()
    for _ in range(500):
        file = tmp_path / "P.json"
        if file.exists() and file.read_text() == SAVED.model_dump_json():
            break
        await asyncio.sleep(0.01)
    assert autosave.load() == (SAVED, None), "the first write came last"


async def test_a_stop_says_that_the_save_it_came_into_got_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[NotSaved | None] = []
    autosave = Autosave(tmp_path / "P.json", lambda: SAVED, problems.append)
    writes, answers = hang(monkeypatch)
    monkeypatch.setattr(module, "WRITE_TIME", 0.5)
    saving = asyncio.create_task(autosave.run())
    autosave.note_change()
    await asyncio.to_thread(writes.wait, 5)
    saving.cancel()
    await asyncio.wait([saving])
    answers.set()
    assert problems == [NotSaved(f"{tmp_path}/P.json", "the disk does not answer")]


def test_a_save_that_a_kill_has_interrupted_leaves_nothing_behind(
    autosave: Autosave, tmp_path: Path
) -> None:
    (tmp_path / ".P.json.partial-x").write_text("half")
    others = tmp_path / ".P2.json.partial-x"
    others.write_text("half")
    autosave.load()
    assert others in tmp_path.iterdir()
    assert not list(tmp_path.glob(".P.json.partial-*"))


async def test_what_changes_during_a_slow_save_is_saved_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"DCID": 1}
    autosave = Autosave(tmp_path / "saved.json", lambda: Saved(values=dict(values)))
    writing, sync = threading.Event(), os.fsync

    def slow_sync(file: int) -> None:
        writing.set()
        time.sleep(0.3)  # as a slow disk does
        sync(file)

    monkeypatch.setattr(os, "fsync", slow_sync)
    saving = asyncio.create_task(autosave.run())
    autosave.note_change()
    await asyncio.to_thread(writing.wait, 5)
    values["DCID"] = 2
    autosave.note_change()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert autosave.load()[0].values == {"DCID": 2}
    assert not [name for name in os.listdir(tmp_path) if "partial" in name]


async def test_a_save_that_failed_is_tried_again_and_so_it_is_at_the_end(
    tmp_path: Path,
) -> None:
    problems: asyncio.Queue[NotSaved | None] = asyncio.Queue()
    folder, aside = tmp_path / "folder", tmp_path / "aside"
    folder.mkdir()
    autosave = Autosave(folder / "P.json", lambda: SAVED, problems.put_nowait)
    autosave.load()
    saving = asyncio.create_task(autosave.run())
    async with asyncio.timeout(10):
        folder.rename(aside)
        autosave.note_change()
        assert await problems.get() is not None
        aside.rename(folder)
        while await problems.get() is not None:
            pass
        assert autosave.load() == (SAVED, None)
        folder.rename(aside)
        autosave.note_change()
        assert await problems.get() is not None
        folder.mkdir()  # another one, where the lock is not
        saving.cancel()
        await asyncio.wait([saving])
    assert autosave.load() == (SAVED, None)


async def test_one_ioc_alone_saves_to_a_file(tmp_path: Path) -> None:
    first, second = (Autosave(tmp_path / "P.json", lambda: SAVED) for _ in range(2))
    first.load()
    first.load()
    with pytest.raises(SavedByAnother):
        second.load()


@pytest.mark.parametrize("name", ["P.json", "P.lock"])
async def test_a_link_that_somebody_has_planted_is_not_followed(
    tmp_path: Path, name: str
) -> None:
    folder, target = tmp_path / "folder", tmp_path / "target"
    folder.mkdir()
    target.write_text("theirs")
    (folder / name).symlink_to(target)
    autosave = Autosave(folder / "P.json", lambda: SAVED)
    assert autosave.load()[0] == Saved()
    saving = asyncio.create_task(autosave.run())
    await asyncio.sleep(0)
    autosave.note_change()
    saving.cancel()
    await asyncio.wait([saving])
    assert target.read_text() == "theirs"
    saved = folder / "P.json"
    assert name == "P.lock" or saved.stat(follow_symlinks=False).st_mode == 0o100600
