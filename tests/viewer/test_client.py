"""The viewer's side of the wire, against a sink that does what each test says."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from support.scripted_sink import Script, ScriptedSink, events, record, refusal
from support.watched import Watched
from ttview.address import Address, parse_url
from ttview.client import Client
from ttview.feed import (
    AboutSeen,
    Arrival,
    Arrived,
    Connection,
    Failed,
    GapSeen,
    LedgerSeen,
    PageLoaded,
    PageRequest,
    Source,
    StatesChanged,
    StreamRequest,
)
from ttwire import sse
from ttwire.gap import Gap
from ttwire.record import Record
from ttwire.state import JobState, States

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
TLS = Path(__file__).resolve().parent.parent / "support" / "tls"


@pytest.fixture
async def sink() -> ScriptedSink:
    return ScriptedSink()


@asynccontextmanager
async def watching(
    sink: ScriptedSink, token_file: Path | None = None
) -> AsyncIterator[Watched[Client]]:
    async with sink.served() as url:
        client = Client(Address(url, token_file), chance=lambda: 0.5)
        try:
            yield Watched(client)
        finally:
            await client.aclose()


def test_a_client_is_a_source() -> None:
    source: type[Source] = Client

    assert source


async def test_records_arrive_in_order_and_gaps_and_states_in_their_place(
    sink: ScriptedSink,
) -> None:
    gap = Gap("evicted", "e1-2", "e1-9", 7)
    states = States(jobs=(JobState(key="mail-1", state="unknown"),))
    sink.streams.append(
        events(record(1), record(2))
        + sse.frame("gap", msgspec.json.encode(gap), "e1-9")
        + events(record(10))
        + sse.frame("state", msgspec.json.encode(states))
        + sse.frame("of a later version", b"{}")
    )
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest("job:mail-*", tail=5))
        await watched.until(lambda: bool(watched.of(StatesChanged)) and len(watched.ids) == 3)

        seen = [a for a in watched.said if isinstance(a, Arrived | GapSeen)]
        assert [getattr(a, "gap", None) for a in seen] == [None, gap, None]
        assert watched.ids == ["e1-1", "e1-2", "e1-10"]
        assert watched.states == ["connecting", "live"]
        query = sink.asked("/api/stream")[0].query
        assert query["filter"] == "job:mail-*"
        assert query["tail"] == "5"
        assert int(query["rate"]) > 0


async def test_a_stream_that_breaks_off_is_opened_again_after_the_last_record(
    sink: ScriptedSink,
) -> None:
    async def cut(answer: web.StreamResponse) -> None:
        await answer.write(events(record(1), record(2)) + b"id: e1-3\nevent: record\ndata: {")
        answer_transport = answer._req.transport if answer._req is not None else None
        assert answer_transport is not None
        await asyncio.sleep(0)
        answer_transport.close()

    sink.streams += [cut, events(record(3))]
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(lambda: "waiting" in watched.states)
        watched.source.retry()
        await watched.until(lambda: len(watched.ids) == 3)

        assert watched.ids == ["e1-1", "e1-2", "e1-3"]
        assert watched.states == ["connecting", "live", "waiting", "connecting", "live"]
        again = sink.asked("/api/stream")[1]
        assert again.headers["Last-Event-ID"] == "e1-2"
        assert "tail" not in again.query
        waiting = watched.of(Connection)[2]
        assert waiting.next_try_seconds is not None
        assert 0.1 < waiting.next_try_seconds < 1


async def test_a_refusal_shows_the_servers_words_and_is_not_tried_again(sink: ScriptedSink) -> None:
    sink.streams.append((400, refusal("bad_filter", "column 3: expected a value\x1b[2J")))
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest("job:"))
        await watched.until(lambda: "refused" in watched.states)

        assert watched.of(Connection)[-1].detail == "column 3: expected a value^[[2J"
        assert len(sink.asked("/api/stream")) == 1

        watched.source.retry()
        await watched.until(lambda: "live" in watched.states)


async def test_a_busy_sink_is_asked_again_when_it_said(sink: ScriptedSink) -> None:
    sink.streams.append((503, refusal("too_many_subscribers", "100 streams are open")))
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(lambda: "waiting" in watched.states)

        waiting = watched.of(Connection)[-1]
        assert waiting.detail == "100 streams are open"
        assert waiting.next_try_seconds is not None
        assert 6.9 < waiting.next_try_seconds <= 7.0


async def test_nothing_of_a_stream_is_delivered_once_another_was_asked_for(
    sink: ScriptedSink,
) -> None:
    sink.streams += [
        events(*(record(n, job="old") for n in range(1, 2000))),
        events(record(5000, job="new")),
    ]
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest("job:old"))
        await watched.until(lambda: bool(watched.ids))
        before = len(watched.said)
        watched.source.follow(StreamRequest("job:new"))
        await watched.until(lambda: "e1-5000" in watched.ids)

        later = [a for a in watched.said[before:] if isinstance(a, Arrived)]
        assert [found.job for arrived in later for found in arrived.records] == ["new"]


async def test_a_filter_changed_from_within_a_delivery_ends_that_stream_at_once(
    sink: ScriptedSink,
) -> None:
    sink.streams.append(
        events(record(1)) + sse.frame("gap", b'{"reason":"rate"}') + events(record(2))
    )
    async with watching(sink) as watched:
        client = watched.source
        watch = watched.deliver

        def deliver(arrival: Arrival) -> None:
            watch(arrival)
            if watched.ids and len(sink.asked("/api/stream")) < 2:
                client.follow(StreamRequest("another"))

        client.start(deliver)
        client.follow(StreamRequest())
        await watched.until(lambda: watched.states.count("live") == 2)

        assert watched.of(GapSeen) == []
        assert watched.ids == ["e1-1"]


async def test_an_event_that_cannot_be_read_is_said_once_and_costs_no_other(
    sink: ScriptedSink,
) -> None:
    bad = sse.frame("record", b'{"job":{"secret":1}}', "e1-2")
    sink.streams.append(events(record(1)) + bad + bad + events(record(3)))
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(lambda: len(watched.ids) == 2)

        failed = [f for f in watched.of(Failed) if f.what == "stream"]
        assert len(failed) == 1
        assert "secret" not in failed[0].refusal.detail
        assert watched.source.unreadable == 2


async def test_opening_a_stream_brings_all_jobs_workers_and_the_account(sink: ScriptedSink) -> None:
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(
            lambda: all(map(watched.of, (StatesChanged, LedgerSeen, AboutSeen))),
        )

        whole = watched.of(StatesChanged)[0]
        assert whole.whole
        assert [job.key for job in whole.states.jobs] == ["mail-1", "mail-2"]
        assert [worker.key for worker in whole.states.workers] == ["w-1"]
        assert watched.of(AboutSeen)[0].about.epoch == "e1"


async def test_a_page_answers_its_own_request_and_a_failure_names_it(sink: ScriptedSink) -> None:
    sink.records = [record(n) for n in range(1, 11)]
    async with watching(sink) as watched:
        request = PageRequest(before="e1-6", limit=3)
        watched.source.page(request)
        await watched.until(lambda: bool(watched.of(PageLoaded)))
        loaded = watched.of(PageLoaded)[0]
        assert loaded.request == request
        assert [found.id for found in loaded.page.records] == ["e1-3", "e1-4", "e1-5"]
        assert loaded.page.older == "e1-3"

        sink.refuse = (403, b"<html>go away</html>")
        watched.source.page(request)
        await watched.until(lambda: bool(watched.of(Failed)))
        assert watched.of(Failed)[0].request == request
        assert watched.of(Failed)[0].refusal.detail == "this token may not read here"


async def test_a_trace_id_that_is_none_never_gets_into_a_url(sink: ScriptedSink) -> None:
    async with watching(sink) as watched:
        watched.source.trace("../../api/info")
        await watched.until(lambda: bool(watched.of(Failed)))

        assert watched.of(Failed)[0].what == "trace"
        assert sink.requests == []


async def test_a_token_replaced_on_disk_is_taken_for_the_next_request(
    sink: ScriptedSink, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("one\n")
    async with watching(sink, token_file=token) as watched:
        watched.source.page(PageRequest())
        await watched.until(lambda: len(watched.of(PageLoaded)) == 1)
        token.write_text("two\n")
        watched.source.page(PageRequest(limit=7))
        await watched.until(lambda: len(watched.of(PageLoaded)) == 2)

        sent = [request.headers["Authorization"] for request in sink.requests]
        assert sent == ["Bearer one", "Bearer two"]

        token.unlink()
        watched.source.follow(StreamRequest())
        await watched.until(lambda: "refused" in watched.states)
        assert str(token) in watched.of(Connection)[-1].detail


async def test_a_redirect_is_not_followed_with_the_token(sink: ScriptedSink) -> None:
    sink.refuse = (302, b"")
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(lambda: "refused" in watched.states)

        assert "give that URL instead" in watched.of(Connection)[-1].detail


async def test_nobody_there_is_said_in_plain_words_and_tried_again() -> None:
    client = Client(Address("http://127.0.0.1:1"))
    watched = Watched(client)
    client.follow(StreamRequest())
    await watched.until(lambda: "waiting" in watched.states)
    await client.aclose()

    assert watched.of(Connection)[-1].detail.startswith("cannot connect to 127.0.0.1:1")


async def test_a_web_site_that_is_no_sink_is_said_to_be_none() -> None:
    app = web.Application()

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app.router.add_get("/{path:.*}", hello)

    async with TestServer(app) as server:
        client = Client(Address(parse_url(f"127.0.0.1:{server.port}")))
        watched = Watched(client)
        client.follow(StreamRequest())
        await watched.until(lambda: "waiting" in watched.states)
        await client.aclose()

    assert "not as a sink does" in watched.of(Connection)[-1].detail


@pytest.mark.parametrize("step", [1, 7, 64])
async def test_wherever_the_bytes_are_cut_the_records_are_the_same(
    sink: ScriptedSink, step: int
) -> None:
    sent: list[Record] = [record(n, f"ü line\n{n}") for n in range(1, 6)]
    body = events(*sent)

    async def pieces(answer: web.StreamResponse) -> None:
        for start in range(0, len(body), step):
            await answer.write(body[start : start + step])
        await sink.release.wait()

    sink.streams.append(pieces)
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(lambda: len(watched.ids) == 5)

        got = [found for arrived in watched.of(Arrived) for found in arrived.records]
        assert got == sent


@pytest.mark.parametrize("seed", range(6))
async def test_across_any_cuts_every_record_arrives_once_and_in_order(
    sink: ScriptedSink, seed: int
) -> None:
    """G3, the viewer's half: cut anywhere, also within a record, and opened again."""
    chance = random.Random(seed)
    sent = [record(n, f"line {n}") for n in range(1, 101)]
    cuts = 12

    def script(left: int) -> Script:
        async def part(answer: web.StreamResponse) -> None:
            request = sink.asked("/api/stream")[-1]
            after = int(request.headers.get("Last-Event-ID", "e1-0").partition("-")[2])
            rest = sent[after:]
            body = b"".join(
                # Where a filter skips records, the cursor moves without an event.
                events(found) + (sse.cursor_frame(found.id) if chance.random() < 0.2 else b"")
                for found in rest
            )
            if left == 0:
                await answer.write(body)
                await sink.release.wait()
            else:
                await answer.write(body[: chance.randrange(1, 2000)])

        return part

    sink.streams += [script(left) for left in range(cuts, -1, -1)]
    async with watching(sink) as watched:
        watched.source.follow(StreamRequest(tail=1000))
        for _ in range(cuts):
            seen = watched.states.count("waiting")
            await watched.until(lambda seen=seen: watched.states.count("waiting") > seen)  # type: ignore[misc]  # bound now
            watched.source.retry()
        await watched.until(lambda: len(watched.ids) >= len(sent))

        assert watched.ids == [found.id for found in sent]
        assert watched.source.unreadable == 0


async def test_a_certificate_is_trusted_by_its_file_and_else_refused_in_plain_words(
    sink: ScriptedSink, tmp_path: Path
) -> None:
    pem = TLS / "first.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, pem.with_suffix(".key"))
    sink.records = [record(1)]
    async with sink.served(context) as url:
        said: list[str] = []
        for ca_file in (pem, None, tmp_path / "missing.pem"):
            client = Client(Address(url, ca_file=ca_file))
            watched = Watched(client)
            client.page(PageRequest())
            await watched.until(lambda watched=watched: bool(watched.said))  # type: ignore[misc]  # bound now
            await client.aclose()
            said += [failed.refusal.detail for failed in watched.of(Failed)]

    first, second = said
    assert first.startswith(f"the certificate of {url.removeprefix('https://')} is not trusted")
    assert second.startswith(f"cannot read {tmp_path / 'missing.pem'}")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff garbage\r\n\r\n",
        STREAM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        STREAM + b"Content-Encoding: gzip\r\n\r\nnot gzip",
        b"HTTP/1.1 999 \r\n\r\n",
    ],
)
async def test_whatever_a_peer_sends_the_viewer_says_so_and_tries_again(answer: bytes) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(peer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(Address(f"http://127.0.0.1:{port}"))
        watched = Watched(client)
        client.follow(StreamRequest())
        client.page(PageRequest())
        await watched.until(lambda: "waiting" in watched.states and bool(watched.of(Failed)))
        await client.aclose()

    waiting = next(c for c in watched.of(Connection) if c.state == "waiting")
    assert waiting.detail
    assert waiting.detail.isprintable()
