"""The stream as text, for a demonstration without a terminal."""

import asyncio
import contextlib
from typing import Final, TextIO

import aiohttp

from ttwire import record, sse

CHUNK_BYTES: Final = 64 * 1024
TAIL: Final = 20
"""Records from before, so that there is something to see at once."""


def line(entry: record.Record) -> str:
    """One line; what is no printable character is shown as its escape."""
    place = " ".join(filter(None, (entry.job, entry.worker)))
    text = f"{entry.timestamp[11:23]} {entry.level or '-':<5} {place:<24} {entry.message}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


async def print_stream(url: str, seconds: float, out: TextIO) -> None:
    """Prints what comes for so many seconds."""
    decoder = sse.Decoder()
    with contextlib.suppress(TimeoutError, BrokenPipeError):
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession() as session,
            session.get(f"{url}/api/stream", params={"tail": str(TAIL)}) as stream,
        ):
            async for chunk in stream.content.iter_chunked(CHUNK_BYTES):
                for event in decoder.feed(chunk):
                    if event.event == "record":
                        out.write(line(record.decode(event.data)) + "\n")
                out.flush()
