"""Whether ISPyB can be read."""

import time
from contextlib import closing

from ..errors import IspybUnavailable
from ..errors.files import PackageMissing
from ..errors.ispyb import IspybSilent
from ..ispyb import LIMIT, open_database
from ._finding import Finding, no, note, yes


def check_ispyb(url: str) -> Finding:
    """Read nothing, from all the columns that the IOC needs, within its limit."""
    what = "ISPyB"
    try:
        with closing(open_database(url)) as database:
            database.probe()
            began = time.monotonic()  # the IOC keeps its connections, too
            database.probe()
            if time.monotonic() - began > LIMIT:
                return no(what, IspybSilent(database.address, LIMIT))
            try:
                database.read_past(0)
            except IspybUnavailable as problem:
                return note(what, problem)  # only past results are missed
    except (PackageMissing, IspybUnavailable) as problem:
        return no(what, problem)
    return yes(
        what,
        f"{database.address} answers, and has all tables and columns "
        "that the IOC reads.",
    )
