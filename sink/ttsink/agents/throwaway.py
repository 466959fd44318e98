"""A sink that lives for one check: in memory, on a free loopback port, with a token to send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from ttsink.agents.sample import Row
from ttsink.agents.trial import TOKEN
from ttsink.config import load
from ttsink.http.server import Server

PAGE: Final = 1000
POLL_SECONDS: Final = 0.05
SETTLE_SECONDS: Final = 0.7
"""How long after the last expected record one too many may still come."""


class Throwaway:
    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session
        url = URL(server.url)
        self.host = url.host or ""
        self.port = url.port or 0
        self.url = server.url

    async def post(self, path: str, body: bytes, user_agent: str) -> int:
        """The answer's status."""
        content_type = "application/json" if path.startswith("/v1/") else "application/x-ndjson"
        async with self._session.post(
            self.url + path,
            data=body,
            headers={
                "Content-Type": content_type,
                "User-Agent": user_agent,
                "Authorization": f"Bearer {TOKEN}",
            },
        ) as answer:
            await answer.read()
            return answer.status

    async def records(self) -> list[dict[str, Any]]:
        async with self._session.get(
            f"{self.url}/api/records", params={"limit": str(PAGE)}
        ) as answer:
            return list(msgspec.json.decode(await answer.read())["records"])

    async def spans(self, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The spans of these traces, each with its trace's id."""
        found = []
        for trace_id in trace_ids:
            async with self._session.get(f"{self.url}/api/traces/{trace_id}") as answer:
                held = msgspec.json.decode(await answer.read())
                found += [{**span, "trace_id": trace_id} for span in held.get("spans", ())]
        return found

    async def notices(self) -> list[str]:
        async with self._session.get(f"{self.url}/api/info") as answer:
            held = msgspec.json.decode(await answer.read())
            return [f"{notice['code']}: {notice['detail']}" for notice in held["notices"]]

    async def until(
        self, count: int, seconds: float, ended: Callable[[], bool] = lambda: False
    ) -> list[dict[str, Any]]:
        """The records once there are `count`, and a moment for one too many; else at the end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end and not ended() and len(await self.records()) < count:  # noqa: ASYNC110  polls a peer
            await asyncio.sleep(POLL_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
        return await self.records()


@contextlib.asynccontextmanager
async def throwaway(*, token: bool = True) -> AsyncIterator[Throwaway]:
    """With `token`, it takes nothing without the trial's token, as the user's own will."""
    settings = load(
        tables={
            "server": {"listen": "127.0.0.1:0", "drain_seconds": 1.0},
            "journal": {"enabled": False},
        }
    ).settings
    server = Server(settings, {"TTSINK_INGEST_TOKEN": TOKEN} if token else {})
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Throwaway(server, session)
    finally:
        await server.close()


def missing_spans(expected: Sequence[Row], got: Sequence[Row]) -> list[str]:
    """The expected spans that are not there."""
    names = ("trace_id", "span_id", "name")
    return [
        f"missing span: {row.get('name')}"
        for row in expected
        if not any(all(row.get(name) == each.get(name) for name in names) for each in got)
    ]
