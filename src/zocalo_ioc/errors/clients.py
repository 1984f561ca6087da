"""What clients of an IOC meet."""

from typing import Annotated

from ._groups import Gone

_Prefix = Annotated[str, "BL03I-EA-ZOC-01"]


class IocSilent(Gone):
    """No PV can be found."""

    text = "{prefix} does not answer"
    remedy = (
        "Check that the IOC is running, and that EPICS_CA_ADDR_LIST and "
        "EPICS_CA_SERVER_PORT lead to it"
    )
    prefix: _Prefix


class IocLost(Gone):
    """The PVs were there before."""

    text = "{prefix} has gone: the IOC has ended, or the network"
    prefix: _Prefix


class ResultOvertaken(Gone):
    """The PVs show the latest result only."""

    text = "The result came, but others took its place before it was read"
    remedy = "{prefix}:HISTORY has the last hundred jobs"
    prefix: _Prefix
