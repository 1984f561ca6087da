"""`zocalo-ioc alive`: finds out whether an IOC works, through Channel Access."""

import asyncio
from typing import Any

import aioca

from ..errors import Problem
from ..errors.clients import BrokerAway, HeartbeatStopped, IocSilent


async def look(prefix: str, seconds: float, *, connected: bool) -> Problem | None:
    """Wait until the heartbeat of an IOC has moved; return what is wrong, or None.

    Args:
        prefix: of the IOC.
        seconds: how long to wait, for everything.
        connected: whether the IOC must have a broker, too.
    """
    beats: set[int] = set()
    moved = asyncio.Event()

    def note(beat: Any) -> None:
        beats.add(int(beat))
        if len(beats) > 1:
            moved.set()

    monitor = aioca.camonitor(f"{prefix}:HEARTBEAT", note)
    try:
        async with asyncio.timeout(seconds):
            await moved.wait()
            has_broker = await aioca.caget(f"{prefix}:BROKER:CONNECTED", timeout=None)
    except TimeoutError:
        return HeartbeatStopped(prefix, seconds) if beats else IocSilent(prefix)
    finally:
        monitor.close()
    return None if has_broker or not connected else BrokerAway(prefix)
