"""What to do about problems with the broker, by the options of the simulator."""

from zocalo_ioc.errors import Remedies, broker, outgoing, queues

_QUEUES = "Give --declare to create the queues, or check the virtual host in --broker"
_TLS = "Install the site's authority for this machine"

REMEDIES: Remedies = {
    queues.QueueMissing: _QUEUES,
    outgoing.NoQueue: _QUEUES,
    broker.CertificateUntrusted: _TLS,
    broker.ClientCertificateRefused: "Simulate with a broker that does not ask for one",
}
