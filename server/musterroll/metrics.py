"""Prometheus metrics. Created by the composition root and passed on; nothing is global."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

_BATCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Gauge(NamedTuple):
    """Current values by one label: `Gauge("units_by_lifecycle", "Units by lifecycle.", "lifecycle", {"stock": 3})`."""

    name: str
    what: str
    label: str
    values: Mapping[Any, float]


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry, self.fleet = CollectorRegistry(), CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.messages_total = self._counter("messages", "Messages committed, by kind.", "kind")
        self.quarantined_total = self._counter("quarantined", "Messages quarantined, by reason.", "code")
        self.refusals_total = self._counter("refusals", "Requests rejected, by reason.", "code")
        self.receipts_total = self._counter("receipts", "Receipts sent to units.")
        self.batches_total = self._counter("batches", "Batches of messages committed.")
        self.redelivered_total = self._counter("redelivered", "Messages received again after they had been committed.")
        self.failures_total = self._counter("failures", "Batches of messages that failed and will be redelivered.")
        self.enrolments_total = self._counter("enrolments", "Enrolments, by status.", "status")
        self.batch_seconds = Histogram(
            "musterroll_batch_seconds", "Time to commit a batch, in seconds.", registry=self.registry, buckets=_BATCH_SECONDS
        )

    def gauge(self, read: Callable[[], Iterable[Gauge]], *, of_fleet: bool = False) -> None:
        """Call `read` at every scrape. If it fails, that scrape has none of its gauges. `of_fleet`: not shown to strangers."""
        (self.fleet if of_fleet else self.registry).register(_Gauges(read))

    def text(self, with_fleet: bool = True) -> bytes:
        """The metrics in the Prometheus text format."""
        return generate_latest(self.registry) + (generate_latest(self.fleet) if with_fleet else b"")

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"musterroll_{name}", what, labels, registry=self.registry)


class _Gauges(Collector):
    def __init__(self, counted: Callable[[], Iterable[Gauge]]) -> None:
        self._counted = counted

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []  # nothing is counted before the first scrape

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            gauges = list(self._counted())
        except Exception:  # the counters must stay visible while the database is down
            return
        for name, what, label, values in gauges:
            gauge = GaugeMetricFamily(f"musterroll_{name}", what, labels=[label])
            for value, number in values.items():
                gauge.add_metric([value], number)
            yield gauge
