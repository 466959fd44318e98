"""Objects that are more than a log record: metrics, spans, GELF, OTLP within an event."""

from collections.abc import Iterable
from typing import Any, Final

from ttsink.bodies import otlp
from ttwire.span import Span, SpanEvent

# What Vector's metrics hold, beside name and kind (lib/vector-core/src/event/metric).
METRIC_VALUES: Final = frozenset(
    {
        "aggregated_histogram",
        "aggregated_summary",
        "counter",
        "distribution",
        "gauge",
        "set",
        "sketch",
    }
)
_METRIC_KINDS: Final = ("absolute", "incremental")
_OTLP: Final = ("resourceLogs", "resourceSpans", "resourceMetrics")
_FLUENT_BIT: Final = "__internal__"
_GELF: Final = "short_message"
_TRACE: Final = "start_time_unix_nano"

_MARKERS: Final = METRIC_VALUES | {*_OTLP, _FLUENT_BIT, _GELF, _TRACE}


class Read:
    """What one event became; `values` is a list where it stays one record."""

    __slots__ = ("is_metric", "spans", "values")

    def __init__(
        self,
        values: Iterable[dict[str, Any]],
        spans: Iterable[Span | None] = (),
        *,
        is_metric: bool = False,
    ) -> None:
        self.values = values
        self.spans = spans
        self.is_metric = is_metric


def are_plain(values: Iterable[dict[str, Any]]) -> bool:
    """Whether none of the records has a member that could make it more than a record."""
    return all(map(_MARKERS.isdisjoint, values))


def in_place(values: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int] | None:
    """The records with metrics, GELF and their like in their places, and how many are metrics.

    None where an event is a span or holds several records.
    """
    out = list(values)
    metrics = 0
    for place, value in enumerate(values):
        if (found := read(value)) is None:
            continue
        if not isinstance(found.values, list):
            return None
        (out[place],) = found.values
        metrics += found.is_metric
    return out, metrics


def read(value: dict[str, Any]) -> Read | None:
    """What an event is, if it is more than a record."""
    if _MARKERS.isdisjoint(value):
        return None
    if isinstance(value.get(_GELF), str) and "version" in value:
        return Read([_gelf(value)])
    if _TRACE in value:
        span = _trace_event(value)
        return None if span is None else Read((), [span])
    if isinstance(value.get(_FLUENT_BIT), dict):
        return Read([_fluent_bit_otlp(value)])
    if value.get("kind") in _METRIC_KINDS and isinstance(value.get("name"), str):
        return Read([_metric(value)], is_metric=True)
    if any(isinstance(value.get(name), list) for name in _OTLP):
        return Read(_otlp_values(value), otlp.spans(value))
    return None


def _gelf(value: dict[str, Any]) -> dict[str, Any]:
    """GELF 1.1: additional members lose their underscore, unless the name is taken."""
    return {
        name[1:] if name[:1] == "_" and name[1:] and name[1:] not in value else name: item
        for name, item in value.items()
    }


def _metric(value: dict[str, Any]) -> dict[str, Any]:
    """Vector's metric with its name as message."""
    namespace = value.get("namespace")
    name = f"{namespace}.{value['name']}" if isinstance(namespace, str) else value["name"]
    return {"message": name} | value


def _otlp_values(value: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The records of Vector's `use_otlp_decoding`: one event for a whole request."""
    yield from otlp.log_values(value)
    metrics = value.get("resourceMetrics")
    if isinstance(metrics, list):
        yield {"message": "resourceMetrics"} | value


def _trace_event(value: dict[str, Any]) -> Span | None:
    """Vector's trace event (lib/opentelemetry-proto/src/spans.rs).

    The times are RFC 3339 text, despite their names.
    """
    shared = {**_flat(value.get("resources")), **_flat(value.get("attributes"))}
    status = value.get("status")
    status = status if isinstance(status, dict) else {}
    events = value.get("events")
    return otlp.span(
        trace_id=otlp.hex_id(value.get("trace_id"), 32),
        span_id=otlp.hex_id(value.get("span_id"), 16),
        parent_id=otlp.hex_id(value.get("parent_span_id"), 16),
        name=value.get("name"),
        kind=otlp.number(value.get("kind")),
        start_ns=otlp.nanoseconds(value[_TRACE]),
        end_ns=otlp.nanoseconds(value.get("end_time_unix_nano")),
        status=otlp.number(status.get("code")),
        status_message=status.get("message"),
        attributes=shared,
        events=tuple(
            SpanEvent(str(event.get("name", "")), time // 1000, _flat(event.get("attributes")))
            for event in (events if isinstance(events, list) else ())
            if isinstance(event, dict)
            and (time := otlp.nanoseconds(event.get("time_unix_nano"))) is not None
        ),
    )


def _fluent_bit_otlp(value: dict[str, Any]) -> dict[str, Any]:
    """An OTLP record that Fluent Bit sent through `out_http`, in the form OTLP has here.

    Its ids are bytes that went through a repair of UTF-8: some can be read back, the others are
    left out. `out_opentelemetry` sends them whole.
    """
    internal = value[_FLUENT_BIT]
    group = _flat(internal.get("group_attributes"))
    own = _flat(_flat(internal.get("log_metadata")).get("otlp"))
    members = {
        "timestamp": otlp.timestamp(otlp.number(own.get("timestamp"))),
        "observed_timestamp": otlp.timestamp(otlp.number(own.get("observed_timestamp"))),
        "severity_text": own.get("severity_text"),
        "severity_number": own.get("severity_number"),
        "trace_id": _unmangled(own.get("trace_id"), 32),
        "span_id": _unmangled(own.get("span_id"), 16),
        "attributes": own.get("attributes"),
        "resources": dict(_flat(_flat(group.get("resource")).get("attributes"))),
        "scope": dict(_flat(group.get("scope"))),
    }
    record = {name: item for name, item in value.items() if name != _FLUENT_BIT}
    if "log" in record and "message" not in record:
        record["message"] = record.pop("log")
    return record | {n: item for n, item in members.items() if item not in (None, 0, "", {})}


def _unmangled(text: Any, digits: int) -> str | None:
    """An id whose bytes became characters: ASCII as it was, others U+E000 and the byte."""
    if not isinstance(text, str):
        return None
    points = [ord(c) - 0xE000 if 0xE080 <= ord(c) <= 0xE0FF else ord(c) for c in text]
    if len(points) * 2 != digits or max(points) > 0xFF:
        return None
    return otlp.hex_id(bytes(points).hex(), digits)


def _flat(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
