"""A certificate authority for tests, and the certificates that it issues."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    file: Path
    key: Path


class Authority:
    """A certificate authority whose files are in a folder.

    Its certificates hold what Python 3.13 asks for, and nothing critical that Erlang
    does not know: it refuses the client certificates of the trustme package.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        self._name = _name("Test authority")
        certificate = (
            self._builder(self._name, public, days=2)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(public), critical=False
            )
        )
        self.file = self._write("ca", certificate)

    def issue(self, name: str, host: str = "127.0.0.1", days: int = 1) -> Certificate:
        """Issue a certificate for a host; with negative days, one that has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        key_file = self._folder / f"{name}.key"
        key_file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        certificate = (
            self._builder(_name(name), key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName([_host(host)]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
        )
        return Certificate(self._write(name, certificate), key_file)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        end = datetime.now(UTC) + timedelta(days)
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=end - timedelta(1000),
            not_valid_after=end,
        )

    def _write(self, name: str, certificate: x509.CertificateBuilder) -> Path:
        file = self._folder / f"{name}.pem"
        signed = certificate.sign(self._key, SHA256())
        file.write_bytes(signed.public_bytes(Encoding.PEM))
        return file


_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
