"""The URLs of the broker and of ISPyB: what is wrong with one, without its secrets."""

import re
from configparser import Error, RawConfigParser
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pika
from pydantic import SecretStr

from ..errors.files import (
    URL_FORM,
    BrokerFileEmpty,
    BrokerLineUnusable,
    FileUnreadable,
)
from ..errors.settings import CredentialsUnusable

_SPECIAL = (
    "write special characters of the user name, password and virtual host as %XX: "
    "@ as %40, / as %2F, # as %23"
)
_SHOWN_SCHEMES = ("amqp", "amqps", "http", "https", "mysql", "mariadb")
_ADDRESS = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d+)?(?:/.*)?")
_HOST_ALONE = re.compile(r"localhost|[\w-]+:\d+|[\w-]+(?:\.[\w-]+)+(?::\d+)?")
"""What can't but be a host, and no password."""


def broker_url(url: SecretStr) -> SecretStr:
    """Return a URL that pika takes.

    Raises:
        ValueError: with what to write instead, and nothing of the URL that may be
            secret.
    """
    text = url.get_secret_value()
    scheme, separator, _ = text.partition("://")
    if not separator:
        raise ValueError(f"write it as a URL: {URL_FORM}")
    if scheme not in ("amqp", "amqps"):
        raise ValueError(
            f"write {URL_FORM}, or amqps:// for TLS; other protocols are not supported"
        )
    _check_parts(_parts(text))
    try:
        pika.URLParameters(text)
    except Exception:  # pika raises what its parsing meets; the text may hold passwords
        raise ValueError(
            "write after the ? only parameters that pika knows, such as "
            "connection_attempts=1"
        ) from None
    return url


def read_broker_file(file: Path) -> list[str]:
    """Read URLs, one a line; empty lines and those that begin with # are left out.

    Raises:
        SettingsInvalid: there is no such file, or a line can't be used.
    """
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not UTF-8"
        raise FileUnreadable("--broker-file", str(file), reason) from None
    urls: list[str] = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        try:
            urls.append(broker_url(SecretStr(line)).get_secret_value())
        except ValueError as error:
            raise BrokerLineUnusable(number, str(file), f"{error}") from None
    if not urls:
        raise BrokerFileEmpty(str(file))
    return urls


def masked(text: str, written: str) -> str:
    """Return a URL without user name and password.

    Args:
        text: the URL.
        written: all that was written: a space or comma in a password splits it.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    elif scheme not in _SHOWN_SCHEMES:
        scheme = "…"
    user, at, address = rest.rpartition("@")
    address = address.partition("?")[0]
    surely = _ADDRESS if separator else _HOST_ALONE
    if not at and ("@" in written or not surely.fullmatch(address)):
        address = "…"  # it can be a password, or a piece of one
    return f"{scheme}{separator}{'…@' if user or at else ''}{address}"


def _parts(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError(f"{_SPECIAL}; and [] only around an IPv6 address") from None


def _check_parts(parts: SplitResult) -> None:
    after = f"{parts.path}?{parts.query}#{parts.fragment}"
    if "@" in after or parts.fragment:
        raise ValueError(_SPECIAL)
    if "ssl_options=" in parts.query:
        raise ValueError("configure TLS with --ca-file and --client-certificate")
    host, _, port = parts.netloc.rpartition("@")[2].rpartition(":")
    named = host and not port.endswith("]")
    if named and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(
            "write a port from 1 to 65535 after the host, usually 5672, or 5671 for TLS"
        )


_FORM = "mysql://user:password@host:3306/ispyb"
_SECTION = "ispyb_sqlalchemy"


# -- ISPyB --------------------------------------------------------------------


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
        raise CredentialsUnusable(str(file), f"{error} is missing") from None
    except (Error, ValueError):  # their texts quote the file, passwords and all
        reason = "it is not an ISPyB credentials file"
        raise CredentialsUnusable(str(file), reason) from None
