"""What Jaeger, Tempo and Zipkin answer when asked for one trace, as spans.

Shapes: Jaeger's UI API (internal/uimodel/model.go) and v3 gateway, Tempo's v1 (`batches`,
base64 ids, enums as text) and v2 (`trace`), Zipkin's v2 (zipkin2-api.yaml).
Pure: bytes in, spans out.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ttsink.bodies import otlp
from ttwire import trace
from ttwire.span import Span, SpanEvent, SpanStatus

MAX_SPANS: Final = 20_000
"""Of one answer; a trace with more is cut to its first ones, and the source says so."""

_SPAN_KINDS: Final = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(
        ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
    )
}
_STATUS_CODES: Final = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_decoder = msgspec.json.Decoder()


class UnreadableTraceError(ValueError):
    """The answer is not in the shape its backend is known for; the text says what was found."""


def jaeger(body: bytes) -> list[Span]:
    """Jaeger's UI API: `{"data":[{"spans":[...],"processes":{...}}],"errors":[...]}`."""
    answer = _object(_decoded(body))
    found = answer.get("data")
    if not isinstance(found, list):
        raise UnreadableTraceError("expected `data`, a list of traces")
    return [
        span
        for item in found
        if isinstance(item, dict)
        for raw in _objects(item.get("spans"))
        if (span := _jaeger_span(raw, _object(item.get("processes")))) is not None
    ]


def _jaeger_span(raw: dict[str, Any], processes: dict[str, Any]) -> Span | None:
    trace_id = trace.trace_id(str(raw.get("traceID", "")))
    span_id = trace.span_id(str(raw.get("spanID", "")))
    start = otlp.number(raw.get("startTime"))
    if trace_id is None or span_id is None or start is None:
        return None
    process = _object(processes.get(str(raw.get("processID"))))
    service = process.get("serviceName")
    own = _tags(raw.get("tags"))
    references = _objects(raw.get("references"))
    parents = [r for r in references if r.get("refType") == "CHILD_OF"] or references
    parent = str(raw.get("parentSpanID") or (parents[0].get("spanID", "") if parents else ""))
    return Span(
        span_id=span_id,
        name=_text(raw.get("operationName")) or "",
        start=start,
        duration_us=otlp.number(raw.get("duration")) or 0,
        parent_id=trace.span_id(parent),
        service=_text(service),
        kind=_text(own.get("span.kind")),
        status=_tag_status(own),
        status_message=_text(own.get("otel.status_description")),
        attributes=_tags(process.get("tags")) | own,
        events=tuple(_jaeger_events(raw.get("logs"))),
        trace_id=trace_id,
    )


def _jaeger_events(logs: Any) -> Iterator[SpanEvent]:
    for log in _objects(logs):
        time = otlp.number(log.get("timestamp"))
        if time is not None:
            fields = _tags(log.get("fields"))
            yield SpanEvent(_text(fields.pop("event", None)) or "log", time, fields)


def _tags(tags: Any) -> dict[str, Any]:
    return {str(tag["key"]): tag.get("value") for tag in _objects(tags) if "key" in tag}


def _tag_status(tags: dict[str, Any]) -> SpanStatus:
    if tags.get("error") in (True, "true") or tags.get("otel.status_code") == "ERROR":
        return "error"
    return "ok" if tags.get("otel.status_code") == "OK" else "unset"


def zipkin(body: bytes) -> list[Span]:
    """Zipkin v2: a list of spans; a client's and a server's may share one id."""
    found = _decoded(body)
    if not isinstance(found, list):
        raise UnreadableTraceError("expected a list of spans")
    return [span for raw in _objects(found) if (span := _zipkin_span(raw)) is not None]


def _zipkin_span(raw: dict[str, Any]) -> Span | None:
    trace_id = trace.trace_id(str(raw.get("traceId", "")))
    span_id = trace.span_id(str(raw.get("id", "")))
    start = otlp.number(raw.get("timestamp"))
    if trace_id is None or span_id is None or start is None:
        return None
    tags = {str(key): value for key, value in _object(raw.get("tags")).items()}
    failed = "error" in tags or tags.get("otel.status_code") == "ERROR"
    return Span(
        span_id=span_id,
        name=_text(raw.get("name")) or "",
        start=start,
        duration_us=otlp.number(raw.get("duration")) or 0,
        parent_id=trace.span_id(str(raw.get("parentId") or "")),
        service=_text(_object(raw.get("localEndpoint")).get("serviceName")),
        kind=(_text(raw.get("kind")) or "").lower() or None,
        status="error" if failed else "unset",
        status_message=_text(tags.get("error")) or None,
        attributes=tags,
        events=tuple(
            SpanEvent(_text(note.get("value")) or "", time)
            for note in _objects(raw.get("annotations"))
            if (time := otlp.number(note.get("timestamp"))) is not None
        ),
        trace_id=trace_id,
    )


def resource_spans(body: bytes) -> list[Span]:
    """Jaeger v3 (`result`), Tempo v1 (`batches`) and v2 (`trace`): OTLP's JSON and its kin."""
    answer = _object(_decoded(body))
    held = next((answer[key] for key in ("result", "trace") if key in answer), answer)
    held = _object(held)
    found = next((held[key] for key in ("resourceSpans", "batches") if key in held), None)
    if found is None and held is not answer:
        return []
    if not isinstance(found, list):
        raise UnreadableTraceError("expected `resourceSpans` or `batches`, a list")
    request = {"resourceSpans": [_plain(item) for item in _objects(found)]}
    return [span for span in otlp.spans(request) if span is not None]


def _plain(batch: dict[str, Any]) -> dict[str, Any]:
    """Older names and enums as text, as OTLP's JSON has them."""
    scopes: Any = next(
        (
            batch[key]
            for key in ("scopeSpans", "instrumentationLibrarySpans", "scope_spans")
            if key in batch
        ),
        [],
    )
    return {
        "resource": batch.get("resource"),
        "scopeSpans": [
            {
                "scope": scope.get("scope") or scope.get("instrumentationLibrary"),
                "spans": [_plain_span(raw) for raw in _objects(scope.get("spans"))],
            }
            for scope in _objects(scopes)
        ],
    }


def _plain_span(raw: dict[str, Any]) -> dict[str, Any]:
    status = _object(raw.get("status"))
    code, kind = status.get("code"), raw.get("kind")
    return raw | {
        "kind": _SPAN_KINDS.get(kind, 0) if isinstance(kind, str) else kind,
        "status": status | {"code": _STATUS_CODES.get(code, 0) if isinstance(code, str) else code},
    }


def _decoded(body: bytes) -> Any:
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise UnreadableTraceError("the answer is not JSON") from None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
