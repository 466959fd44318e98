"""`ttsink serve` and clients that mean it ill: real processes, real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

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
        metrics = await sink.ask(
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )

        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
        assert len(await sink.records()) == 3
        assert b"ttsink_connections 128.0" in metrics
        assert "128 connections at most, not 4096" in sink.started
