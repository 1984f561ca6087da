"""The reference of what an IOC tells of itself: the fields of its log, and metrics."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from zocalo_ioc.logs import FIELDS, JSON_FIELDS
from zocalo_ioc.metrics import Metrics
from zocalo_ioc.records import Pvs, Store

from .markdown import quoted, table

_GRAYLOG = {
    "ioc": "the prefix of the IOC",
    "facility": "`zocalo-ioc`",
}


def operation_page() -> str:
    """Return the reference of logs and metrics."""
    return "\n".join(
        [
            "# Log fields and metrics",
            "",
            "[Monitor it in operation](../how-to/operate.md) explains how to get them.",
            "",
            "## Fields of the log",
            "",
            "With `--log-format json`, each line is an object with these fields. Only",
            "some have `dcid`, `guid`, `job` and `exception`.",
            *table(
                ["field", "meaning"], [(quoted(k), v) for k, v in JSON_FIELDS.items()]
            ),
            "",
            f"Graylog gets {', '.join(map(quoted, FIELDS))} as fields of the same "
            "name, and these:",
            *table(["field", "meaning"], [(quoted(k), v) for k, v in _GRAYLOG.items()]),
            "",
            "## Metrics",
            "",
            "`--metrics-port` serves these at `/metrics`.",
            *table(["metric", "type", "labels", "meaning"], _metrics()),
            "",
            "A histogram also has `…_bucket`, with the label `le`, `…_sum` and "
            "`…_count`.",
            "",
        ]
    )


def _metrics() -> Iterator[tuple[str, str, str, str]]:
    metrics = Metrics("P", Pvs(Store()))
    for family in sorted(metrics.registry.collect(), key=_order):
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {name for sample in family.samples for name in sample.labels}
        shown = ", ".join(quoted(name) for name in sorted(labels - {"le"}))
        name = quoted(f"{family.name}{suffix}")
        yield name, family.type, shown, family.documentation.rstrip(".")


def _order(family: Metric) -> tuple[bool, str]:
    return family.name.startswith("process_"), family.name
