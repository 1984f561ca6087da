"""Settings of ISPyB."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from ..errors import SettingsInvalid
from ..errors.settings import OptionsExclusive, OptionUseless
from ._options import Given
from ._settings import Settings
from ._urls import read_credentials
from .types import FILE, ISPYB_URL


class IspybSettings(Settings):
    """Where ISPyB is, if data collections are looked up in it."""

    group: ClassVar[str] = "ISPyB"

    ispyb: ISPYB_URL | None = Field(
        default=None,
        description="look up data collections in this ISPyB, read only: "
        "mysql://user:password@host:3306/ispyb",
    )
    ispyb_credentials: FILE | None = Field(
        default=None,
        description="instead, an ISPyB credentials file, as named by ISPYB_CREDENTIALS",
    )
    ispyb_required: bool = Field(
        default=True, description="refuse data collections that are not in ISPyB"
    )

    @classmethod
    def conflicts(cls, given: Mapping[str, Given]) -> Iterator[SettingsInvalid]:
        """Yield what is missing or too much, seen from what is given at all."""
        yield from super().conflicts(given)
        url, file, required = (
            given.get(name) for name in ("ispyb", "ispyb_credentials", "ispyb_required")
        )
        if url and file:
            yield OptionsExclusive(url.label, file.label)
        if required and not url and not file:
            yield OptionUseless(required.label, "--ispyb or --ispyb-credentials")

    @property
    def ispyb_url(self) -> str | None:
        """The URL of the database, with its password.

        Raises:
            SettingsInvalid: the credentials file can't be used.
        """
        if self.ispyb_credentials:
            return read_credentials(self.ispyb_credentials)
        return self.ispyb.get_secret_value() if self.ispyb else None
