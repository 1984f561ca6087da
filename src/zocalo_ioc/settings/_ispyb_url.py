"""The URL of ISPyB's database, given as it is or in a credentials file."""

from configparser import Error, RawConfigParser
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..errors.settings import CredentialsUnusable

_FORM = "mysql://user:password@host:3306/ispyb"
_SECTION = "ispyb_sqlalchemy"


def ispyb_url(url: SecretStr) -> SecretStr:
    """Return a URL that names a database.

    Raises:
        ValueError: with what to write instead, and nothing of the URL that may be
            secret.
    """
    if not _names_a_database(url.get_secret_value()):
        raise ValueError(
            f"write {_FORM}, with special characters of the user name and password "
            "as %XX: @ as %40, / as %2F, # as %23"
        )
    return url


def _names_a_database(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme.partition("+")[0] in ("mysql", "mariadb")
            and bool(parts.hostname)
            and parts.port != 0
            and "@" not in parts.path
            and parts.netloc.count("@") <= 1  # else the host has part of the password
            and bool(parts.path.strip("/"))
            and not parts.fragment
        )
    except ValueError:
        return False


def read_credentials(file: Path) -> str:
    """Return the URL that a credentials file of the ``ispyb`` package stands for.

    Raises:
        CredentialsUnusable: the file can't be read, or something in it is missing.
    """
    credentials = RawConfigParser()
    try:
        credentials.read_string(file.read_text())
        section = credentials[_SECTION]
        url = "mysql://{username}:{password}@{host}:{port}/{database}"
        return ispyb_url(SecretStr(url.format_map(section))).get_secret_value()
    except OSError as error:
        raise CredentialsUnusable(str(file), f"{error.strerror}") from None
    except KeyError as error:
        raise CredentialsUnusable(str(file), f"there is no {error}") from None
    except (Error, ValueError):  # their texts quote the file, passwords and all
        reason = "it is not an ISPyB credentials file"
        raise CredentialsUnusable(str(file), reason) from None
