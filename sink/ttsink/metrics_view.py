"""What the view holds, read when metrics are asked for: nothing is counted twice."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ttsink.store.log import BatchLog
from ttsink.store.view import View


class ViewMetrics(Collector):
    """Rings, retained and evicted records, and the journal."""

    def __init__(self, view: View, log: BatchLog) -> None:
        self._view = view
        self._log = log

    def collect(self) -> Iterator[Metric]:
        view, status = self._view, self._log.status()
        total = view.ledger().total
        rings = GaugeMetricFamily("ttsink_rings", "Jobs and workers with a ring.", labels=["kind"])
        retired = CounterMetricFamily(
            "ttsink_rings_retired", "Rings given up for newer ones.", labels=["kind"]
        )
        overflowed = CounterMetricFamily(
            "ttsink_events_overflowed", "Records of keys that got no ring.", labels=["kind"]
        )
        for kind, each in (("job", view.jobs), ("worker", view.workers)):
            rings.add_metric([kind], len(each))
            retired.add_metric([kind], each.retired)
            overflowed.add_metric([kind], each.overflowed)
        yield from (rings, retired, overflowed)
        yield GaugeMetricFamily("ttsink_ring_bytes", "Memory of all rings.", value=view.bytes)
        yield GaugeMetricFamily("ttsink_events_retained", "Records held.", value=total.retained)
        yield CounterMetricFamily(
            "ttsink_events_evicted", "Records let go for newer ones.", value=total.evicted
        )
        yield GaugeMetricFamily(
            "ttsink_journal_degraded",
            "1 while the journal cannot be written and records are in memory only.",
            value=status.health == "degraded",
        )
        yield GaugeMetricFamily(
            "ttsink_log_pending_bytes",
            "Text accepted that the disk or the view has not taken.",
            value=status.pending_bytes,
        )
