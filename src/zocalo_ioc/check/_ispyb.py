"""Whether ISPyB can be read."""

from contextlib import closing

from ..errors import IspybUnavailable
from ..errors.files import PackageMissing
from ..ispyb import open_database
from ._finding import Finding, no, note, yes


def check_ispyb(url: str) -> Finding:
    """Read nothing, from all the columns that the IOC needs."""
    what = "ISPyB"
    try:
        with closing(open_database(url)) as database:
            database.probe()
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
