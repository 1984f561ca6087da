"""What `zocalo-ioc check` finds before the IOC could."""

from typing import Annotated

from ._examples import Node, Reason, TriggerQueue
from ._groups import CheckFailed

_Variable = Annotated[str, "EPICS_CA_SERVER_PORT"]
_Where = Annotated[str, "5064 of 192.168.3.1"]


class NamesTooLong(CheckFailed):
    text = (
        "{name}, the longest of {count}, has {length} characters; EPICS allows {limit}"
    )
    remedy = "Shorten --prefix"
    cause = "EPICS could not make the records."
    name: Annotated[str, "BL03I-EA-ZOC-01:IOC:SCANONCE_Q_OVERRUNS"]
    count: Annotated[int, 153]
    length: Annotated[int, 61]
    limit: Annotated[int, 60]


class PortInvalid(CheckFailed):
    text = "{variable} is {value}"
    remedy = "Set it to a port number"
    cause = "EPICS would use another port."
    variable: _Variable
    value: Annotated[str, "banana"]


class PortUnavailable(CheckFailed):
    text = "Can't use port {port}: {reason}"
    cause = "The system refuses the port to this user."
    port: _Where
    reason: Reason


class PortInUse(CheckFailed):
    text = (
        "Port {port} is in use. If another IOC uses it, clients that look for this "
        "machine by address find only one of the two"
    )
    remedy = "Set {variable} to another port, here and for the clients"
    cause = "Probably another IOC uses the port."
    port: _Where
    variable: _Variable


class MetricsPortInUse(CheckFailed):
    text = "Can't use {address}:{port}: {reason}"
    remedy = "Choose another port"
    cause = "Prometheus could not connect."
    address: Annotated[str, "127.0.0.1"]
    port: Annotated[int, 9100]
    reason: Annotated[str, "Address already in use"]


class AccessFileUnreadable(CheckFailed):
    text = "Can't read {file}: {reason}"
    cause = "The file can't be opened."
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]
    reason: Reason


class AccessFileInvalid(CheckFailed):
    text = "EPICS can't read {file}"
    remedy = "Fix the line that EPICS names on stderr"
    cause = "The IOC would not start."
    file: Annotated[str, "/etc/zocalo-ioc/i03.acf"]


class FolderReadOnly(CheckFailed):
    text = "Can't write to {folder}: {reason}"
    remedy = "Let the user that runs the IOC write to the folder"
    cause = "Nothing would survive a restart."
    folder: Annotated[str, "/var/lib/zocalo-ioc/i03"]
    reason: Reason


class CertificateEndsSoon(CheckFailed):
    text = "The certificate expires in {days} days, at {until} UTC"
    remedy = "Renew the certificate"
    cause = "The broker's certificate expires soon."
    days: Annotated[int, 20]
    until: Annotated[str, "2027-02-10 12:00"]


class QueuesNotChecked(CheckFailed):
    text = "Not checked without a connection to the broker"
    remedy = "Fix the problem above, then check again"
    cause = "No node of the broker could be used."


class TriggerQueueMissing(CheckFailed):
    text = "{address} has no queue {queue} for triggers"
    remedy = "Check the virtual host in --broker, or create the queue"
    cause = "Zocalo probably uses another virtual host."
    address: Node
    queue: TriggerQueue


class NoDispatcher(CheckFailed):
    text = "The queue exists, but has no consumer"
    remedy = "Is Zocalo's dispatcher running?"
    cause = "Triggers would wait in the queue."


class OthersTakeMessages(CheckFailed):
    text = (
        "The queue exists and can be read. Consumers of one queue take {content} from "
        "each other, and this one already has {consumers}"
    )
    remedy = (
        "Stop the others, unless one is the IOC itself, or take a copy of the "
        "{content} with --{content}-exchange"
    )
    cause = "Each message goes to only one consumer."
    consumers: Annotated[int, 1]
    content: Annotated[str, "results"]
