"""Reading ISPyB, and what it does not know or knows differently."""

from typing import Annotated

from ._examples import Dcid
from ._groups import CollectionRefused, IspybDiffers, IspybUnavailable, RequestInvalid
from ._problem import Problem

_Server = Annotated[str, "ispyb.example.org:3306"]

# -- ISPyB can't be read ------------------------------------------------------


class Looking(IspybUnavailable):
    text = "Connecting to ISPyB"
    cause = "The first attempt is in progress."


class _AtServer(IspybUnavailable):
    address: _Server


class IspybDown(_AtServer):
    text = "ISPyB: nothing listens at {address}"
    remedy = "Is the database running?"
    cause = "The connection was refused."


class IspybSilent(_AtServer):
    text = "ISPyB: no answer from {address} within {limit:g} s"
    remedy = "Check the database and the network"
    cause = "The server or the network hangs, or is slow."
    limit: Annotated[float, 1]


class IspybClosed(_AtServer):
    text = "ISPyB: {address} closed the connection"
    remedy = "Is the database starting or stopping?"
    cause = "The server, or a proxy before it, ended the connection before it answered."


class IspybHostUnknown(_AtServer):
    text = "ISPyB: unknown host: {address}"
    remedy = "Check --ispyb"
    cause = "DNS does not have the name."


class IspybLoginRefused(_AtServer):
    text = "ISPyB: {address} refused the user name or password"
    remedy = "Check --ispyb or --ispyb-credentials, and the user's permissions"
    cause = "The user or the password is wrong, or this host may not connect."


class IspybDatabaseRefused(_AtServer):
    text = "ISPyB: {address} has no database {database} for this user"
    remedy = "Check the database at the end of --ispyb, and the user's permissions"
    cause = "The database does not exist, or the user has no access."
    database: Annotated[str, "ispyb"]


class IspybReadForbidden(_AtServer):
    text = "ISPyB: this user may not read {name} at {address}"
    remedy = "GRANT SELECT on it"
    cause = "The user lacks the right to SELECT."
    name: Annotated[str, "GridInfo"]


class IspybWriteForbidden(_AtServer):
    text = "ISPyB: this user may not write to {name} at {address}"
    remedy = "GRANT INSERT on it"
    cause = "The user of a simulation lacks the right to INSERT results."
    name: Annotated[str, "XrayCentring"]


class IspybColumnMissing(_AtServer):
    text = "ISPyB: {address} has no {name}"
    remedy = "Is this an ISPyB database? Report the version of its schema"
    cause = "The schema is not one that this version supports."
    name: Annotated[str, "numberOfImages"]


class IspybFailed(_AtServer):
    text = "ISPyB: {address} can't be read ({reason})"
    remedy = "Look up the error number in the database's documentation"
    cause = "Any other error of the server or the driver."
    reason: Annotated[str, "OperationalError 1040"]


class IspybNotUnderstood(_AtServer):
    text = "ISPyB: {address} can't be read ({reason})"
    remedy = "Check the host, the port and any options in --ispyb"
    cause = (
        "Another program listens there, or the URL has options that the driver refuses."
    )
    reason: Annotated[str, "InternalError"]


# -- what ISPyB knows of a request --------------------------------------------


class IspybNotUsed(RequestInvalid):
    text = "This IOC does not use ISPyB"
    remedy = "To read past results, start the IOC with --ispyb"
    cause = "Past results were requested from an IOC without ISPyB."


class NotADcid(RequestInvalid):
    text = "'{written}' is not a data collection id"
    remedy = "Write a number, 1 or more"
    cause = "The text in PAST is not a DCID."
    written: Annotated[str, "seventy"]


class DcidUnknown(CollectionRefused):
    text = "DCID {dcid} is not in ISPyB"
    remedy = "Check DCID"
    cause = "ISPyB has no such data collection. Zocalo would drop the message."


class FramesUnknown(CollectionRefused):
    text = "DCID {dcid}: NUM_FRAMES is 0, and ISPyB has no number of images"
    remedy = "Write the number of frames, 1 or more"
    cause = "NUM_FRAMES is 0, and ISPyB does not have the number either."


class FramesNotLookedUp(CollectionRefused):
    text = "DCID {dcid}: NUM_FRAMES is 0. {problem}"
    remedy = "Otherwise write the number of frames, 1 or more"
    cause = "NUM_FRAMES is 0, and ISPyB can't be read."
    problem: Annotated[Problem, IspybDown("ispyb.example.org:3306")]


class ImagesDiffer(IspybDiffers):
    text = "ISPyB has {images} images for DCID {dcid}, not {num_frames}"
    cause = "NUM_FRAMES is not the number of images in ISPyB."
    images: Annotated[int, 400]
    dcid: Dcid
    num_frames: Annotated[int, 390]


class GroupDiffers(IspybDiffers):
    text = "ISPyB has DCID {dcid} in group {group}, not {dcgid}"
    cause = "DCGID is not the group of the data collection in ISPyB."
    dcid: Dcid
    group: Annotated[int, 4567]
    dcgid: Annotated[int, 4568]


class GridsLeftOut(IspybDiffers):
    text = "The scan also includes DCID {others} in ISPyB"
    remedy = "To process all its grids, write one DCID, and 0 to NUM_FRAMES"
    cause = "The request names only some grids of a scan. Zocalo waits for all of them."
    others: Annotated[str, "1234568"]


class GroupsDiffer(IspybDiffers):
    text = "ISPyB has DCID {dcid} in group {group}, and DCID {other} in another"
    cause = "The data collections are not of one scan."
    dcid: Dcid
    group: Annotated[int, 4567]
    other: Annotated[int, 1234569]
