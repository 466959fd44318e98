"""The trace of the pictures: an invoice that waited in its queue and failed at the upload."""

from datetime import UTC, datetime
from typing import Any, Final

from ttwire.record import Record
from ttwire.span import Span, SpanEvent, SpanStatus, Trace, TraceSource

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
JOB: Final = "invoice-render-8812"
TAKEN: Final = 1_767_323_042_000_000
"""When the worker took it: three seconds before the moment every test plays in."""

ACCEPTED: Final = TAKEN - 11_520_000_000

SOURCES: Final = (
    TraceSource("sent to this sink", "ok"),
    TraceSource("tempo", "not_found", "not found, or not there yet"),
)


def _span(
    number: int,
    parent: int,
    service: str,
    name: str,
    start: int,
    milliseconds: float,
    *,
    kind: str = "internal",
    status: SpanStatus = "unset",
    message: str | None = None,
    events: tuple[SpanEvent, ...] = (),
    **attributes: Any,
) -> Span:
    return Span(
        f"{number:016x}",
        name,
        start,
        round(milliseconds * 1_000),
        parent_id=f"{parent:016x}" if parent else None,
        service=service,
        kind=kind,
        status=status,
        status_message=message,
        attributes={name.replace("__", "."): value for name, value in attributes.items()},
        events=events,
        trace_id=TRACE,
    )


def _at(milliseconds: float) -> int:
    return TAKEN + round(milliseconds * 1_000)


_FAILED: Final = "storage answered 503: slow down"

SPANS: Final = (
    _span(1, 0, "api", "POST /invoices", ACCEPTED, 38, kind="server", http__route="/invoices"),
    _span(2, 1, "api", "publish documents", ACCEPTED + 24_000, 11, kind="producer"),
    _span(
        3, 2, "renderer", "invoice.render", _at(0), 1_160, kind="consumer", status="error",
        message=_FAILED, messaging__destination__name="documents", attempt=2,
    ),
    _span(4, 3, "renderer", "SELECT invoice", _at(22), 24, kind="client", db__system="postgresql"),
    _span(5, 3, "renderer", "GET pdf", _at(61), 710, kind="client"),
    _span(6, 5, "pdf", "render 12 pages", _at(96), 640, kind="server", pages=12),
    _span(7, 6, "pdf", "load fonts", _at(103), 188),
    _span(
        8, 3, "renderer", "PUT object", _at(846), 296, kind="client", status="error",
        message=_FAILED, http__response__status_code=503, server__address="s3.example.com",
        url__full="https://s3.example.com/invoices/8812.pdf",
        events=(SpanEvent("exception", _at(1_139), {"exception.type": "StorageError"}),),
    ),
)  # fmt: skip

_LINES: Final = (
    (ACCEPTED + 9_000, 1, "info", "invoice 8812 accepted"),
    (_at(4), 3, "info", "attempt 2 of 3 begins"),
    (_at(47), 4, "debug", "48 positions"),
    (_at(420), 6, "info", "page 6 of 12"),
    (_at(1_010), 8, "warn", "storage is slow, 164ms for the first byte"),
    (_at(1_140), 8, "error", _FAILED),
    (_at(1_155), 3, "error", "attempt 2 failed, trying again in 30s"),
)


def records() -> list[Record]:
    return [
        Record(
            id=f"7f3a9c-{number}",
            timestamp=(time := _text(at)),
            received=time,
            job=JOB,
            worker="w-3",
            queue="documents",
            attempt=2,
            level=level,
            message=message,
            trace_id=TRACE,
            span_id=f"{span:016x}",
        )
        for number, (at, span, level, message) in enumerate(_LINES, 1)
    ]


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def whole() -> Trace:
    return Trace(TRACE, SPANS, tuple(records()), SOURCES)


def running() -> Trace:
    """The same, before any span was exported."""
    return Trace(TRACE, (), tuple(records()[1:5]), (SOURCES[0],))
