"""Spans of one trace: the answer of `GET /api/traces/{trace_id}`."""

from typing import Any, Literal

import msgspec

from ttwire.record import Record

SpanStatus = Literal["unset", "ok", "error"]
SourceState = Literal[
    "ok", "not_found", "refused", "unreachable", "too_large", "unreadable", "off", "asked"
]
"""`asked`: the source has not answered yet; the same question a little later has its answer."""


class SpanEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that happened within a span; `time` is epoch microseconds."""

    name: str
    time: int
    attributes: dict[str, Any] = {}


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit of work.

    `start` is epoch microseconds; `duration_us` is as it was sent and may be zero or negative
    where clocks disagreed. Ids are lower-case hex. `open` marks a span that was drawn from
    records because none was exported yet. `trace_id` is given where spans of several traces
    travel together.
    """

    span_id: str
    name: str
    start: int
    duration_us: int
    parent_id: str | None = None
    service: str | None = None
    kind: str | None = None
    status: SpanStatus = "unset"
    status_message: str | None = None
    attributes: dict[str, Any] = {}
    events: tuple[SpanEvent, ...] = ()
    open: bool = False
    trace_id: str = ""


class TraceSource(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where part of a trace came from, or why none came from there."""

    name: str
    state: SourceState
    detail: str | None = None


class Trace(msgspec.Struct, frozen=True, omit_defaults=True):
    trace_id: str
    spans: tuple[Span, ...] = ()
    records: tuple[Record, ...] = ()
    sources: tuple[TraceSource, ...] = ()
