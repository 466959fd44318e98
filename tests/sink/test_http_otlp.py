"""OTLP/HTTP over real sockets, with the requests and the exporter of others."""

import asyncio
import gzip

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from support.running import Capture, captures, running
from ttsink.bodies.limits import Limits
from ttwire.span import Span

OTLP = [capture for capture in captures("fluentbit") if capture.path.startswith("/v1/")]
PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.mark.parametrize("capture", OTLP, ids=lambda capture: capture.name)
async def test_what_fluent_bit_sends_as_otlp_is_a_success(capture: Capture) -> None:
    async with running() as sink:
        answer = await sink.post(capture.body, capture.path, headers=capture.headers)

        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Content-Type"] == "application/x-protobuf"
        kept = len(await sink.records())
        assert (kept > 0) is (capture.path == "/v1/logs")


async def test_an_empty_request_is_a_success_in_both_forms() -> None:
    async with running() as sink:
        protobuf = await sink.post(b"", "/v1/logs", headers=PROTOBUF)
        as_json = await sink.post(b"{}", "/v1/logs", headers={"Content-Type": "application/json"})

        assert (protobuf.status, protobuf.body) == (200, b"")
        assert (as_json.status, as_json.json) == (200, {})


async def test_failures_carry_a_status_in_the_requests_own_type() -> None:
    async with running() as sink:
        bad = await sink.post(b"\xff\xff", "/v1/logs", headers=PROTOBUF)
        bad_json = await sink.post(
            b"{nope", "/v1/logs", headers={"Content-Type": "application/json"}
        )
        strange = await sink.post(b"x", "/v1/logs", headers={"Content-Type": "text/csv"})

        assert (bad.status, bad.headers["Content-Type"]) == (400, "application/x-protobuf")
        assert (bad_json.status, bad_json.json["code"]) == (400, 3)
        assert strange.status == 415


async def test_a_missing_token_is_told_in_the_requests_own_type() -> None:
    async with running({"TTSINK_INGEST_TOKEN": "t"}) as sink:
        answer = await sink.post(b"", "/v1/traces", headers=PROTOBUF)

        assert answer.status == 401
        assert answer.headers["Content-Type"] == "application/x-protobuf"
        assert "WWW-Authenticate" in answer.headers
        assert b"token" in answer.body


async def test_the_official_exporters_spans_arrive() -> None:
    seen: list[Span] = []
    async with running() as sink:
        sink.sink.intake._on_spans = seen.extend
        exporter = OTLPSpanExporter(sink.server.url + "/v1/traces")
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))

        def work() -> None:
            with provider.get_tracer("test").start_as_current_span("resize"):
                pass
            provider.shutdown()

        await asyncio.to_thread(work)

        assert [span.name for span in seen] == ["resize"]
        assert len(seen[0].trace_id) == 32


async def test_what_is_over_the_limits_is_a_partial_success() -> None:
    async with running() as sink:
        preparer = sink.sink.intake.preparation.preparer
        preparer.limits = Limits(max_records=2)
        records = b",".join([b'{"body":{"stringValue":"hello"}}'] * 5)
        body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%b]}]}]}' % records

        answer = await sink.post(
            gzip.compress(body),
            "/v1/logs",
            headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )

        assert answer.status == 200
        assert answer.json["partialSuccess"]["rejectedLogRecords"] == "3"
        assert len(await sink.records()) == 2
