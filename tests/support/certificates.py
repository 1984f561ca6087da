"""Certificates of the tests' own, made with the openssl command."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    file: Path
    key: Path


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = self._paths("ca")
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=Test authority"),
            *("-addext", "keyUsage=critical,keyCertSign"),
            *("-keyout", self.certificate.key, "-out", self.certificate.file),
        )

    def issue(
        self, name: str, host: str = "IP:127.0.0.1", days: int = 1
    ) -> Certificate:
        """Issue a certificate for a host; a negative number of days has expired."""
        issued, request = self._paths(name), self._folder / f"{name}.csr"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={host}\n")
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", issued.key, "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-days", days),
            *("-CA", self.certificate.file, "-CAkey", self.certificate.key),
            *("-CAcreateserial", "-extfile", extensions, "-out", issued.file),
        )
        return issued

    def _paths(self, name: str) -> Certificate:
        return Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
