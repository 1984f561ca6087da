"""What clients of an IOC meet."""

from typing import Annotated

from ._examples import Prefix
from ._groups import Gone


class IocSilent(Gone):
    """None of its PVs was found."""

    text = "{prefix} does not answer"
    remedy = (
        "Check that the IOC is running, and that EPICS_CA_ADDR_LIST and "
        "EPICS_CA_SERVER_PORT lead to it"
    )
    prefix: Prefix


class IocLost(Gone):
    """The PVs have disconnected."""

    text = "Lost {prefix}: the IOC has stopped, or the network has failed"
    prefix: Prefix


class GridsNotServed(Gone):
    """The IOC takes no frames, so it has no records of grids."""

    text = "{prefix} serves no grids"
    remedy = "Start the IOC with --frames-queue or --frames-exchange"
    prefix: Prefix


class MatplotlibMissing(Gone):
    """matplotlib draws the pictures."""

    text = "Pictures need matplotlib"
    remedy = "Install zocalo-ioc[plot]"


class PictureNotWritten(Gone):
    """The folder is missing, or the file type is not supported."""

    text = "--output: can't write {file}: {reason}"
    file: Annotated[str, "grid.png"]
    reason: Annotated[str, "No space left on device"]


class ResultOvertaken(Gone):
    """The PVs show the latest result only."""

    text = "The result arrived, but newer results replaced it before it was read"
    remedy = "{prefix}:HISTORY has the last hundred jobs"
    prefix: Prefix


class HeartbeatStopped(Gone):
    """EPICS answers, but the program behind it has stopped working."""

    text = "{prefix} answers, but its heartbeat has not moved for {seconds:g} s"
    remedy = "Restart the IOC"
    prefix: Prefix
    seconds: Annotated[float, 5]


class BrokerAway(Gone):
    """The IOC runs, but no results can arrive."""

    text = "{prefix} is not connected to its broker"
    remedy = "{prefix}:MESSAGE says why"
    prefix: Prefix
