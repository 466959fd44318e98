"""Vector's metrics and traces, and OTLP within an event, through the sink for logs."""

import json
from typing import Any

import pytest

from ttsink.bodies.body import split

METRIC: dict[str, Any] = {
    "name": "foos",
    "namespace": "vector",
    "tags": {"k": ["v", None]},
    "timestamp": "2026-01-02T03:04:05Z",
    "kind": "incremental",
    "counter": {"value": 100.0},
}
TRACE_EVENT: dict[str, Any] = {
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "parent_span_id": "",
    "name": "send",
    "kind": 3,
    "start_time_unix_nano": "2026-01-02T03:04:05.000000001Z",
    "end_time_unix_nano": "2026-01-02T03:04:05.250Z",
    "attributes": {"n": 1},
    "events": [
        {"name": "retry", "time_unix_nano": "2026-01-02T03:04:05.1Z", "attributes": {"x": 2}}
    ],
    "links": [],
    "status": {"code": 2, "message": "refused"},
    "resources": {"service.name": "mailer"},
    "ingest_timestamp": "2026-01-02T03:04:06Z",
}
OTLP_EVENT: dict[str, Any] = {
    "resourceLogs": [
        {"scopeLogs": [{"logRecords": [{"body": {"stringValue": x}} for x in ("a", "b")]}]}
    ]
}


def lines(*values: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, values)).encode()


@pytest.mark.parametrize(
    "kind", ["gauge", "set", "distribution", "aggregated_histogram", "aggregated_summary"]
)
def test_a_metric_is_a_record_with_its_name_as_message(kind: str) -> None:
    metric = {name: item for name, item in METRIC.items() if name != "counter"} | {kind: {}}

    result = split(lines({"message": "x"}, metric, METRIC))

    assert result.metrics == 2
    assert result.values == [
        {"message": "x"},
        {"message": "vector.foos"} | metric,
        {"message": "vector.foos"} | METRIC,
    ]


def test_a_record_with_a_member_named_like_a_metrics_is_only_a_record() -> None:
    records = [{"message": "x", "counter": 5, "set": [1]}, {"kind": "a", "name": "b", "gauge": 1}]

    result = split(lines(*records))

    assert result.values == records
    assert result.metrics == 0


def test_a_trace_event_becomes_a_span_beside_the_records() -> None:
    result = split(lines({"message": "x"}, TRACE_EVENT, {"message": "y"}))

    assert result.values == [{"message": "x"}, {"message": "y"}]
    (span,) = result.spans
    assert (span.trace_id, span.span_id, span.parent_id) == (
        TRACE_EVENT["trace_id"],
        TRACE_EVENT["span_id"],
        None,
    )
    assert (span.name, span.kind, span.service) == ("send", "client", "mailer")
    assert (span.status, span.status_message) == ("error", "refused")
    assert (span.start, span.duration_us) == (1_767_323_045_000_000, 250_000)
    assert span.events[0].name == "retry"
    assert span.events[0].time == 1_767_323_045_100_000


def test_a_trace_event_that_names_no_span_stays_a_record() -> None:
    event = TRACE_EVENT | {"span_id": "0000000000000000"}

    assert split(lines(event)).values == [event]


def test_a_whole_otlp_request_in_one_event_is_its_records() -> None:
    result = split(lines(OTLP_EVENT, {"message": "x"}))

    assert result.values == [{"message": "a"}, {"message": "b"}, {"message": "x"}]


def test_gelf_keeps_a_member_whose_name_without_underscore_is_taken() -> None:
    gelf = {"version": "1.1", "short_message": "m", "_job": "j", "_host": "a", "host": "h", "_": 1}

    assert split(lines(gelf)).values == [
        {"version": "1.1", "short_message": "m", "job": "j", "_host": "a", "host": "h", "_": 1}
    ]


@pytest.mark.parametrize("member", ["short_message", "__internal__", "start_time_unix_nano"])
@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"group_attributes": 1}, [[]]])
def test_members_of_other_types_do_no_harm(member: str, value: Any) -> None:
    record = {"message": "x", member: value, "version": 1, "trace_id": 5, "status": 1}

    result = split(lines(record, record))

    assert len(result.values) == 2
    assert result.malformed == 0
