"""Reading ISPyB, and what it does not know or knows differently."""

from typing import Annotated

from ._examples import Dcid
from ._groups import IspybDiffers, IspybUnavailable, RequestInvalid
from ._problem import Problem

_Server = Annotated[str, "ispyb.example.org:3306"]

# -- ISPyB can't be read ------------------------------------------------------


class Looking(IspybUnavailable):
    """The first attempt is in progress."""

    text = "Connecting to ISPyB"


class IspybDown(IspybUnavailable):
    """The connection was refused."""

    text = "ISPyB: nothing listens at {address}"
    remedy = "Is the database running?"
    address: _Server


class IspybSilent(IspybUnavailable):
    """The server or the network hangs, or is slow."""

    text = "ISPyB: no answer from {address} within {limit:g} s"
    remedy = "Check the database and the network"
    address: _Server
    limit: Annotated[float, 1]


class IspybClosed(IspybUnavailable):
    """The server, or a proxy before it, ended the connection before it answered."""

    text = "ISPyB: {address} closed the connection"
    remedy = "Is the database starting or stopping?"
    address: _Server


class IspybHostUnknown(IspybUnavailable):
    """DNS does not have the name."""

    text = "ISPyB: unknown host: {address}"
    remedy = "Check --ispyb"
    address: _Server


class IspybLoginRefused(IspybUnavailable):
    """The user or the password is wrong, or this host may not connect."""

    text = "ISPyB: {address} refused the user name or password"
    remedy = "Check --ispyb or --ispyb-credentials, and the user's permissions"
    address: _Server


class IspybDatabaseRefused(IspybUnavailable):
    """The database does not exist, or the user has no access."""

    text = "ISPyB: {address} has no database {database} for this user"
    remedy = "Check the end of --ispyb, and the user's permissions"
    address: _Server
    database: Annotated[str, "ispyb"]


class IspybReadForbidden(IspybUnavailable):
    """The user lacks the right to SELECT."""

    text = "ISPyB: this user may not read {name} at {address}"
    remedy = "GRANT SELECT on it"
    address: _Server
    name: Annotated[str, "GridInfo"]


class IspybWriteForbidden(IspybUnavailable):
    """The user of a simulation lacks the right to INSERT results."""

    text = "ISPyB: this user may not write to {name} at {address}"
    remedy = "GRANT INSERT on it"
    address: _Server
    name: Annotated[str, "XrayCentring"]


class IspybColumnMissing(IspybUnavailable):
    """The schema is not one that this version supports."""

    text = "ISPyB: {address} has no {name}"
    remedy = "Is this an ISPyB database? Report the version of its schema"
    address: _Server
    name: Annotated[str, "numberOfImages"]


class IspybFailed(IspybUnavailable):
    """Any other error of the server or the driver."""

    text = "ISPyB: {address} can't be read ({reason})"
    remedy = "Look up the error number in the database's documentation"
    address: _Server
    reason: Annotated[str, "OperationalError 1040"]


class IspybNotUnderstood(IspybUnavailable):
    """Another program listens there, or the URL has options that the driver refuses."""

    text = "ISPyB: {address} can't be read ({reason})"
    remedy = "Check the host, the port and any options in --ispyb"
    address: _Server
    reason: Annotated[str, "InternalError"]


# -- what ISPyB knows of a request --------------------------------------------


class IspybNotUsed(RequestInvalid):
    """Past results were requested from an IOC without ISPyB."""

    text = "This IOC does not use ISPyB"
    remedy = "Start it with --ispyb"


class NotADcid(RequestInvalid):
    """The text in PAST is not a DCID."""

    text = "'{written}' is not a data collection id"
    remedy = "Write a number, 1 or more"
    written: Annotated[str, "seventy"]


class DcidUnknown(RequestInvalid):
    """ISPyB has no such data collection. Zocalo would drop the message."""

    text = "DCID {dcid} is not in ISPyB"
    remedy = "Check DCID"
    dcid: Dcid


class FramesUnknown(RequestInvalid):
    """NUM_FRAMES is 0, and ISPyB does not have the number either."""

    text = "DCID {dcid}: NUM_FRAMES is 0, and ISPyB has no number of images"
    remedy = "Write the number of frames, 1 or more"
    dcid: Dcid


class FramesNotLookedUp(RequestInvalid):
    """NUM_FRAMES is 0, and ISPyB can't be read."""

    text = "DCID {dcid}: NUM_FRAMES is 0. {problem}"
    remedy = "Or write the number of frames, 1 or more"
    dcid: Dcid
    problem: Annotated[Problem, IspybDown("ispyb.example.org:3306")]


class ImagesDiffer(IspybDiffers):
    """NUM_FRAMES is not the number of images in ISPyB."""

    text = "ISPyB has {images} images for DCID {dcid}, not {num_frames}"
    images: Annotated[int, 400]
    dcid: Dcid
    num_frames: Annotated[int, 390]


class GroupDiffers(IspybDiffers):
    """DCGID is not the group of the data collection in ISPyB."""

    text = "ISPyB has DCID {dcid} in group {group}, not {dcgid}"
    dcid: Dcid
    group: Annotated[int, 4567]
    dcgid: Annotated[int, 4568]


class GridsLeftOut(IspybDiffers):
    """PROCESS is to process some grids of a scan. Zocalo waits for the others."""

    text = "ISPyB has DCID {others} in the same scan, too"
    remedy = "To process all its grids, write one DCID, and 0 to NUM_FRAMES"
    others: Annotated[str, "1234568"]


class GroupsDiffer(IspybDiffers):
    """The data collections are not of one scan."""

    text = "ISPyB has DCID {dcid} in group {group}, and DCID {other} in another"
    dcid: Dcid
    group: Annotated[int, 4567]
    other: Annotated[int, 1234569]
