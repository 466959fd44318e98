"""`/api/traces/{id}` over real sockets, with stand-ins for the tracing backends."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from support import tracing
from support.running import running
from ttsink.store.view import View
from ttsink.traces import traces
from ttsink.traces.backend import SHAPES, Backend
from ttsink.traces.fetch import Fetcher
from ttsink.traces.settings import TracingSettings
from ttsink.traces.span_store import SpanSettings, SpanStore

TRACE = tracing.TRACE
LINE = json.dumps({"job": "invoice", "message": "rendered", "trace_id": TRACE}).encode()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def standing_in(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def answering(body: bytes, status: int = 200, seen: list[web.Request] | None = None) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        if seen is not None:
            seen.append(request)
        return web.Response(body=body, status=status, content_type="application/json")

    return answer


async def asked(*backends: dict[str, Any], trace_id: str = TRACE) -> dict[str, Any]:
    async with running(tracing={"backends": list(backends)}) as sink:
        await sink.post(LINE)
        answer = await sink.get(f"/api/traces/{trace_id}")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.parametrize("kind", SHAPES)
async def test_every_backend_is_asked_where_it_answers(kind: str) -> None:
    path, body = tracing.ANSWERS[kind]
    seen: list[web.Request] = []
    async with standing_in(answering(body(), seen=seen)) as url:
        found = await asked({"kind": kind, "url": url, "tenant": "acme"})

    assert seen[0].path == path.format(trace_id=TRACE)
    assert seen[0].headers["X-Scope-OrgID"] == "acme"
    assert [span["name"] for span in found["spans"]] == [s["name"] for s in tracing.SPANS]
    assert [record["message"] for record in found["records"]] == ["rendered"]
    assert [(s["name"], s["state"]) for s in found["sources"]] == [
        ("sent to this sink", "not_found"),
        (kind, "ok"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "state", "says"),
    [
        (b"{}", 404, "not_found", "not there yet"),
        (b"secret detail", 500, "refused", "it answered 500"),
        (b"", 401, "refused", "check token_file"),
        (b"", 302, "refused", "redirects are not followed"),
        (b"<html>a login page</html>", 200, "unreadable", "is it a jaeger?"),
        (b'{"data": []}', 200, "not_found", "not there yet"),
    ],
)
async def test_what_a_backend_did_is_said_plainly(
    body: bytes, status: int, state: str, says: str
) -> None:
    async with standing_in(answering(body, status)) as url:
        found = await asked({"kind": "jaeger", "url": url})

    source = found["sources"][1]
    assert source["state"] == state
    assert says in source["detail"]
    assert "secret" not in json.dumps(found)


async def test_a_slow_backend_does_not_hold_up_the_others() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await asyncio.Event().wait()
        return response

    async with standing_in(slow) as url, standing_in(answering(tracing.zipkin())) as zipkin:
        found = await asked(
            {"kind": "jaeger", "url": url, "timeout_seconds": 0.2},
            {"kind": "zipkin", "url": zipkin},
        )

    assert [source["state"] for source in found["sources"][1:]] == ["unreachable", "ok"]
    assert "no answer within 0.2 s" in found["sources"][1]["detail"]
    assert len(found["spans"]) == 3


async def test_an_answer_does_not_wait_for_a_slow_backend_but_the_next_one_has_its_spans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traces, "PATIENCE_SECONDS", 0.05)
    ready = asyncio.Event()
    seen: list[str] = []

    async def slow(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        await ready.wait()
        return web.Response(body=tracing.jaeger())

    async with (
        standing_in(slow) as url,
        running(tracing={"backends": [{"kind": "jaeger", "url": url}]}) as sink,
    ):
        await sink.post(LINE)
        first = (await sink.get(f"/api/traces/{TRACE}")).json
        second = (await sink.get(f"/api/traces/{TRACE}")).json
        ready.set()
        async with asyncio.timeout(10):
            while (found := (await sink.get(f"/api/traces/{TRACE}")).json)["spans"] == []:
                pass

    assert [one["sources"][1]["state"] for one in (first, second)] == ["asked", "asked"]
    assert first["records"][0]["message"] == "rendered"
    assert found["sources"][1]["state"] == "ok"
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "fresh_seconds"),
    [(404, traces.NOT_FOUND_SECONDS), (500, traces.FAILED_SECONDS)],
)
async def test_a_backend_that_has_nothing_is_left_alone_for_a_while(
    status: int, fresh_seconds: float
) -> None:
    seen: list[web.Request] = []
    now = 1_000.0
    async with standing_in(answering(b"", status, seen)) as url:
        settings = TracingSettings(backends=(Backend("jaeger", url),))
        fetcher = Fetcher()
        try:
            asked_ = traces.Traces(
                settings, SpanStore(SpanSettings()), View("e"), fetcher, lambda: now
            )
            await asked_.trace(TRACE)
            now += fresh_seconds - 0.1
            await asked_.trace(TRACE)
            once = len(seen)
            now += 0.2
            await asked_.trace(TRACE)
        finally:
            await fetcher.aclose()

    assert (once, len(seen)) == (1, 2)


async def test_an_endless_answer_ends_at_its_bound() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 1_000_000)
        return response

    async with standing_in(endless) as url:
        found = await asked({"kind": "jaeger", "url": url})

    assert found["sources"][1]["state"] == "too_large"


async def test_nobody_there_is_unreachable() -> None:
    async with standing_in(answering(b"")) as url:
        pass
    found = await asked({"kind": "jaeger", "url": url})

    assert found["sources"][1]["state"] == "unreachable"
    assert found["sources"][1]["detail"] == "no connection: Connection refused"


async def test_a_backend_is_not_asked_again_while_its_answer_is_fresh() -> None:
    seen: list[web.Request] = []
    async with (
        standing_in(answering(tracing.jaeger(), seen=seen)) as url,
        running(tracing={"backends": [{"kind": "jaeger", "url": url}]}) as sink,
    ):
        await sink.get(f"/api/traces/{TRACE}")
        await sink.get(f"/api/traces/{TRACE}")

    assert len(seen) == 1


async def test_what_is_no_trace_id_never_leaves_the_sink() -> None:
    seen: list[web.Request] = []
    async with (
        standing_in(answering(b"{}", seen=seen)) as url,
        running(tracing={"backends": [{"kind": "jaeger", "url": url}]}) as sink,
    ):
        for bad in ("0" * 32, "..%2f..%2fadmin", "xyz", TRACE + "00"):
            answer = await sink.get(f"/api/traces/{bad}")
            assert answer.status in {400, 404}, bad

    assert seen == []


async def test_spans_sent_here_are_the_first_source() -> None:
    otlp = json.loads(tracing.jaeger_v3())["result"]
    async with running() as sink:
        await sink.post(
            json.dumps(otlp).encode(),
            "/v1/traces",
            headers={"Content-Type": "application/json"},
        )
        found = (await sink.get(f"/api/traces/{TRACE}")).json
        short = (await sink.get(f"/api/traces/{TRACE[16:]}")).json

    assert found["sources"] == [{"name": "sent to this sink", "state": "ok"}]
    assert [span["span_id"] for span in found["spans"]] == [s["id"] for s in tracing.SPANS]
    assert len(short["spans"]) == 3


async def test_spans_of_a_backend_are_redacted_too() -> None:
    body = tracing.jaeger().replace(b"SELECT invoice", b"mail maria.lopez@example.com")
    async with standing_in(answering(body)) as url:
        found = await asked({"kind": "jaeger", "url": url})

    assert "maria.lopez" not in json.dumps(found)
    assert "[email:" in json.dumps(found)


async def test_datadogs_half_of_an_id_finds_the_whole_trace() -> None:
    """`dd.trace_id` is decimal and has the low 64 bits; spans and other records have 128."""
    low = str(int(TRACE[16:], 16))
    half = json.dumps({"job": "dd", "message": "half", "dd": {"trace_id": low}}).encode()
    seen: list[web.Request] = []
    path, body = tracing.ANSWERS["jaeger"]
    async with standing_in(answering(body(), seen=seen)) as url:
        backend = {"kind": "jaeger", "url": url}
        async with running(tracing={"backends": [backend]}) as sink:
            await sink.post(half + b"\n" + LINE)
            (record, _) = await sink.records()
            by_half = (await sink.get(f"/api/traces/{record['trace_id']}")).json
            by_whole = (await sink.get(f"/api/traces/{TRACE}")).json

    assert record["trace_id"] == "0" * 16 + TRACE[16:]
    assert [one["message"] for one in by_half["records"]] == ["half", "rendered"]
    assert by_half["records"] == by_whole["records"]
    assert by_half["spans"] == by_whole["spans"]
    assert len(by_half["spans"]) == len(tracing.SPANS)
    assert {request.path for request in seen} == {path.format(trace_id=TRACE)}


async def test_datadogs_half_of_an_id_finds_spans_that_were_sent_here() -> None:
    request = {"resourceSpans": json.loads(tracing.jaeger_v3())["result"]["resourceSpans"]}
    low = str(int(TRACE[16:], 16))
    async with running() as sink:
        sent = await sink.post(
            json.dumps(request).encode(),
            "/v1/traces",
            headers={"Content-Type": "application/json"},
        )
        await sink.post(json.dumps({"message": "half", "dd.trace_id": low}).encode())
        (record,) = await sink.records()
        found = (await sink.get(f"/api/traces/{record['trace_id']}")).json

    assert sent.status == 200
    assert len(found["spans"]) == len(tracing.SPANS)
    assert {span["trace_id"] for span in found["spans"]} == {TRACE}
