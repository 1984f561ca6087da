"""What to do about problems with the broker, by the options of the simulator."""

from zocalo_ioc.errors import Remedies, broker, outgoing, queues

_QUEUES = "Use --declare to create the queues, or check the virtual host in --broker"
_TLS = "Have this machine trust the site's certificate authority"

REMEDIES: Remedies = {
    queues.QueueMissing: _QUEUES,
    outgoing.NoQueue: _QUEUES,
    broker.CertificateUntrusted: _TLS,
    broker.ClientCertificateRefused: "Use a broker that does not require a client "
    "certificate",
}
