"""OTLP log and span messages, from protobuf or JSON, as values and spans.

Both encodings come to one form, that of OTLP's JSON (opentelemetry-proto, docs/specification.md,
"JSON Protobuf Encoding"): lowerCamelCase names, ids as hex, enums as numbers, 64-bit integers as
numbers or text, unknown members ignored.
"""

import base64
import binascii
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from ttsink.bodies import cut
from ttwire.span import Span, SpanEvent, SpanStatus

# Fields that hold ids: bytes in protobuf, hex in JSON.
IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})
# Numbers of opentelemetry.proto.trace.v1.Span.SpanKind and Status.StatusCode.
_KINDS: Final = (None, "internal", "server", "client", "producer", "consumer")
_STATUSES: Final[tuple[SpanStatus, ...]] = ("unset", "ok", "error")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = _EPOCH.replace(tzinfo=None)
_MAX_SECONDS: Final = 253_402_300_799  # the year 9999
_MAX_DIGITS: Final = 20  # of a 64-bit integer, with its sign
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
# Nesting of attribute values that is followed; protobuf's own readers stop at 100 messages.
MAX_DEPTH: Final = 32


class Resolved(NamedTuple):
    """An AnyValue or a list of KeyValue that was read from protobuf straight away."""

    value: Any


def finite(value: Any) -> Any:
    """The value, or the name of a number JSON does not have."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def log_values(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each log record of an ExportLogsServiceRequest, as Vector's `opentelemetry` source names it.

    Members: `message` (the body, of any type), `timestamp` and `observed_timestamp` (RFC 3339),
    `severity_text`, `severity_number`, `trace_id`, `span_id`, `flags`, `event_name`,
    `attributes`, `resources` (the resource's attributes), `scope`.
    """
    for resource_logs in _objects(request, "resourceLogs"):
        resource = attributes(_object(resource_logs, "resource"))
        for scope_logs in _objects(resource_logs, "scopeLogs"):
            scope = _scope(_object(scope_logs, "scope"))
            for record in _objects(scope_logs, "logRecords"):
                yield _log_value(record, resource, scope)


def _log_value(
    record: dict[str, Any], resource: dict[str, Any], scope: dict[str, Any]
) -> dict[str, Any]:
    own = number(record.get("timeUnixNano"))
    observed = number(record.get("observedTimeUnixNano"))
    value = {
        "message": any_value(record.get("body")),
        "timestamp": timestamp(own or observed),
        "observed_timestamp": timestamp(observed),
        "severity_text": record.get("severityText"),
        "severity_number": number(record.get("severityNumber")),
        "trace_id": hex_id(record.get("traceId"), _TRACE_DIGITS),
        "span_id": hex_id(record.get("spanId"), _SPAN_DIGITS),
        "flags": number(record.get("flags")),
        "event_name": record.get("eventName"),
        "attributes": attributes(record),
        "resources": dict(resource),
        "scope": dict(scope),
        "dropped_attributes_count": number(record.get("droppedAttributesCount")),
    }
    return {name: item for name, item in value.items() if item not in (None, 0, "", {})}


def spans(request: dict[str, Any]) -> Iterator[Span | None]:
    """Each span of an ExportTraceServiceRequest; none for one without ids, name or times.

    The resource's attributes come with the span's own, which win; the scope's name is
    `otel.scope.name`, as OpenTelemetry's mapping to other formats has it.
    """
    for resource_spans in _objects(request, "resourceSpans"):
        resource = attributes(_object(resource_spans, "resource"))
        for scope_spans in _objects(resource_spans, "scopeSpans"):
            scope = _scope(_object(scope_spans, "scope"))
            shared = resource | {f"otel.scope.{name}": item for name, item in scope.items()}
            for item in _objects(scope_spans, "spans"):
                yield _span(item, shared)


def _span(item: dict[str, Any], shared: dict[str, Any]) -> Span | None:
    start, end = number(item.get("startTimeUnixNano")), number(item.get("endTimeUnixNano"))
    status = _object(item, "status")
    links = [
        {"trace_id": trace_id, "span_id": hex_id(link.get("spanId"), _SPAN_DIGITS)}
        for link in _objects(item, "links")
        if (trace_id := hex_id(link.get("traceId"), _TRACE_DIGITS))
    ]
    return span(
        trace_id=hex_id(item.get("traceId"), _TRACE_DIGITS),
        span_id=hex_id(item.get("spanId"), _SPAN_DIGITS),
        parent_id=hex_id(item.get("parentSpanId"), _SPAN_DIGITS),
        name=item.get("name"),
        kind=number(item.get("kind")),
        start_ns=start,
        end_ns=end,
        status=number(status.get("code")),
        status_message=status.get("message"),
        attributes=shared | attributes(item) | ({"links": links} if links else {}),
        events=tuple(
            SpanEvent(str(event.get("name", "")), time // 1000, attributes(event))
            for event in _objects(item, "events")
            if (time := number(event.get("timeUnixNano"))) is not None
        ),
    )


def span(
    *,
    trace_id: str | None,
    span_id: str | None,
    parent_id: str | None,
    name: Any,
    kind: int | None,
    start_ns: int | None,
    end_ns: int | None,
    status: int | None,
    status_message: Any,
    attributes: dict[str, Any],
    events: tuple[SpanEvent, ...],
) -> Span | None:
    """A span from members of OTLP's types; none where it has no ids or no start."""
    if trace_id is None or span_id is None or not start_ns:
        return None
    service = attributes.get("service.name")
    return Span(
        span_id=span_id,
        name=name if isinstance(name, str) else "",
        start=start_ns // 1000,
        duration_us=((end_ns or start_ns) - start_ns) // 1000,
        parent_id=parent_id,
        service=service if isinstance(service, str) else None,
        kind=_KINDS[kind] if kind and 0 < kind < len(_KINDS) else None,
        status=_STATUSES[status] if status and 0 < status < len(_STATUSES) else "unset",
        status_message=status_message if isinstance(status_message, str) else None,
        attributes=attributes,
        events=events,
        trace_id=trace_id,
    )


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    """`attributes`, a list of `{"key","value"}`, as one object; the last of equal keys wins."""
    given = holder.get("attributes")
    if isinstance(given, Resolved):
        return dict(given.value)
    return {
        pair["key"]: any_value(pair.get("value"))
        for pair in _objects(holder, "attributes")
        if isinstance(pair.get("key"), str)
    }


def any_value(value: Any, depth: int = 0) -> Any:
    """An AnyValue as JSON; bytes stay base64, infinite numbers become their names."""
    if isinstance(value, Resolved):
        return value.value
    if not isinstance(value, dict):
        return None
    if depth > MAX_DEPTH:
        return cut.DEEPER
    for kind, item in value.items():
        match kind:
            case "stringValue" | "boolValue" | "bytesValue":
                return item if isinstance(item, str | bool) else None
            case "intValue":
                return number(item)
            case "doubleValue":
                return finite(item)
            case "arrayValue" if isinstance(item, dict):
                return [any_value(inner, depth + 1) for inner in _objects(item, "values")]
            case "kvlistValue" if isinstance(item, dict):
                return {
                    pair["key"]: any_value(pair.get("value"), depth + 1)
                    for pair in _objects(item, "values")
                    if isinstance(pair.get("key"), str)
                }
            case _:
                pass
    return None


def hex_id(value: Any, digits: int) -> str | None:
    """An id in lower-case hex; from base64 too, which some JSON exporters send. No zeros."""
    if not isinstance(value, str):
        return None
    text = value.lower()
    if len(text) != digits:
        try:
            text = base64.b64decode(value, validate=True).hex()
        except (binascii.Error, ValueError):
            return None
    if len(text) != digits or not text.strip("0") or text.strip("0123456789abcdef"):
        return None
    return text


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    named = {name: scope[name] for name in ("name", "version") if isinstance(scope.get(name), str)}
    named = {name: item for name, item in named.items() if item}
    return named | ({"attributes": own} if (own := attributes(scope)) else {})


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _objects(holder: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    value = holder.get(name)
    return (
        (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
    )


def number(value: Any) -> int | None:
    """An integer of 64 bits from JSON: a number, or a text as OTLP writes them."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS:
        try:
            value = int(value)
        except ValueError:
            return None
    elif isinstance(value, float) and math.isfinite(value):
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and -(2**63) <= value < 2**63 else None


def nanoseconds(value: Any) -> int | None:
    """Epoch nanoseconds from RFC 3339 or a number; digits below microseconds are cut."""
    if isinstance(value, str) and "T" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    return number(value)


def timestamp(nanoseconds: int | None) -> str | None:
    """RFC 3339 in UTC with microseconds; none for 0, which OTLP sends for unknown."""
    if not nanoseconds or not 0 < nanoseconds // 1_000_000_000 <= _MAX_SECONDS:
        return None
    moment = _NAIVE_EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return moment.isoformat(timespec="microseconds") + "Z"
