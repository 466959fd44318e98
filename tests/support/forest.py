"""A large trace: a queue's consumer that fans out, level by level, with records on its spans."""

from datetime import UTC, datetime

from ttwire.record import Record
from ttwire.span import Span, Trace, TraceSource

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
START = 1_767_322_800_000_000
FAN = 8
"""Children of each span."""

SERVICES = ("api", "worker", "billing", "search", "storage")


def wide_trace(count: int, *, records: int = 2_000) -> Trace:
    """`count` spans with six attributes each; one of a hundred failed."""
    spans = tuple(_span(number, count) for number in range(count))
    step = max(count // max(records, 1), 1)
    told = tuple(
        _record(place, spans[number]) for place, number in enumerate(range(0, count, step))
    )
    return Trace(TRACE, spans, told[:records], (TraceSource("sent to this sink", "ok"),))


def _span(number: int, count: int) -> Span:
    parent = (number - 1) // FAN if number else None
    service = SERVICES[number % len(SERVICES)]
    return Span(
        f"{number + 1:016x}",
        f"{service}.step-{number}",
        START + number * 900,
        max(9_000_000 // (number + 1), 700) if number else count * 900,
        parent_id=f"{parent + 1:016x}" if parent is not None else None,
        service=service,
        kind="client" if number % 2 else "internal",
        status="error" if number % 100 == 99 else "unset",
        status_message="gave up" if number % 100 == 99 else None,
        attributes={
            "service.name": service,
            "http.request.method": "GET",
            "url.full": f"https://{service}.example/items/{number}",
            "http.response.status_code": 200,
            "thread.id": number % 16,
            "otel.scope.name": "bench",
        },
        trace_id=TRACE,
    )


def _record(place: int, span: Span) -> Record:
    at = datetime.fromtimestamp(span.start / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Record(
        id=f"e1-{place + 1}",
        timestamp=at,
        received=at,
        job="export-9",
        worker=span.service,
        level=("info", "debug", "warn", "error")[place % 4],
        message=f"{span.name} is under way",
        trace_id=TRACE,
        span_id=span.span_id,
    )
