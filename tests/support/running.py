"""A sink that listens on a free port of this machine, and a client for it."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from blockbuster import blockbuster_ctx

from ttsink.config import load
from ttsink.http.server import Server
from ttwire import sse

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
WAIT_SECONDS = 10


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Running:
    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.sink = server.sink
        self.session = session

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        async with self.session.request(method, self.server.url + path, **given) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **given: Any) -> Answer:
        return await self.ask("GET", path, **given)

    async def post(self, body: bytes, path: str = "/ingest", **given: Any) -> Answer:
        return await self.ask("POST", path, data=io.BytesIO(body), **given)

    async def records(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.get("/api/records", params=query)
        assert answer.status == 200, answer
        found: list[dict[str, Any]] = answer.json["records"]
        return found

    @contextlib.asynccontextmanager
    async def stream(self, **given: Any) -> AsyncIterator["Stream"]:
        async with self.session.get(self.server.url + "/api/stream", **given) as answer:
            yield Stream(answer)


class Stream:
    """One open stream, decoded as a viewer does."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.decoder = sse.Decoder()
        self.raw = b""
        self._events: list[sse.Event] = []

    async def events(self, count: int) -> list[sse.Event]:
        """The next events; fails where they do not come."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self._events) < count:
                chunk = await self.answer.content.readany()
                if not chunk:
                    raise EOFError
                self.raw += chunk
                self._events += self.decoder.feed(chunk)
        taken, self._events = self._events[:count], self._events[count:]
        return taken

    async def records(self, count: int) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in await self.events(count)]

    async def until(self, text: bytes) -> None:
        """Reads until the raw bytes hold a text."""
        async with asyncio.timeout(WAIT_SECONDS):
            while text not in self.raw:
                chunk = await self.answer.content.readany()
                if not chunk:
                    raise EOFError
                self.raw += chunk
                self._events += self.decoder.feed(chunk)

    async def rest(self) -> bytes:
        """Everything up to the end of the stream."""
        async with asyncio.timeout(WAIT_SECONDS):
            self.raw += await self.answer.content.read()
        return self.raw


@contextlib.asynccontextmanager
async def running(
    environ: Mapping[str, str] | None = None, **tables: Mapping[str, Any]
) -> AsyncIterator[Running]:
    """A sink with these tables of a configuration; in memory unless they say otherwise."""
    given: dict[str, Any] = {"journal": {"enabled": False}, **tables}
    given["server"] = {"listen": "127.0.0.1:0", "drain_seconds": 1.0} | dict(
        tables.get("server", {})
    )
    server = Server(load(tables=given).settings, environ or {})
    await server.start()
    try:
        # What blocks the loop inside the sink fails the request, and so the test.
        with blockbuster_ctx("ttsink") as watch:
            for function in watch.functions.values():
                # /proc is memory, and is read for /metrics only.
                function.can_block_in("prometheus_client/process_collector.py", {"collect"})
            async with aiohttp.ClientSession() as session:
                yield Running(server, session)
    finally:
        await server.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Turns the loop until something holds that only another socket's end brings about."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110  nothing to wait on: the cause is a peer
            await asyncio.sleep(0.005)


class Capture(NamedTuple):
    """One request as an agent sent it."""

    name: str
    path: str
    headers: dict[str, str]
    body: bytes
    about: dict[str, Any]


def captures(folder: str) -> list[Capture]:
    found = []
    for path in sorted((CAPTURES / folder).glob("*.http")):
        head, _, body = path.read_bytes().partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        for name in ("Host", "Content-Length", "Connection"):
            headers.pop(name, None)
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        found.append(Capture(path.stem, lines[0].split()[1], headers, body, about))
    return found
