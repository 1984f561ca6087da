"""Whether the IOC can keep what it is to keep."""

import tempfile
from pathlib import Path

from ..errors.checks import FolderReadOnly
from ._finding import Finding, no, yes


def check_folder(option: str, folder: Path) -> Finding:
    """Try whether files can be made in a folder."""
    what = f"--{option}"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"zocalo-ioc check")
    except OSError as error:
        return no(what, FolderReadOnly(str(folder), error.strerror or ""))
    return yes(what, f"{folder} is writable.")
