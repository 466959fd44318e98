"""What the sink counts of itself, in a registry of its own.

Labels are bounded words of ours (a status, a reason, an encoding): never a job, a worker or a
trace id, which strangers choose.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


class Metrics:
    """Counters by the names users know from other intakes, prefixed `ttsink_`."""

    def __init__(self, *, process: bool = False) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"ttsink_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"ttsink_{name}", text, labels, registry=registry)

        self.requests = counter("ingest_requests", "Ingest requests by answer.", "code")
        self.seconds = Histogram(
            "ttsink_ingest_request_duration_seconds",
            "From the head of an ingest request to its answer.",
            buckets=SECONDS,
            registry=registry,
        )
        self.body_bytes = counter("ingest_body_bytes", "Body bytes as sent.", "encoding")
        self.accepted = counter("events_accepted", "Records stored.")
        self.rejected = counter("events_rejected", "Records refused.", "reason")
        self.capped = counter("events_capped", "Records over a job's rate cap.")
        self.repeated = counter("events_repeated", "Records of batches sent again.")
        self.repeats = counter("ingest_repeats", "Batches sent again after they were stored.")
        self.spans = counter("spans_received", "Spans of OTLP and trace events.")
        self.malformed = counter("events_malformed", "Lines kept as text.")
        self.truncated = counter("events_truncated", "Records cut to the limits.")
        self.redactions = counter("redactions", "Values masked.", "kind")
        self.inflight_bytes = gauge("ingest_inflight_bytes", "Bodies being read or stored.")
        self.subscribers = gauge("sse_subscribers", "Open streams.")
        self.streams = counter("sse_connections", "Streams opened.")
        self.stream_closed = counter("sse_closed", "Streams closed.", "reason")
        self.stream_refused = counter("sse_refused", "Streams refused.", "reason")
        self.stream_gaps = counter("sse_gaps", "Gaps sent.", "reason")
        self.stream_events = counter("sse_events_sent", "Records sent to streams.")
        self.connections = gauge("connections", "Open connections.")
        self.connections_refused = counter(
            "connections_refused", "Turned away with every place at work.", "bound"
        )
        self.connections_closed = counter("connections_closed", "Ended by the sink.", "reason")
        self.refused = counter("auth_refused", "Requests refused entry.", "reason")
        self.failures = counter("internal_errors", "Faults of our own, survived.", "stage")
        self.process_failures = counter(
            "prepare_process_failures", "Ends of a process that prepares batches."
        )
        self.lag = gauge("ingest_lag_seconds", "Arrival less the time of a batch's last record.")
        if process:
            ProcessCollector(registry=registry)

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
