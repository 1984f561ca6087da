"""What clients of an IOC meet."""

from typing import Annotated

from ._examples import Prefix
from ._groups import Gone


class IocSilent(Gone):
    text = "{prefix} does not answer"
    remedy = (
        "Check that the IOC is running, and that EPICS_CA_ADDR_LIST and "
        "EPICS_CA_SERVER_PORT lead to it"
    )
    cause = "None of its PVs was found."
    prefix: Prefix


class IocLost(Gone):
    text = "Lost {prefix}: the IOC has stopped, or the network has failed"
    cause = "The PVs have disconnected."
    prefix: Prefix


class RecentNotRead(Gone):
    text = "{prefix} answers, but {prefix}:RESULT:RECENT can't be read"
    remedy = (
        "Set EPICS_CA_MAX_ARRAY_BYTES to 400000 for this client, the IOC and any "
        "gateway, and check that client and IOC have the same version"
    )
    cause = (
        "Its 320,000 bytes are more than EPICS may send, or the IOC is an older one."
    )
    prefix: Prefix


class GridsNotServed(Gone):
    text = "{prefix} serves no grids"
    remedy = "Start the IOC with --frames-queue or --frames-exchange"
    cause = "The IOC takes no frames, so it has no records of grids."
    prefix: Prefix


class NoFrames(Gone):
    text = "No frames have arrived yet"
    cause = "Before the first frame there is nothing to draw."


class MatplotlibMissing(Gone):
    text = "Pictures need matplotlib"
    remedy = "Install zocalo-ioc[plot]"
    cause = "matplotlib draws the pictures."


class PictureNotWritten(Gone):
    text = "--output: can't write {file}: {reason}"
    cause = "The folder is missing, or the file type is not supported."
    file: Annotated[str, "grid.png"]
    reason: Annotated[str, "No space left on device"]


class ResultOvertaken(Gone):
    text = "The result arrived, but newer results replaced it before it was read"
    remedy = "{prefix}:HISTORY has the last hundred jobs"
    cause = "The PVs show the latest result only."
    prefix: Prefix


class HeartbeatStopped(Gone):
    text = "{prefix} answers, but its heartbeat has not moved for {seconds:g} s"
    remedy = "Restart the IOC"
    cause = "EPICS answers, but the program behind it has stopped working."
    prefix: Prefix
    seconds: Annotated[float, 5]


class BrokerAway(Gone):
    text = "{prefix} is not connected to its broker"
    remedy = "{prefix}:MESSAGE says why"
    cause = "The IOC runs, but no results can arrive."
    prefix: Prefix
