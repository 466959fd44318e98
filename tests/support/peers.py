"""Clients of a sink byte by byte, for what no HTTP library would send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

from support.running import Running, eventually

ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Peer(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes = ASK, end: bytes = b"\r\n\r\nok\n") -> bytes:
        self.writer.write(request)
        async with asyncio.timeout(10):
            return await self.reader.readuntil(end)

    async def rest(self) -> bytes:
        """What comes until the sink closes."""
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""


@contextlib.asynccontextmanager
async def peers(sink: Running, count: int) -> AsyncIterator[list[Peer]]:
    """Connections that the sink has accepted one by one."""
    port = int(sink.server.url.rpartition(":")[2])
    made: list[Peer] = []
    try:
        for number in range(count):
            made.append(Peer(*await asyncio.open_connection("127.0.0.1", port)))
            await eventually(lambda count=number: opened(sink) > count)  # type: ignore[misc]
        yield made
    finally:
        for peer in made:
            peer.writer.close()


def opened(sink: Running) -> float:
    return sink.sink.metrics.registry.get_sample_value("ttsink_connections") or 0.0


def counted(sink: Running, name: str, **labels: str) -> float:
    return sink.sink.metrics.registry.get_sample_value(f"ttsink_{name}_total", labels) or 0.0
