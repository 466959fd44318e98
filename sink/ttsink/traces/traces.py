"""One trace from everywhere: spans sent here, spans asked for, records of the rings."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from ttsink.store.lookup import MAX_PAGE_RECORDS, page
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttsink.traces.backend import Backend
from ttsink.traces.fetch import Fetched, Fetcher
from ttsink.traces.settings import TracingSettings
from ttsink.traces.span_store import SpanStore
from ttwire import filter as filters
from ttwire.record import Record
from ttwire.span import Span, Trace, TraceSource

MAX_CACHED_TRACES: Final = 32
MAX_CACHED_SPANS: Final = 50_000
"""Spans of all cached traces: some 50 MB where each has a dozen attributes."""

PATIENCE_SECONDS: Final = 1.0
"""How long an answer waits for backends; it says which are still being asked."""

NOT_FOUND_SECONDS: Final = 2.0
"""How long a backend's "not found" is not asked for again: spans come when they end."""

FAILED_SECONDS: Final = 10.0
"""Likewise for a backend that is away or answers nonsense, which asking does not mend."""

MAX_TRACE_RECORDS: Final = 2_000
"""Records of one answer: the newest; `/api/records?filter=trace:...` pages through all."""


class Traces:
    """Answers for one trace at a time; equal questions at the same time are asked once.

    `clean` redacts the spans of backends, as the intake did those that were sent here.
    """

    def __init__(
        self,
        settings: TracingSettings,
        store: SpanStore,
        view: View,
        fetcher: Fetcher,
        clock: Callable[[], float],
        clean: Callable[[list[Span]], list[Span]] = lambda spans: spans,
    ) -> None:
        self._settings = settings
        self._store = store
        self._view = view
        self._fetcher = fetcher
        self._clock = clock
        self._clean = clean
        self._cache: dict[tuple[str, str], tuple[float, Fetched]] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[Fetched]] = {}

    async def trace(self, trace_id: str) -> Trace:
        """`trace_id` is canonical. Each source says what it had, or why it had nothing."""
        own = self._store.get(trace_id)
        records = self._records(trace_id)
        asked = whole(trace_id, own, records)
        sources = [
            TraceSource(
                "sent to this sink",
                "ok" if own else "not_found",
                None if own else "no span of this trace was sent here",
            )
        ]
        answers = await asyncio.gather(
            *(self._ask(backend, asked) for backend in self._settings.backends)
        )
        spans = list(own)
        for backend, answer in zip(self._settings.backends, answers, strict=True):
            sources.append(TraceSource(backend.label, answer.state, answer.detail or None))
            spans += answer.spans
        return Trace(
            trace_id,
            tuple(merged(spans)),
            tuple(records),
            tuple(sources),
        )

    def _records(self, trace_id: str) -> list[Record]:
        wanted = Wanted(filters.parse(f"trace:{trace_id}", now=0.0))
        records: list[Record] = []
        before: int | None = None
        while len(records) < MAX_TRACE_RECORDS:
            found = page(self._view, wanted, before=before, limit=MAX_PAGE_RECORDS)
            records[:0] = found.page().records
            if found.older is None or not found.lines:
                break
            before = int(found.older.rpartition("-")[2])
        return records[-MAX_TRACE_RECORDS:]

    async def _ask(self, backend: Backend, trace_id: str) -> Fetched:
        key = (backend.label, trace_id)
        cached = self._cache.get(key)
        if cached is not None and self._clock() - cached[0] < self._fresh_seconds(cached[1]):
            return cached[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._fetch(backend, trace_id))
            self._asking[key] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        done, _ = await asyncio.wait({asking}, timeout=PATIENCE_SECONDS)
        if done:
            return asking.result()
        return Fetched("asked", f"no answer yet; at most {backend.timeout_seconds:g} s", [])

    def _fresh_seconds(self, answer: Fetched) -> float:
        if answer.state == "ok":
            return self._settings.cache_seconds
        return NOT_FOUND_SECONDS if answer.state == "not_found" else FAILED_SECONDS

    async def _fetch(self, backend: Backend, trace_id: str) -> Fetched:
        """What a backend kept was redacted by nobody."""
        answer = await self._fetcher.fetch(backend, trace_id)
        if answer.spans:
            answer = answer._replace(spans=await asyncio.to_thread(self._clean, answer.spans))
        self._keep((backend.label, trace_id), self._clock(), answer)
        return answer

    def _keep(self, key: tuple[str, str], now: float, answer: Fetched) -> None:
        self._cache.pop(key, None)
        self._cache[key] = (now, answer)
        while len(self._cache) > 1 and (
            len(self._cache) > MAX_CACHED_TRACES
            or sum(len(held.spans) for _, held in self._cache.values()) > MAX_CACHED_SPANS
        ):
            del self._cache[next(iter(self._cache))]


def whole(trace_id: str, spans: Sequence[Span], records: Sequence[Record]) -> str:
    """The id to ask backends for: all 128 bits, where only the low 64 were asked for.

    Datadog's tracers log those; what else is known of the trace may name the others.
    """
    if not trace_id.startswith("0" * 16):
        return trace_id
    known = [span.trace_id for span in spans] + [record.trace_id or "" for record in records]
    found = {one for one in known if one and not one.startswith("0" * 16)}
    return found.pop() if len(found) == 1 else trace_id


def merged(spans: Sequence[Span]) -> list[Span]:
    """Each span once, in order of its start; of two tellings the one with more to say.

    A client and a server that share an id are two spans (Zipkin's B3 propagation).
    """
    best: dict[tuple[str, str | None, str | None], Span] = {}
    for span in spans:
        key = (span.span_id, span.service, span.kind)
        known = best.get(key)
        if known is None or len(span.attributes) > len(known.attributes):
            best[key] = span
    return sorted(best.values(), key=lambda span: (span.start, -span.duration_us, span.span_id))
