"""The answers agents get: design, "Ingest answers". Each row has a test."""

import asyncio
import gzip
import json
import socket
import struct
import time
import zlib
from typing import Any

import pytest
import zstandard

from support.running import Capture, Running, captures, eventually, running
from ttsink.intake.agent import agent_name

LINE = b'{"job":"digest-1","worker":"w-1","level":"info","message":"hello"}'
MAX_ANSWER_BYTES = 300
LONGEST_HOLD_SECONDS = 0.3
"""Processor time of the loop's own thread between two of its turns: a busy machine is no fault."""


async def test_a_batch_is_answered_with_its_count_and_can_be_read_at_once() -> None:
    async with running() as sink:
        answer = await sink.post(LINE + b"\n" + LINE)
        found = await sink.records()

        assert (answer.status, answer.body) == (200, b'{"accepted":2,"rejected":0}')
        assert [(r["job"], r["worker"], r["level"], r["message"]) for r in found] == [
            ("digest-1", "w-1", "info", "hello")
        ] * 2


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_agents_may_post_or_put(method: str) -> None:
    async with running() as sink:
        assert (await sink.ask(method, "/ingest", data=LINE)).status == 200


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_a_health_check_of_the_ingest_route_is_exactly_200(method: str) -> None:
    async with running() as sink:
        assert (await sink.ask(method, "/ingest")).status == 200


async def test_an_empty_body_is_no_fault() -> None:
    async with running() as sink:
        assert (await sink.post(b"")).body == b'{"accepted":0,"rejected":0}'
        assert (await sink.post(b" \n\n ")).body == b'{"accepted":0,"rejected":0}'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"this is no JSON", "this is no JSON"),
        (b'{"message": "cut of', '{"message": "cut of'),
        (b'{"message":"nul \\u0000 here"}', "nul \x00 here"),
        (b"raw nul \x00 here", "raw nul \x00 here"),
        (b'{"message":"\xff\xfe"}', "\ufffd\ufffd"),
    ],
)
async def test_a_bad_line_is_kept_and_costs_no_neighbour(body: bytes, message: str) -> None:
    async with running() as sink:
        answer = await sink.post(b"\n".join([LINE, body, LINE]))
        found = await sink.records()

        assert (answer.status, answer.json["accepted"]) == (200, 3)
        assert [record["message"] for record in found] == ["hello", message, "hello"]


async def test_a_line_of_a_megabyte_is_cut_and_says_so() -> None:
    async with running() as sink:
        long = json.dumps({"message": "x" * (1 << 20)}).encode()

        answer = await sink.post(b"\n".join([LINE, long, LINE]))
        found = await sink.records()

        assert (answer.status, answer.json["accepted"]) == (200, 3)
        assert [record.get("truncated", False) for record in found] == [False, True, False]
        assert len(found[1]["message"]) < 300_000


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("gzip, zstd", lambda body: zstandard.compress(gzip.compress(body))),
    ],
)
async def test_what_agents_compress_is_read(encoding: str, encode: Any) -> None:
    body = b"\n".join([LINE] * 2000)
    async with running() as sink:
        answer = await sink.post(encode(body), headers={"Content-Encoding": encoding})

        assert answer.body == b'{"accepted":2000,"rejected":0}'


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"not gzip", 400),
        ("gzip", gzip.compress(LINE * 10)[:-9], 400),
        ("zstd", zstandard.compress(LINE * 10)[:-4], 400),
        ("br", LINE, 415),
        ("gzip", gzip.compress(b"\0" * (80 << 20)), 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_whole(
    encoding: str, body: bytes, status: int
) -> None:
    async with running() as sink:
        answer = await sink.post(body, headers={"Content-Encoding": encoding})

        assert answer.status == status
        assert set(answer.json) == {"error", "detail"}
        assert len(answer.body) < MAX_ANSWER_BYTES
        assert ("Accept-Encoding" in answer.headers) is (status == 415)
        assert await sink.records() == []


async def test_a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() -> None:
    async def chunks() -> Any:
        for _ in range(8):
            yield b"x" * 1000

    async with running(ingest={"max_body_bytes": 4096}) as sink:
        declared = await sink.post(b"x" * 8000)
        streamed = await sink.ask("POST", "/ingest", data=chunks())

        assert (declared.status, streamed.status) == (413, 413)
        assert declared.json["error"] == "too_large"
        assert await sink.records() == []


async def test_a_slow_upload_is_ended_with_408() -> None:
    async with running(ingest={"upload_idle_seconds": 0.05}) as sink:
        status = await raw(sink, b"POST /ingest HTTP/1.1\r\nHost: localhost\r\n"
                                 b'Content-Length: 100\r\n\r\n{"message":')  # fmt: skip

        assert status.startswith(b"HTTP/1.1 408")
        assert b"slow_upload" in status
        assert await sink.records() == []


async def raw(sink: Running, request: bytes) -> bytes:
    """Sends bytes and reads until the sink closes the connection."""
    port = int(sink.server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_no_room_is_503_with_a_time_to_come_back_and_nothing_stored() -> None:
    async with running(ingest={"max_inflight_bytes": 2048}) as sink:
        answer = await sink.post(b"\n".join([LINE] * 100))

        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json["error"] == "busy"
        assert await sink.records() == []
        assert (await sink.post(LINE)).status == 200


async def test_a_sender_over_its_rate_is_429() -> None:
    async with running(ingest={"sender_bytes_per_second": 100}) as sink:
        first = await sink.post(b"\n".join([LINE] * 20))
        second = await sink.post(LINE)

        assert (first.status, second.status) == (200, 429)
        assert int(second.headers["Retry-After"]) >= 1
        assert len(await sink.records()) == 20


async def test_while_draining_batches_are_503_and_it_is_not_ready() -> None:
    async with running() as sink:
        assert (await sink.get("/readyz")).status == 200

        sink.sink.drain()

        assert (await sink.post(LINE)).status == 503
        assert (await sink.get("/readyz")).status == 503
        assert (await sink.get("/livez")).status == 200
        assert len(await sink.records()) == 0


async def test_draining_finishes_the_upload_that_is_under_way() -> None:
    async with running() as sink:
        port = int(sink.server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"POST /ingest HTTP/1.1\r\nHost: localhost\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(LINE) + LINE[:10])
            await eventually(lambda: not sink.sink.intake._admission._idle.is_set())
            draining = asyncio.create_task(sink.server.drain())
            await eventually(lambda: sink.sink.why_not_ready() == "draining")
            writer.write(LINE[10:])
            async with asyncio.timeout(10):
                answer = await reader.read()
                await draining
        finally:
            writer.close()
            await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"accepted":1,"rejected":0}')


async def test_senders_that_stall_do_not_keep_another_out() -> None:
    async with running(ingest={"max_inflight_requests": 4}) as sink:
        port = int(sink.server.url.rpartition(":")[2])
        stalled = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        try:
            for _, writer in stalled:
                writer.write(b"POST /ingest HTTP/1.1\r\nHost: localhost\r\n")
                writer.write(b"Content-Length: 100\r\n\r\n{")
            await eventually(lambda: sink.sink.intake._admission.inflight_requests == 2)
            same = await sink.post(LINE)
            sink.sink.intake.admit("10.0.0.2", 10).release()
        finally:
            for _, writer in stalled:
                writer.close()
                await writer.wait_closed()

        assert (same.status, same.json["error"]) == (503, "busy")
        assert "this sender" in same.json["detail"]


async def test_a_slash_too_many_behind_the_route_loses_no_batch() -> None:
    async with running() as sink:
        assert (await sink.post(LINE, "/ingest/")).body == b'{"accepted":1,"rejected":0}'
        assert (await sink.ask("HEAD", "/ingest/")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/ingets", 404, "not_found"),
        ("DELETE", "/ingest", 405, "method"),
        ("POST", "/api/records", 405, "method"),
        ("POST", "/api/stream", 405, "method"),
    ],
)
async def test_wrong_routes_and_methods_are_answered_in_json(
    method: str, path: str, status: int, error: str
) -> None:
    async with running() as sink:
        answer = await sink.ask(method, path, data=b"x" * 100_000)

        assert (answer.status, answer.json["error"]) == (status, error)
        assert len(answer.body) < MAX_ANSWER_BYTES
        assert ("Allow" in answer.headers) is (status == 405)


async def test_a_fault_of_ours_keeps_the_batch_as_text() -> None:
    """A 500 would make Vector send the same batch for ever, a 400 would lose it."""
    async with running() as sink:
        sink.sink.intake.preparation.preparer.dialects = Broken()  # type: ignore[assignment]

        answer = await sink.post(b"\n".join([LINE, b"plain"]))
        found = await sink.records()

        assert answer.body == b'{"accepted":2,"rejected":0}'
        assert [record["malformed"] for record in found] == [True, True]
        assert json.loads(found[0]["message"]) == json.loads(LINE)
        assert found[1]["message"] == "plain"
        assert (
            b'ttsink_internal_errors_total{stage="dialect"} 1.0'
            in (await sink.get("/metrics")).body
        )


class Broken:
    def records(self, *_args: object, **_named: object) -> object:
        raise RuntimeError("a record's secret words")


async def test_a_record_that_cannot_be_redacted_is_kept_without_its_content() -> None:
    async with running() as sink:
        sink.sink.intake.preparation.preparer.redactor = BrokenRedactor()  # type: ignore[assignment]

        answer = await sink.post(LINE)
        found = await sink.records()

        assert answer.json["accepted"] == 1
        assert found[0]["message"] == "[withheld: this record could not be redacted]"
        assert "hello" not in str(found)


class BrokenRedactor:
    def records(self, records: object) -> Any:
        raise RuntimeError("a record's secret words")

    def spans(self, spans: object) -> Any:
        raise RuntimeError("a span's secret words")


async def test_what_is_personal_is_masked_before_anything_shows_it() -> None:
    body = b'{"message":"mail to maria.lopez@example.com","password":"hunter2-secret"}'
    async with running() as sink:
        await sink.post(body)
        (found,) = await sink.records()
        async with sink.stream(params={"tail": "1"}) as stream:
            await stream.events(1)
            raw = stream.raw
        metrics = (await sink.get("/metrics")).body

        assert "maria.lopez" not in str(found)
        assert found["redacted"]
        for shown in (raw, metrics):
            assert b"maria" not in shown
            assert b"hunter2" not in shown
        assert b'ttsink_redactions_total{kind="email"} 1.0' in metrics


async def test_redaction_can_be_switched_off() -> None:
    async with running(redaction={"enabled": False}) as sink:
        await sink.post(b'{"message":"mail to maria.lopez@example.com"}')

        assert (await sink.records())[0]["message"] == "mail to maria.lopez@example.com"


async def test_an_equal_batch_that_was_answered_is_another_batch() -> None:
    """A heartbeat without a time is the same bytes every time."""
    async with running() as sink:
        for _ in range(3):
            assert (await sink.post(LINE)).body == b'{"accepted":1,"rejected":0}'

        assert len(await sink.records()) == 3


async def test_a_batch_whose_sender_was_gone_before_its_answer_is_stored_once() -> None:
    async with running() as sink:
        body = b"\n".join([LINE] * 3)
        head = b"POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        port = int(sink.server.url.rpartition(":")[2])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head % len(body) + body)
        await writer.drain()
        writer.transport.abort()
        await eventually(lambda: sink.sink.view.order.last == 3)

        again = await sink.post(body)
        once_more = await sink.post(body)

        assert again.json == {"accepted": 0, "rejected": 0, "repeated": 3}
        assert once_more.json == {"accepted": 3, "rejected": 0}
        total = (await sink.get("/api/ledger")).json["total"]
        assert (total["received"], total["accepted"], total["repeated"]) == (9, 6, 3)


async def post_and_give_up(sink: Running, worked_on: asyncio.Event) -> None:
    """As an agent that has waited too long: its connection is closed in the middle of the work."""
    head = b"POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    port = int(sink.server.url.rpartition(":")[2])
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head % len(LINE) + LINE)
    await worked_on.wait()
    writer.close()
    await eventually(lambda: bool(sink.sink.intake._repeats._undelivered))


async def test_a_batch_that_comes_again_while_it_is_worked_on_is_stored_once() -> None:
    """An agent that waited too long closes its connection and sends the same bytes again."""
    async with running() as sink:
        intake = sink.sink.intake
        store, worked_on, go_on = intake._store, asyncio.Event(), asyncio.Event()

        async def slowly(*given: Any) -> Any:
            worked_on.set()
            await go_on.wait()
            return await store(*given)

        intake._store = slowly  # type: ignore[method-assign,assignment]
        await post_and_give_up(sink, worked_on)
        again = asyncio.create_task(sink.post(LINE))
        await eventually(lambda: not intake._repeats._undelivered)
        go_on.set()

        answer = (await again).json

        assert answer["accepted"] + answer["repeated"] == 1
        assert len(await sink.records()) == 1


async def test_a_batch_that_is_overtaken_by_its_repeat_is_stored_once() -> None:
    """The first waits behind a slow body in one process, its repeat is prepared in another."""
    async with running() as sink:
        intake = sink.sink.intake
        store, worked_on, go_on = intake._store, asyncio.Event(), asyncio.Event()

        async def the_first_slowly(*given: Any) -> Any:
            if not worked_on.is_set():
                worked_on.set()
                await go_on.wait()
            return await store(*given)

        intake._store = the_first_slowly  # type: ignore[method-assign,assignment]
        await post_and_give_up(sink, worked_on)

        assert (await sink.post(LINE)).json == {"accepted": 1, "rejected": 0}
        go_on.set()
        await intake.idle()
        assert len(await sink.records()) == 1
        assert (await sink.post(LINE)).json == {"accepted": 1, "rejected": 0}
        total = (await sink.get("/api/ledger")).json["total"]
        assert (total["received"], total["accepted"], total["repeated"]) == (3, 2, 1)


async def test_a_body_that_is_slow_to_read_or_to_redact_keeps_no_other_waiting() -> None:
    """The loop itself is held by neither: both would take it for seconds."""
    values = "joe@example.com 4111 1111 1111 1111 " * 7_000
    bad = b"[" * 2_000_000
    async with running() as sink:
        for body in (json.dumps({"message": values}).encode(), bad):
            posted = asyncio.create_task(sink.post(body))
            longest, then = 0.0, time.thread_time()
            while not posted.done():
                await asyncio.sleep(0.001)
                longest, then = max(longest, time.thread_time() - then), time.thread_time()

            assert (await posted).status == 200
            assert longest < LONGEST_HOLD_SECONDS


async def test_a_batch_whose_answer_met_a_reset_connection_is_stored_once() -> None:
    """Fluent Bit killed while the answer waits in its socket: the chunk comes again."""
    async with running() as sink:
        head = b"POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        port = int(sink.server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as agent:
            agent.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            agent.sendall(head % len(LINE) + LINE)
            await eventually(lambda: b'requests_total{code="200"} 1' in sink.sink.metrics.text())
        server = sink.server._runner
        assert server is not None
        assert server.server is not None
        await eventually(lambda: len(server.server.connections) == 0)  # type: ignore[union-attr]

        again = await sink.post(LINE)

        assert again.json == {"accepted": 0, "rejected": 0, "repeated": 1}
        assert (await sink.post(LINE)).json == {"accepted": 1, "rejected": 0}


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"SECRETWORD here\r\n\r\n", b"400", b"not_http"),
        (
            b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: SECRETWORD\r\n\r\n",
            b"400",
            b"not_http",
        ),
        (
            b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}SECRETWORD\r\n\r\n",
            b"400",
            b"not_http",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nX: SECRETWORD" + b"y" * 70_000 + b"\r\n\r\n",
            b"431",
            b"long_head",
        ),
    ],
)
async def test_what_is_no_http_is_answered_without_repeating_it(
    request_bytes: bytes, status: bytes, code: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as sink:
        answer = await raw(sink, request_bytes)

    assert b" %b " % status in answer
    assert b'"error":"%b"' % code in answer
    assert b"SECRETWORD" not in answer
    assert "SECRETWORD" not in caplog.text


async def test_a_named_batch_is_stored_once_however_often_it_comes() -> None:
    async with running() as sink:
        headers = {"Idempotency-Key": "batch-17"}
        answers = [(await sink.post(LINE, headers=headers)).json for _ in range(3)]

        assert [answer["accepted"] for answer in answers] == [1, 0, 0]
        assert [answer.get("repeated", 0) for answer in answers] == [0, 1, 1]
        assert len(await sink.records()) == 1


async def test_a_refused_batch_may_come_again() -> None:
    async with running() as sink:
        bad = {"Content-Encoding": "gzip", "Idempotency-Key": "batch-17"}
        assert (await sink.post(b"not gzip", headers=bad)).status == 400

        good = await sink.post(gzip.compress(LINE), headers=bad)

        assert good.json == {"accepted": 1, "rejected": 0}


async def test_the_metrics_count_what_came_and_name_no_job() -> None:
    async with running() as sink:
        await sink.post(gzip.compress(LINE + b"\nbad"), headers={"Content-Encoding": "gzip"})
        await sink.post(b"x", headers={"Content-Encoding": "strange"})

        text = (await sink.get("/metrics")).body.decode()

        assert 'ttsink_ingest_requests_total{code="200"} 1.0' in text
        assert 'ttsink_ingest_requests_total{code="415"} 1.0' in text
        assert "ttsink_events_accepted_total 2.0" in text
        assert 'ttsink_ingest_body_bytes_total{encoding="gzip"}' in text
        assert "digest-1" not in text
        assert "strange" not in text


@pytest.mark.parametrize(
    "capture",
    [c for c in captures("fluentbit") if c.path == "/ingest"],
    ids=lambda capture: capture.name,
)
async def test_a_real_agents_request_arrives_in_the_stream_once(capture: Capture) -> None:
    async with running() as sink:
        answer = await sink.post(capture.body, headers=capture.headers)
        count = answer.json["accepted"]
        async with sink.stream(params={"tail": "10000"}) as stream:
            found = await stream.records(count)

        assert answer.status == 200
        assert count > 0
        assert answer.json["rejected"] == 0
        assert len({record["id"] for record in found}) == count
        assert {record["agent"] for record in found} == {agent_name(capture.headers["User-Agent"])}


async def test_a_connection_is_kept_longer_than_an_agent_keeps_an_idle_one() -> None:
    async with running() as sink:
        runner = sink.server._runner
        assert runner is not None

        assert runner._kwargs["keepalive_timeout"] > 90
