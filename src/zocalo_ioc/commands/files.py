"""`zocalo-ioc files`: where screens, databases and examples are, and copies of them."""

import shutil
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import TypeAliasType

from ..errors.files import FilesNotCopied, FilesNotInstalled
from ..exits import AT_ONCE
from ..settings import POSITIONAL, Settings
from ._command import Command

FOLDERS = {
    "db": (".acf", ".csv", ".db", ".substitutions", ".template", ".xml"),
    "opi": (".bob",),
    "systemd": (".env", ".service", ".yaml"),
}
"""What is there for engineers, by the ends of the names."""
FOLDER = TypeAliasType("FOLDER", Annotated[Path, Field(description="a folder")])
_SHARE = "share/zocalo-ioc"


class FilesSettings(Settings):
    """Copy screens, databases and examples to a folder, or show where they are."""

    group: ClassVar[str] = "Copies"
    foreign_keys: ClassVar[bool] = True

    folder: FOLDER | None = Field(
        default=None, description="folder to copy them to", json_schema_extra=POSITIONAL
    )


def _files(settings: FilesSettings) -> None:
    """Print where the files are, or copy them to a folder and print their names.

    Raises:
        SettingsInvalid: they are not installed, or can't be copied.
    """
    target = settings.folder
    for folder, ends in FOLDERS.items():
        source = _find(folder)
        if target is None:
            print(source)
            continue
        try:
            (target / folder).mkdir(parents=True, exist_ok=True)
            for file in sorted(source.iterdir()):
                if file.suffix in ends:
                    print(shutil.copyfile(file, target / folder / file.name))
        except OSError as error:
            raise FilesNotCopied(str(target), error.strerror or "") from None


def _find(folder: str) -> Path:
    """Find a folder: in a clone of the repository, or where pip has put it."""
    clone = Path(__file__).parents[3]
    if (clone / "pyproject.toml").exists():
        return clone / ("examples/systemd" if folder == "systemd" else folder)
    try:
        for file in files("zocalo-ioc") or ():
            if file.parent.as_posix().endswith(f"{_SHARE}/{folder}"):
                return Path(str(file.locate())).parent.resolve()
    except PackageNotFoundError:
        pass
    raise FilesNotInstalled(folder)


COMMAND = Command(FilesSettings, _files, AT_ONCE)
