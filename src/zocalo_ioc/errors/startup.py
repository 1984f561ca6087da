"""What keeps an IOC from starting that may be gone in a moment."""

from typing import Annotated

from ._examples import Prefix
from ._groups import NotStarted


class SavedByAnother(NotStarted):
    text = "Another IOC saves its values to {file}"
    remedy = "Stop the other IOC, or set --autosave to another folder"
    cause = (
        "Two would overwrite each other's values. The lock ends with the other process."
    )
    file: Annotated[str, "BL03I-EA-ZOC-01.json"]


class PrefixServed(NotStarted):
    text = "Another IOC serves {prefix}, at {address}"
    remedy = "Stop the other IOC, or choose another --prefix"
    cause = "Clients could get the values of either IOC."
    prefix: Prefix
    address: Annotated[str, "bl03i-ea-serv-01:5064"]
