"""OTLP/HTTP: what the official SDK sends, in protobuf and in JSON, and what it is answered."""

import base64
import json
from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc.status_pb2 import Status
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, StatusCode

from ttsink.bodies import otlp, otlp_http
from ttsink.bodies.limits import BodyRefused, Limits

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
NANOSECONDS = 1_767_323_045_123_456_789
TIME = "2026-01-02T03:04:05.123456Z"


def logs_request() -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    name = resource_logs.resource.attributes.add()
    name.key, name.value.string_value = "service.name", "billing"
    scope_logs = resource_logs.scope_logs.add()
    scope_logs.scope.name = "jobs"
    record = scope_logs.log_records.add()
    record.time_unix_nano = NANOSECONDS
    record.observed_time_unix_nano = NANOSECONDS
    record.severity_number = SeverityNumber.SEVERITY_NUMBER_ERROR
    record.severity_text = "ERROR"
    record.body.string_value = "failed"
    record.trace_id, record.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    for key, kind, value in [
        ("text", "string_value", "x"),
        ("empty", "string_value", ""),
        ("no", "bool_value", False),
        ("big", "int_value", 2**63 - 1),
        ("ratio", "double_value", 0.5),
        ("nan", "double_value", float("nan")),
        ("raw", "bytes_value", b"\xff\x00"),
    ]:
        pair = record.attributes.add()
        pair.key = key
        setattr(pair.value, kind, value)
    nested = record.attributes.add()
    nested.key = "nested"
    inner = nested.value.kvlist_value.values.add()
    inner.key = "list"
    inner.value.array_value.values.add().int_value = 1
    scope_logs.log_records.add().body.kvlist_value.values.add().key = "only a key"
    return request


LOGS = [
    {
        "message": "failed",
        "timestamp": TIME,
        "observed_timestamp": TIME,
        "severity_text": "ERROR",
        "severity_number": 17,
        "trace_id": TRACE,
        "span_id": SPAN,
        "attributes": {
            "text": "x",
            "empty": "",
            "no": False,
            "big": 2**63 - 1,
            "ratio": 0.5,
            "nan": "nan",
            "raw": "/wA=",
            "nested": {"list": [1]},
        },
        "resources": {"service.name": "billing"},
        "scope": {"name": "jobs"},
    },
    {
        "message": {"only a key": None},
        "resources": {"service.name": "billing"},
        "scope": {"name": "jobs"},
    },
]


def as_json(message: Any) -> bytes:
    """OTLP's JSON differs from protobuf's in the ids alone: hex, not base64."""

    def hexed(node: Any) -> Any:
        if isinstance(node, list):
            return [hexed(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: base64.b64decode(item).hex()
            if key in {"traceId", "spanId", "parentSpanId"}
            else hexed(item)
            for key, item in node.items()
        }

    return json.dumps(hexed(MessageToDict(message, use_integers_for_enums=True))).encode()


def test_log_records_in_protobuf() -> None:
    result = otlp_http.read("logs", logs_request().SerializeToString(), otlp_http.PROTOBUF)

    assert result.values == LOGS


def test_log_records_in_json_are_the_same() -> None:
    body = as_json(logs_request())

    result = otlp_http.read("logs", body, "application/json; charset=utf-8")

    expected = json.loads(json.dumps(LOGS))
    expected[0]["attributes"]["nan"] = "NaN"  # protobuf's JSON has a text for it
    assert result.values == expected


def test_json_of_other_exporters_is_read() -> None:
    """Numbers as text or not, ids in capitals or base64, members unknown or of another type."""
    record = {
        "timeUnixNano": str(NANOSECONDS),
        "severityNumber": 9,
        "traceId": TRACE.upper(),
        "spanId": base64.b64encode(bytes.fromhex(SPAN)).decode(),
        "body": {"stringValue": "x"},
        "attributes": [
            {"key": "a", "value": {"intValue": "7"}},
            {"key": "b", "value": {"intValue": 8}},
            {"key": "c", "value": {"intValue": "no number"}},
            {"key": "d"},
            {"value": {}},
            "junk",
        ],
        "someday": {"new": [1]},
    }
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record, 1]}]}]}).encode()

    (value,) = otlp_http.read("logs", body, "application/json").values

    assert value == {
        "message": "x",
        "timestamp": TIME,
        "severity_number": 9,
        "trace_id": TRACE,
        "span_id": SPAN,
        "attributes": {"a": 7, "b": 8, "c": None, "d": None},
    }


def sdk_request() -> Any:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "mailer", "host.name": "n1"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("jobs", "1.0")
    with tracer.start_as_current_span("parent", kind=SpanKind.CONSUMER) as parent:
        link = Link(parent.get_span_context())
        with tracer.start_as_current_span("child", links=[link], attributes={"n": 1}) as child:
            child.add_event("retry", {"attempt": 2})
            child.set_status(StatusCode.ERROR, "refused")
    return encode_spans(exporter.get_finished_spans())


@pytest.mark.parametrize("media", [otlp_http.PROTOBUF, otlp_http.JSON])
def test_spans_of_the_official_sdk(media: str) -> None:
    request = sdk_request()
    body = request.SerializeToString() if media == otlp_http.PROTOBUF else as_json(request)

    child, parent = otlp_http.read("traces", body, media).spans

    assert (parent.name, parent.kind, parent.status, parent.parent_id) == (
        "parent",
        "consumer",
        "unset",
        None,
    )
    assert (child.name, child.parent_id, child.trace_id) == (
        "child",
        parent.span_id,
        parent.trace_id,
    )
    assert (child.status, child.status_message, child.service) == ("error", "refused", "mailer")
    assert child.attributes["n"] == 1
    assert child.attributes["host.name"] == "n1"
    assert child.attributes["otel.scope.name"] == "jobs"
    assert child.attributes["links"] == [{"trace_id": parent.trace_id, "span_id": parent.span_id}]
    (event,) = child.events
    assert (event.name, event.attributes) == ("retry", {"attempt": 2})
    assert child.start <= event.time <= child.start + child.duration_us
    assert parent.duration_us >= child.duration_us


def test_a_span_without_ids_is_rejected_and_costs_no_other() -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    good, bad = spans.add(), spans.add()
    good.trace_id, good.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    good.start_time_unix_nano = bad.start_time_unix_nano = NANOSECONDS
    bad.trace_id, bad.span_id = bytes(16), b"short"

    result = otlp_http.read("traces", request.SerializeToString(), otlp_http.PROTOBUF)

    assert [span.span_id for span in result.spans] == [SPAN]
    assert result.rejected == 1


def test_records_over_the_limits_are_cut_or_rejected() -> None:
    limits = Limits(max_record_bytes=400, max_records=1)

    result = otlp_http.read("logs", logs_request().SerializeToString(), otlp_http.PROTOBUF, limits)

    assert result.cut == (0,)
    assert result.rejected == 1
    assert len(msgspec.json.encode(result.values[0])) <= 400


@pytest.mark.parametrize("media", [otlp_http.PROTOBUF, otlp_http.JSON])
@pytest.mark.parametrize("signal", ["logs", "traces"])
def test_an_empty_request_is_a_success(signal: otlp_http.Signal, media: str) -> None:
    result = otlp_http.read(signal, b"", media)

    assert (result.values, result.spans, result.rejected) == ([], [], 0)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"\xff\xff\xff", "application/x-protobuf", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, content_type: str, status: int) -> None:
    with pytest.raises(BodyRefused) as refused:
        otlp_http.read("logs", body, content_type)

    assert refused.value.status == status


@given(body=st.binary(max_size=100), signal=st.sampled_from(["logs", "traces"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_protobuf_gives_values_or_a_refusal(body: bytes, signal: otlp_http.Signal) -> None:
    try:
        result = otlp_http.read(signal, body, otlp_http.PROTOBUF)
    except BodyRefused:
        return
    msgspec.json.encode(result)


OTLP_NAMES = st.sampled_from(
    [
        "resourceLogs",
        "scopeLogs",
        "logRecords",
        "resourceSpans",
        "scopeSpans",
        "spans",
        "body",
        "attributes",
        "key",
        "value",
        "stringValue",
        "arrayValue",
        "values",
        "kvlistValue",
        "status",
        "traceId",
        "spanId",
        "startTimeUnixNano",
        "events",
        "links",
        "kind",
        "resource",
        "intValue",
    ]
)
OTLP_JSON = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.just(TRACE) | st.just("a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(OTLP_NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(body=st.dictionaries(OTLP_NAMES, OTLP_JSON, max_size=4))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_any_json_object_gives_values(body: dict[str, Any]) -> None:
    raw = msgspec.json.encode(body)

    for signal in ("logs", "traces"):
        msgspec.json.encode(otlp_http.read(signal, raw, otlp_http.JSON))


def test_deep_attributes_are_cut() -> None:
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}
    record = {"body": value}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()

    (found,) = otlp_http.read("logs", body, otlp_http.JSON).values

    assert "deeper structure" in str(found)


class TestAnswers:
    def test_success_is_an_empty_message_in_the_requests_type(self) -> None:
        assert otlp_http.response("logs", "application/x-protobuf") == (b"", otlp_http.PROTOBUF)
        assert otlp_http.response("traces", "application/json") == (b"{}", otlp_http.JSON)

    def test_a_partial_success_says_how_many_and_why(self) -> None:
        body, _ = otlp_http.response("logs", otlp_http.PROTOBUF, rejected=3, detail="why")
        logs = ExportLogsServiceResponse.FromString(body)
        body, _ = otlp_http.response("traces", otlp_http.PROTOBUF, rejected=2, detail="why")
        traces = ExportTraceServiceResponse.FromString(body)
        as_text, _ = otlp_http.response("logs", otlp_http.JSON, rejected=3, detail="why")

        assert logs.partial_success.rejected_log_records == 3
        assert logs.partial_success.error_message == "why"
        assert traces.partial_success.rejected_spans == 2
        assert json.loads(as_text) == {
            "partialSuccess": {"rejectedLogRecords": "3", "errorMessage": "why"}
        }

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 413, 415, 429, 503, 599])
    def test_a_failure_is_a_status_the_official_message_reads(self, status: int) -> None:
        detail = "what was found: " + "ü" * 700

        raw, media = otlp_http.failure(otlp_http.PROTOBUF, status, detail)
        told = Status.FromString(raw)

        assert media == otlp_http.PROTOBUF
        assert told.code == otlp_http._CODES.get(status, 2)
        assert detail.startswith(told.message)
        assert len(told.message) > 500
        as_text = json.loads(otlp_http.failure("application/json", status, detail)[0])
        assert as_text == {"code": told.code, "message": told.message}

    def test_a_failure_of_an_unknown_type_is_answered_in_protobuf(self) -> None:
        assert otlp_http.failure("text/plain", 415, "x")[1] == otlp_http.PROTOBUF


def test_ids_of_zeros_or_other_lengths_are_none() -> None:
    assert otlp.hex_id("0" * 32, 32) is None
    assert otlp.hex_id("abc", 32) is None
    assert otlp.hex_id("g" * 32, 32) is None
    assert otlp.hex_id(None, 32) is None
    assert otlp.hex_id("A" * 16, 16) == "a" * 16
