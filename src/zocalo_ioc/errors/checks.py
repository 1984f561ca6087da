"""What `zocalo-ioc check` finds before the IOC could."""

from typing import Annotated

from ._examples import Node, Reason, TriggerQueue
from ._groups import CheckFailed

_Variable = Annotated[str, "EPICS_CA_SERVER_PORT"]
_Where = Annotated[str, "5064 of 192.168.3.1"]


class NamesTooLong(CheckFailed):
    """EPICS could not make the records."""

    text = (
        "{name}, the longest of {count}, has {length} characters; EPICS allows {limit}"
    )
    remedy = "Shorten --prefix"
    name: Annotated[str, "BL03I-EA-ZOC-01:IOC:SCANONCE_Q_OVERRUNS"]
    count: Annotated[int, 153]
    length: Annotated[int, 61]
    limit: Annotated[int, 60]


class PortInvalid(CheckFailed):
    """EPICS would use another port."""

    text = "{variable} is {value}"
    remedy = "Set it to a port number"
    variable: _Variable
    value: Annotated[str, "banana"]


class PortUnavailable(CheckFailed):
    """The system refuses the port to this user."""

    text = "Can't use port {port}: {reason}"
    port: _Where
    reason: Reason


class PortInUse(CheckFailed):
    """Probably another IOC uses the port."""

    text = (
        "Port {port} is in use. If another IOC uses it, clients that look for this "
        "machine by address find only one of the two"
    )
    remedy = "Set {variable} to another port, here and for the clients"
    port: _Where
    variable: _Variable


class MetricsPortInUse(CheckFailed):
    """Prometheus could not connect."""

    text = "Can't use {address}:{port}: {reason}"
    remedy = "Choose another port"
    address: Annotated[str, "127.0.0.1"]
    port: Annotated[int, 9100]
    reason: Annotated[str, "Address already in use"]


class AccessFileUnreadable(CheckFailed):
    """The file can't be opened."""

    text = "Can't read {file}: {reason}"
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]
    reason: Reason


class AccessFileInvalid(CheckFailed):
    """The IOC would not start."""

    text = "EPICS can't read {file}"
    remedy = "Fix the line that EPICS names on stderr"
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]


class FolderReadOnly(CheckFailed):
    """Nothing would survive a restart."""

    text = "Can't write to {folder}: {reason}"
    remedy = "Let the user that runs the IOC write to the folder"
    folder: Annotated[str, "/var/lib/zocalo-ioc/i03"]
    reason: Reason


class CertificateEndsSoon(CheckFailed):
    """The broker's certificate expires soon."""

    text = "The certificate is valid for only {days} days, until {until} UTC"
    remedy = "Renew the certificate"
    days: Annotated[int, 20]
    until: Annotated[str, "2027-02-10 12:00"]


class TriggerQueueMissing(CheckFailed):
    """Zocalo probably uses another virtual host."""

    text = "{address} has no queue {queue} for triggers"
    remedy = "Check the virtual host in --broker, or create the queue"
    address: Node
    queue: TriggerQueue


class NoDispatcher(CheckFailed):
    """Triggers would wait in the queue."""

    text = "The queue exists, but has no consumer"
    remedy = "Is Zocalo's dispatcher running?"


class OthersTakeMessages(CheckFailed):
    """Each message goes to only one consumer."""

    text = (
        "The queue exists and can be read. Consumers of one queue take {content} from "
        "each other, and this one already has {consumers}"
    )
    remedy = (
        "Stop the others, unless one is the IOC itself, or take a copy of the "
        "{content} with --{content}-exchange"
    )
    consumers: Annotated[int, 1]
    content: Annotated[str, "results"]
