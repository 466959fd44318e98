"""`ttsink serve` in a process of its own, and bytes sent to it."""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from support.programs import environment

SECONDS = 30


class Sink:
    """`started` is what it said before it listened."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, started: str) -> None:
        self.process = process
        self.port = port
        self.started = started

    async def ask(self, request: bytes, *, until: bytes = b"") -> bytes:
        """Sends bytes as curl would; reads to the end, or until something was seen."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        got = b""
        try:
            writer.write(request)
            async with asyncio.timeout(SECONDS):
                while chunk := await reader.read(65536):
                    got += chunk
                    if until and until in got:
                        break
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        return got

    async def post(self, body: bytes, *headers: str) -> bytes:
        head = "".join(
            f"{line}\r\n"
            for line in ("POST /ingest HTTP/1.1", "Host: localhost", "Connection: close", *headers)
        )
        return await self.ask(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def metrics(self) -> bytes:
        return await self.ask(
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )

    async def records(self) -> list[dict[str, object]]:
        answer = await self.ask(
            b"GET /api/records HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        found: list[dict[str, object]] = json.loads(answer.partition(b"\r\n\r\n")[2])["records"]
        return found


@contextlib.asynccontextmanager
async def serving(
    home: Path, *flags: str, open_files: int | None = None, **env: str
) -> AsyncIterator[Sink]:
    """A sink of its own; `open_files` is the most its process may have."""
    limited = ("sh", "-c", 'ulimit -n "$0"; exec "$@"', str(open_files)) if open_files else ()
    process = await asyncio.create_subprocess_exec(
        *limited,
        sys.executable,
        *("-m", "ttsink", "serve", "--listen", "127.0.0.1:0", "--data-dir", str(home / "data")),
        *flags,
        env=environment(home, **env),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    drain = None
    try:
        line = before = ""
        async with asyncio.timeout(SECONDS):
            while not line.startswith("listening on "):
                before += line
                line = (await process.stderr.readline()).decode()
                assert line, "the sink ended before it listened"
        drain = asyncio.create_task(process.stderr.read())
        found = re.fullmatch(r"listening on https?://127\.0\.0\.1:(\d+)\n", line)
        assert found is not None
        yield Sink(process, int(found[1]), before)
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(SECONDS):
            await process.wait()
            if drain is not None:
                await drain
