"""A sink that does what a test says: the wire of the contract without anything behind it."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from ttwire import sse
from ttwire.about import About, Refusal
from ttwire.account import Account, Ledger
from ttwire.record import Record
from ttwire.span import Trace
from ttwire.state import JobState, WorkerState

Script = Callable[[web.StreamResponse], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def record(position: int, message: str = "", **members: Any) -> Record:
    return Record(
        id=f"e1-{position}",
        timestamp=f"2026-01-02T03:04:05.{position % 1_000_000:06d}Z",
        message=message or f"line {position}",
        **members,
    )


def events(*records: Record) -> bytes:
    return b"".join(sse.frame("record", msgspec.json.encode(r), r.id) for r in records)


class ScriptedSink:
    """`streams` are served in turn, one a connection; when there is none left, it stays silent.

    `records` are what `/api/records` pages through. `refuse` answers everything.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.streams: deque[bytes | Script | tuple[int, bytes]] = deque()
        self.jobs = [
            JobState(key="mail-1", state="running"),
            JobState(key="mail-2", state="unknown"),
        ]
        self.workers = [WorkerState(key="w-1", state="unknown")]
        self.traces: dict[str, bytes] = {}
        self.requests: list[web.Request] = []
        self.refuse: tuple[int, bytes] | None = None
        self.release = asyncio.Event()

    @asynccontextmanager
    async def served(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        app = web.Application()
        routes: dict[str, Handler] = {
            "/api/stream": self._stream,
            "/api/records": self._records,
            "/api/jobs": self._jobs,
            "/api/workers": self._workers,
            "/api/queues": self._queues,
            "/api/ledger": self._ledger,
            "/api/info": self._info,
            "/api/traces/{trace_id}": self._trace,
        }
        for path, handler in routes.items():
            app.router.add_get(path, self._judged(handler))
        server = TestServer(app)
        await server.start_server(ssl=tls)
        async with server:
            try:
                yield f"{'https' if tls else 'http'}://127.0.0.1:{server.port}"
            finally:
                self.release.set()

    def asked(self, path: str) -> list[web.Request]:
        return [request for request in self.requests if request.path == path]

    def _judged(self, handler: Handler) -> Handler:
        async def judged(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            if self.refuse is not None:
                status, body = self.refuse
                return web.Response(status=status, body=body)
            return await handler(request)

        return judged

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        script = self.streams.popleft() if self.streams else None
        if isinstance(script, tuple):
            return web.Response(status=script[0], body=script[1], headers={"Retry-After": "7"})
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        if callable(script):
            await script(answer)
        else:
            if script is not None:
                await answer.write(script)
            await self.release.wait()
        return answer

    async def _records(self, request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", "100"))
        ids = [r.id for r in self.records]
        low, high = 0, len(ids)
        if "after" in request.query:
            low = int(request.query["after"].partition("-")[2])
            high = min(high, low + limit)
        else:
            if "before" in request.query:
                high = ids.index(request.query["before"])
            low = max(0, high - limit)
        found = self.records[low:high]
        page = {
            "records": found,
            "older": found[0].id if found and low > 0 else None,
            "newer": found[-1].id if found and high < len(ids) else None,
        }
        return web.Response(body=msgspec.json.encode(page))

    async def _jobs(self, request: web.Request) -> web.Response:
        after = request.query.get("after")
        found = self.jobs[1:] if after else self.jobs[:1]
        following = None if after or len(self.jobs) < 2 else self.jobs[0].key
        return web.Response(body=msgspec.json.encode({"jobs": found, "next": following}))

    async def _workers(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode({"workers": self.workers}))

    async def _queues(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode({"queues": []}))

    async def _trace(self, request: web.Request) -> web.Response:
        asked = request.match_info["trace_id"]
        found = self.traces.get(asked)
        return web.Response(body=found or msgspec.json.encode(Trace(asked)))

    async def _ledger(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(Ledger(Account(received=3, accepted=3))))

    async def _info(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(About(version="1", epoch="e1")))


def refusal(error: str, detail: str) -> bytes:
    return msgspec.json.encode(Refusal(error, detail))
