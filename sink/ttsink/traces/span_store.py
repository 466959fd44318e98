"""The spans that were sent to this sink, by trace, within a bound of bytes."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ttsink.section import Section, option
from ttwire import trace
from ttwire.span import Span

MIB: Final = 1024 * 1024
SPAN_OVERHEAD_BYTES: Final = 160
"""Of one encoded span in memory, its id and its places in the tables; measured with tracemalloc."""


class SpanSettings(Section, frozen=True):
    max_bytes: Annotated[
        int, Meta(ge=MIB), option("Spans kept in memory; the trace unheard of for longest goes.")
    ] = 32 * MIB
    max_spans_per_trace: Annotated[
        int, Meta(ge=1), option("Spans kept of one trace; what comes after is counted.")
    ] = 20_000


class _Kept:
    __slots__ = ("bytes", "spans")

    def __init__(self) -> None:
        self.spans: dict[str, bytes] = {}
        self.bytes = 0


class SpanStore:
    """Spans encoded, by trace and span id: one sent twice is kept once, as it came last.

    `evicted` counts spans that made room, `refused` those past a trace's bound.
    """

    def __init__(self, settings: SpanSettings) -> None:
        self._settings = settings
        self._traces: dict[str, _Kept] = {}
        self._by_low64: dict[str, dict[str, None]] = {}
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Span)
        self.bytes = 0
        self.spans = 0
        self.evicted = 0
        self.refused = 0

    def add(self, spans: list[Span]) -> int:
        """How many were kept. Spans of several traces may come together."""
        kept_before = self.refused
        for span in spans:
            self._add(span)
        while self.bytes > self._settings.max_bytes and len(self._traces) > 1:
            self._drop(next(iter(self._traces)))
        return len(spans) - (self.refused - kept_before)

    def _add(self, span: Span) -> None:
        held = self._traces.pop(span.trace_id, None)
        if held is None:
            held = _Kept()
            self._by_low64.setdefault(trace.low64(span.trace_id), {})[span.trace_id] = None
        self._traces[span.trace_id] = held
        line = self._encoder.encode(span)
        # Zipkin's way of sharing: client and server tell of one id, from two services.
        name = f"{span.span_id}/{span.kind or ''}"
        before = held.spans.get(name)
        grown = len(line) - len(before) if before is not None else len(line) + SPAN_OVERHEAD_BYTES
        if before is None:
            full = len(held.spans) >= self._settings.max_spans_per_trace
            if full or held.bytes + grown > self._settings.max_bytes:
                self.refused += 1
                return
            self.spans += 1
        held.spans[name] = line
        held.bytes += grown
        self.bytes += grown

    def _drop(self, trace_id: str) -> None:
        gone = self._traces.pop(trace_id)
        self.bytes -= gone.bytes
        self.spans -= len(gone.spans)
        self.evicted += len(gone.spans)
        low = trace.low64(trace_id)
        same = self._by_low64[low]
        del same[trace_id]
        if not same:
            del self._by_low64[low]

    def get(self, trace_id: str) -> list[Span]:
        """The spans of a trace, and of ids that are the same in their low 64 bits.

        Datadog and older Zipkin and Jaeger clients know only those; two whole ids that differ
        in the high bits stay apart.
        """
        low = trace.low64(trace_id)
        found: list[Span] = []
        for known in self._by_low64.get(low, ()):
            if known == trace_id or _is_short(known) or _is_short(trace_id):
                found.extend(map(self._decoder.decode, self._traces[known].spans.values()))
        return found


def _is_short(trace_id: str) -> bool:
    return trace_id.startswith("0" * 16)
