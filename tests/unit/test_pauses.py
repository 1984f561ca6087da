"""Pauses between tries."""

import pytest

from zocalo_ioc.broker._pauses import LONGEST, SHORTEST, Pauses
from zocalo_ioc.broker._publisher import CONFIRM_TIME


@pytest.mark.parametrize(
    ("lasts", "last_pause"), [(CONFIRM_TIME, SHORTEST), (0.0, LONGEST)]
)
async def test_only_what_fails_at_once_is_tried_less_often(
    lasts: float, last_pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, slept = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("zocalo_ioc.broker._pauses.perf_counter", lambda: now)
    monkeypatch.setattr("zocalo_ioc.broker._pauses.asyncio.sleep", sleep)
    pauses = Pauses()
    for _ in range(10):
        now += lasts
        await pauses.take()
    assert slept[-1] == last_pause
