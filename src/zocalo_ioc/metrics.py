"""What Prometheus scrapes: counters of the records, ends of jobs and latencies.

Served by threads of its own, which read what the IOC has set: nothing waits for them.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector

from . import __version__
from .errors.files import MetricsPortUnavailable
from .jobs import ENDED, REFUSED, State
from .records import Pvs

_LATENCIES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600)
"""Bounds of the histogram, in seconds."""


class Metrics(Collector):
    """The metrics of one IOC.

    Args:
        prefix: what the names of its PVs start with.
        pvs: the records, which are read in threads.
    """

    def __init__(self, prefix: str, pvs: Pvs) -> None:
        self._prefix = prefix
        self._pvs = pvs
        self.registry = CollectorRegistry()
        """What is scraped."""
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self._ended = Counter(
            "zocalo_ioc_jobs_ended",
            "Jobs by how they ended",
            ["state"],
            registry=self.registry,
        )
        for state in ENDED:
            self._ended.labels(state.label)
        self._refused = Counter(
            "zocalo_ioc_requests_refused",
            "Requests that could not be sent",
            registry=self.registry,
        )
        self._latency = Histogram(
            "zocalo_ioc_result_latency_seconds",
            "Time from the last message of a job to its result",
            buckets=_LATENCIES,
            registry=self.registry,
        )

    def note(self, entry: Mapping[str, Any]) -> None:
        """Count a row of the history."""
        if entry["state"] in {state.label for state in ENDED}:
            self._ended.labels(entry["state"]).inc()
        elif entry["state"] == REFUSED:
            self._refused.inc()
        if not math.isnan(entry["latency"]):
            self._latency.observe(entry["latency"])

    def serve(self, address: str, port: int) -> None:
        """Answer scrapes until the process ends.

        Raises:
            SettingsInvalid: the port can't be had.
        """
        try:
            start_http_server(port, address, self.registry)
        except OSError as error:
            reason = error.strerror or ""
            raise MetricsPortUnavailable(address, port, reason) from None

    def collect(self) -> Iterable[Metric]:
        """Read the records; called for each scrape."""
        yield InfoMetricFamily(
            "zocalo_ioc", "The IOC", {"version": __version__, "prefix": self._prefix}
        )
        broker = self._pvs.broker
        for name, record in (
            ("messages_sent", broker.sent),
            ("results_received", broker.received),
            ("results_ignored", broker.ignored),
            ("results_rejected", broker.rejected),
            ("broker_reconnects", broker.reconnects),
        ):
            text = record.description
            yield CounterMetricFamily(f"zocalo_ioc_{name}", text, record.get())
        yield GaugeMetricFamily(
            "zocalo_ioc_broker_connected",
            "Whether the IOC is connected and consuming results",
            broker.connected.get(),
        )
        yield GaugeMetricFamily(
            "zocalo_ioc_confirm_seconds",
            "Time the broker took to confirm the last message",
            broker.confirm_time.get() / 1000,
        )
        now = self._pvs.job.state.get()
        yield StateSetMetricFamily(
            "zocalo_ioc_state",
            "State of the latest job",
            {state.label: state == now for state in State},
        )
