"""`zocalo-ioc demo`: an IOC and a simulated Zocalo in one process."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from pydantic import Field

from ..exits import UNTIL_STOPPED
from ..settings import IocSettings
from ..settings.types import PREFIX
from ._command import Command, serve_ioc
from ._tools import tools_folder

RESULTS_QUEUE = "xrc.demo"
FRAMES_QUEUE = "pia.demo"
SCAN = {
    "DCID": 1234567,
    "NUM_FRAMES": 400,
    "XZ:DCID": 1234568,
    "XZ:NUM_FRAMES": 400,
}
_PORTS = {
    "EPICS_CA_SERVER_PORT": ("EPICS_CAS_SERVER_PORT", 5064),
    "EPICS_PVA_BROADCAST_PORT": ("EPICS_PVAS_BROADCAST_PORT", 5076),
}
"""What clients and a server read, what a server reads first, and the usual port."""
_LOOPBACK = "127.0.0.1"


class DemoSettings(IocSettings):
    """Serve the PVs with a simulated Zocalo, in one process and without a broker."""

    group: ClassVar[str] = "PVs"

    prefix: PREFIX = Field(default="ZOCALO-DEMO", description="prefix of all PVs")


def _demo(settings: DemoSettings) -> None:
    serve_ioc(settings, partial(_ioc, settings.prefix), settings.prefix)


async def _ioc(prefix: str, stop: asyncio.Event, on_served: Callable[[], None]) -> None:
    """Serve an IOC with a simulated Zocalo until stopped, on this machine only."""
    # EPICS and the simulator are loaded only when they are needed
    from zocalo_simulator.data_collections import Site
    from zocalo_simulator.names import Beamline
    from zocalo_simulator.simulation import Options, SimulatedZocalo

    from ..broker import Hub, LoopbackBroker, Queue
    from ..ioc import Ioc

    instructions = _instructions(prefix, _epics_environment())

    def served() -> None:
        print(instructions, flush=True)
        on_served()

    hub = Hub()
    # a beamline without the GPU pipeline, which needs the name of a file
    zocalo = SimulatedZocalo(
        Options(Site(RESULTS_QUEUE, Beamline.I04, frames_key=FRAMES_QUEUE)),
        lambda subscriptions: LoopbackBroker(hub, subscriptions),
    )
    ioc = Ioc(
        prefix,
        lambda subscriptions, watches, on_change: LoopbackBroker(
            hub, subscriptions, on_change, watches
        ),
        Queue(RESULTS_QUEUE),
        frames=Queue(FRAMES_QUEUE, content="frames"),
    )
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(zocalo.run())
        await ioc.serve(stop, served)
        serving.cancel()


def _instructions(prefix: str, environment: Mapping[str, str]) -> str:
    """Return what to type next, ready to be pasted into a shell."""
    exports = [
        " ".join(("export", *(f"{n}={v}" for n, v in environment.items() if kind in n)))
        for kind in ("_CA_", "_PVA_")
    ]
    if folder := tools_folder():
        exports.append(f'export PATH="{folder}:$PATH"')
    setting_up = "\n  ".join(exports)
    request = "\n  ".join(f"caput {prefix}:{name} {n}" for name, n in SCAN.items())
    return f"""
In another terminal, process a scan of two grids and read where the crystal is:

  {setting_up}

  {request}
  caput -c -w 60 {prefix}:PROCESS 1
  caget {prefix}:STATE {prefix}:BEST:X {prefix}:BEST:Y {prefix}:BEST:Z

Ctrl-C here ends the demo.
"""


def _epics_environment() -> dict[str, str]:
    """Keep the demo to this machine, and return what its clients need to find it."""
    os.environ.setdefault("EPICS_CAS_INTF_ADDR_LIST", _LOOPBACK)
    os.environ.setdefault("EPICS_PVAS_INTF_ADDR_LIST", _LOOPBACK)
    client = {
        "EPICS_CA_ADDR_LIST": os.environ["EPICS_CAS_INTF_ADDR_LIST"],
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_ADDR_LIST": os.environ["EPICS_PVAS_INTF_ADDR_LIST"],
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
    }
    # with another IOC on the usual ports, clients could take its PVs for these
    alone = _is_free(_PORTS["EPICS_CA_SERVER_PORT"][1])
    for name, (of_server, usual) in _PORTS.items():
        given = os.environ.get(of_server) or os.environ.get(name)
        # printed even if usual: a terminal may still have those of another demo
        client[name] = given or str(usual if alone else _free_port())
        os.environ[of_server] = client[name]
    # without addresses to search, EPICS prints an error on a machine without a network
    for name, value in client.items():
        os.environ.setdefault(name, value)
    return client


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _is_free(port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(type=kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("", port))
    except OSError:
        return False
    return True


COMMAND = Command(DemoSettings, _demo, UNTIL_STOPPED, warns=True)
