"""`/api/stream` over real sockets: heads, order, resumption, limits, ends."""

import asyncio
import json

import aiohttp
import pytest

from support.running import Running, eventually, running
from ttsink.store.subscriber import Subscriber
from ttwire import sse


def lines(first: int, count: int, job: str = "digest-1") -> bytes:
    return b"\n".join(
        json.dumps({"job": job, "worker": "w-1", "level": "info", "message": f"m{n}"}).encode()
        for n in range(first, first + count)
    )


async def messages(sink: Running, count: int, **query: str) -> list[str]:
    async with sink.stream(params=query) as stream:
        return [record["message"] for record in await stream.records(count)]


async def test_the_head_keeps_proxies_from_holding_it_back_and_bytes_come_at_once() -> None:
    async with running() as sink, sink.stream() as stream:
        await stream.until(b"\n:\n")

        assert stream.raw.startswith(b"retry: 3000\n:\n")
        assert stream.answer.status == 200
        assert stream.answer.headers["Content-Type"] == "text/event-stream"
        assert stream.answer.headers["Cache-Control"] == "no-store, no-transform"
        assert stream.answer.headers["X-Accel-Buffering"] == "no"


async def test_what_was_there_comes_first_and_then_what_arrives() -> None:
    async with running() as sink:
        await sink.post(lines(0, 3))
        async with sink.stream(params={"tail": "2"}) as stream:
            before = await stream.records(2)
            await sink.post(lines(3, 2))
            after = await stream.records(2)

        assert [r["message"] for r in before + after] == ["m1", "m2", "m3", "m4"]


async def test_without_a_place_only_what_arrives_is_sent() -> None:
    async with running() as sink:
        await sink.post(lines(0, 3))
        async with sink.stream() as stream:
            await stream.until(b":\n")
            await sink.post(lines(3, 1))

            assert [r["message"] for r in await stream.records(1)] == ["m3"]


@pytest.mark.parametrize("way", ["header", "last_event_id", "lastEventId"])
async def test_a_reader_resumes_after_the_last_id_it_saw(way: str) -> None:
    async with running() as sink:
        await sink.post(lines(0, 5))
        async with sink.stream(params={"tail": "5"}) as stream:
            seen = (await stream.events(3))[-1].id
        headers = {"Last-Event-ID": seen} if way == "header" else {}
        query = {way: seen} if way != "header" else {}
        async with sink.stream(headers=headers, params=query) as stream:
            found = await stream.records(2)

        assert [record["message"] for record in found] == ["m3", "m4"]


async def test_the_header_wins_over_the_query() -> None:
    """A browser keeps the address it was given and sends the newer place in the header."""
    async with running() as sink:
        await sink.post(lines(0, 5))
        ids = [record["id"] for record in await sink.records()]
        async with sink.stream(
            headers={"Last-Event-ID": ids[3]}, params={"last_event_id": ids[0]}
        ) as stream:
            assert [r["message"] for r in await stream.records(1)] == ["m4"]


@pytest.mark.parametrize("place", ["nonsense", "0000aaaa-3", "x" * 5000])
async def test_a_place_of_another_life_is_answered_with_a_gap_and_then_everything(
    place: str,
) -> None:
    async with running() as sink:
        await sink.post(lines(0, 2))
        async with sink.stream(params={"last_event_id": place}) as stream:
            gap, *rest = await stream.events(3)

        assert gap.event == "gap"
        assert json.loads(gap.data)["reason"] in {"restart", "unknown_id"}
        assert [json.loads(event.data)["message"] for event in rest] == ["m0", "m1"]


async def test_a_filter_keeps_some_and_a_bad_one_names_its_column() -> None:
    async with running() as sink:
        await sink.post(lines(0, 2, "a-1") + b"\n" + lines(2, 2, "b-1"))

        assert await messages(sink, 2, filter="job:b-*", tail="10") == ["m2", "m3"]
        assert await messages(sink, 2, filter="job:a-1", since="5m") == ["m0", "m1"]
        answer = await sink.get("/api/stream", params={"filter": "job:("})

        assert answer.status == 400
        assert answer.json["error"] == "filter"
        assert "column 6" in answer.json["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tail", "x"),
        ("tail", "-1"),
        ("rate", "nan"),
        ("since", "yesterday"),
        ("state", "perhaps"),
    ],
)
async def test_a_bad_parameter_is_named(name: str, value: str) -> None:
    async with running() as sink:
        answer = await sink.get("/api/stream", params={name: value})

        assert (answer.status, answer.json["error"]) == (400, name)
        assert value in answer.json["detail"]


async def test_silence_is_broken_by_a_comment_that_no_client_takes_for_an_event() -> None:
    async with running(stream={"heartbeat_seconds": 0.05}) as sink, sink.stream() as stream:
        await stream.until(b":\n:\n:\n")

        assert stream.decoder.feed(b"\n") == []


async def test_too_many_streams_are_refused_with_words_a_viewer_can_show() -> None:
    async with (
        running(stream={"max_subscribers": 1}) as sink,
        sink.stream() as first,
    ):
        await first.until(b":\n")
        refused = await sink.get("/api/stream")

        assert refused.status == 503
        assert refused.headers["Retry-After"] == "5"
        assert "stream.max_subscribers" in refused.json["detail"]


async def test_a_seat_is_free_again_when_its_reader_has_gone() -> None:
    async with running(stream={"max_subscribers": 1, "heartbeat_seconds": 0.05}) as sink:
        async with sink.stream() as stream:
            await stream.until(b":\n")
        await eventually(lambda: len(sink.sink.seats) == 0)
        async with sink.stream() as stream:
            await stream.until(b":\n")


async def test_a_reader_that_does_not_read_is_let_go() -> None:
    async with running(stream={"write_seconds": 0.1, "heartbeat_seconds": 0.2}) as sink:
        body = b"\n".join(b'{"message":"%b"}' % (b"x" * 5000) for _ in range(500))
        port = int(sink.server.url.rpartition(":")[2])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        try:
            writer.write(b"GET /api/stream?tail=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for _ in range(12):
                await sink.post(body)
            await eventually(
                lambda: b'sse_closed_total{reason="slow"} 1.0' in sink.sink.metrics.text()
            )
        finally:
            writer.transport.abort()

        assert len(sink.sink.seats) == 0


async def test_draining_ends_streams_with_a_time_to_come_back() -> None:
    async with running() as sink:
        await sink.post(lines(0, 1))
        async with sink.stream(params={"tail": "1"}) as stream:
            await stream.records(1)

            await sink.server.drain()
            raw = await stream.rest()

        decoder = sse.Decoder()
        decoder.feed(raw)
        assert decoder.retry_ms is not None
        assert 1000 <= decoder.retry_ms <= 5000
        assert raw.endswith(b"\n\n")


async def test_pages_go_both_ways() -> None:
    async with running() as sink:
        await sink.post(lines(0, 10))

        newest = (await sink.get("/api/records", params={"limit": "3"})).json
        older = (
            await sink.get("/api/records", params={"limit": "3", "before": newest["older"]})
        ).json
        newer = (
            await sink.get("/api/records", params={"limit": "3", "after": older["newer"]})
        ).json

        assert [r["message"] for r in newest["records"]] == ["m7", "m8", "m9"]
        assert [r["message"] for r in older["records"]] == ["m4", "m5", "m6"]
        assert newer["records"] == newest["records"]
        assert newest["newer"] is None


async def test_a_page_refuses_a_cursor_of_another_life() -> None:
    async with running() as sink:
        answer = await sink.get("/api/records", params={"before": "0000aaaa-3"})

        assert (answer.status, answer.json["error"]) == (400, "cursor")


async def test_about_says_what_the_sink_is_and_the_ledger_balances() -> None:
    async with running() as sink:
        await sink.post(lines(0, 10))

        about = (await sink.get("/api/info")).json
        total = (await sink.get("/api/ledger")).json["total"]

        assert about["durability"] == "memory"
        assert about["limits"]["max_body_bytes"] == 32 << 20
        assert total["received"] == total["accepted"] == total["retained"] == 10


async def test_a_fault_in_the_middle_of_a_stream_ends_it_and_puts_nothing_into_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as sink:
        await sink.post(lines(0, 1))
        async with sink.stream(params={"tail": "1"}) as stream:
            await stream.records(1)
            monkeypatch.setattr(Subscriber, "step", None)
            await sink.post(lines(1, 1))
            with pytest.raises(aiohttp.ClientPayloadError):
                await stream.rest()

            assert b"HTTP/" not in stream.raw
            assert b"internal" not in stream.raw
        assert b'ttsink_internal_errors_total{stage="handler"} 1.0' in sink.sink.metrics.text()
