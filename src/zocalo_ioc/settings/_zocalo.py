"""Where the broker is, from the site's Zocalo configuration."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from ..errors import files as errors


def broker_urls(file: Path | None, environment: str) -> list[str]:
    """Read the nodes of a broker as Zocalo itself would.

    Args:
        file: the configuration; if none, the one that ``ZOCALO_CONFIG`` names.
        environment: the one to be activated, with all of its plugins.

    Raises:
        SettingsInvalid: the ``zocalo`` package is missing, or the configuration
            can't be used.
    """
    try:
        import zocalo.configuration
        from workflows.transport.pika_transport import PikaTransport
    except ImportError:
        raise errors.PackageMissing(
            "--zocalo-environment", "zocalo", extra="zocalo"
        ) from None
    if file is None and not os.environ.get("ZOCALO_CONFIG"):
        raise errors.ZocaloConfigurationUnknown
    where = str(file or "the file that ZOCALO_CONFIG names")
    PikaTransport.defaults.clear()  # a local broker's settings may equal these
    try:
        configuration = zocalo.configuration.from_file(file)
        if environment not in configuration.environments:
            known = ", ".join(sorted(configuration.environments)) or "none"
            raise errors.ZocaloEnvironmentUnknown(where, environment, known)
        configuration.activate_environment(environment)
    except errors.ZocaloEnvironmentUnknown:
        raise
    except Exception as error:  # plugins raise what they like, and may quote passwords
        name = type(error).__name__
        raise errors.ZocaloConfigurationUnusable(where, name) from None
    if not PikaTransport.defaults:
        raise errors.ZocaloEnvironmentWithoutBroker(environment)
    return _urls(PikaTransport.defaults)


def _urls(values: Mapping[str, object]) -> list[str]:
    user, password, vhost = (
        quote(str(values[f"--rabbit-{name}"]), safe="")
        for name in ("user", "pass", "vhost")
    )
    hosts, ports = (
        [part.strip() for part in str(values[f"--rabbit-{name}"]).split(",")]
        for name in ("host", "port")
    )
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise errors.ZocaloPortsDiffer(len(hosts), len(ports))
    return [
        f"amqp://{user}:{password}@{host}:{port}/{vhost}"
        for host, port in zip(hosts, ports, strict=True)
    ]
