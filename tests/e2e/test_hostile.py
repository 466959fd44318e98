"""`ttsink serve` and clients that mean it ill: real processes, real sockets."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.serving import Sink, serving

LINE = b'{"job":"digest-1","message":"hello"}'


@contextlib.asynccontextmanager
async def hoard(sink: Sink, count: int) -> AsyncIterator[None]:
    """So many connections on which nothing is asked."""
    held = [await asyncio.open_connection("127.0.0.1", sink.port) for _ in range(count)]
    try:
        yield
    finally:
        for _, writer in held:
            writer.close()


async def test_a_thousand_idle_connections_lock_nobody_out(tmp_path: Path) -> None:
    """Nor where the system's limit of open files is what would be reached first."""
    async with serving(tmp_path, open_files=256) as sink, hoard(sink, 1000):
        answers = [await sink.post(LINE) for _ in range(3)]
        metrics = await sink.metrics()

        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
        assert len(await sink.records()) == 3
        assert b"ttsink_connections 128.0" in metrics
        assert "128 connections at most, not 4096" in sink.started


async def test_it_stops_in_time_whoever_is_in_the_middle_of_something(tmp_path: Path) -> None:
    """And whoever ends in that time has its answer."""
    post = b"POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n"
    async with serving(tmp_path, "--drain-seconds", "2") as sink, hoard(sink, 20):
        await sink.post(b"\n".join([b'{"message":"%b"}' % (b"y" * 200_000)] * 20))
        async with contextlib.AsyncExitStack() as held:
            for begun in (
                post + b"{}",
                post,
                b"POST /ingest HT",
                b"GET /api/records HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8,
                b"GET /api/stream?tail=100 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            ):
                _, writer = await asyncio.open_connection("127.0.0.1", sink.port, limit=1)
                held.callback(writer.close)
                writer.write(begun)
            reader, ends_in_time = await asyncio.open_connection("127.0.0.1", sink.port)
            held.callback(ends_in_time.close)
            ends_in_time.write(post)
            while b"ttsink_sse_subscribers 1.0" not in await sink.metrics():
                pass
            sink.process.send_signal(signal.SIGTERM)
            begun_at = time.monotonic()
            ends_in_time.write(b'{"message":"%b"}' % (b"z" * (3_000_000 - 14)))
            async with asyncio.timeout(10):
                answer = await reader.readuntil(b"}")
                status = await sink.process.wait()

    assert answer.startswith(b"HTTP/1.1 200")
    assert status == 0
    assert time.monotonic() - begun_at < 4


def other_address() -> str:
    """A second address of this machine, so that there are two clients."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.2", 0))
        except OSError:
            pytest.skip("this system has one loopback address, and two clients need two")
    return "127.0.0.2"


async def test_a_greedy_client_keeps_no_other_from_sending_and_reading(tmp_path: Path) -> None:
    """Bodies that never come, streams, refused requests and idle connections, all at once."""
    greedy = other_address()
    body = b"Content-Length: 1000\r\n\r\n{"
    post = b"POST /ingest HTTP/1.1\r\nHost: localhost\r\n" + body
    async with (
        serving(
            tmp_path,
            *("--max-connections", "200", "--max-connections-per-client", "120"),
            *("--ingest-max-inflight-requests", "40", "--drain-seconds", "0"),
        ) as sink,
        contextlib.AsyncExitStack() as held,
    ):
        for count, begun in (
            (40, post),
            (80, b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            (40, post.replace(b"localhost", b"evil.example")),
            (150, b"GET / HT"),
            (40, post),
        ):
            for _ in range(count):
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", sink.port, local_addr=(greedy, 0)
                )
                held.callback(writer.close)
                writer.write(begun)
        sent = [await sink.post(b'{"message":"%d"}' % number) for number in range(5)]
        stream = await sink.ask(
            b"GET /api/stream?tail=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", until=b"event: record"
        )
        info = await sink.ask(
            b"GET /api/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )

    assert [answer[:12] for answer in sent] == [b"HTTP/1.1 200"] * 5
    assert b"event: record" in stream
    assert b'"connection_gave_way"' in info
