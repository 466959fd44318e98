"""Posts made-up traffic to a sink as agents would: a backlog first, then at its own pace."""

import asyncio
import contextlib
import time
from typing import Final

import aiohttp

from ttsink.demo.bodies import Post, posts
from ttsink.demo.traffic import Traffic

BACKLOG_SECONDS: Final = 240.0
"""Of traffic posted at once, so that the first screen is full and every job has a past."""

BACKLOG_BATCH: Final = 100
BATCH_SECONDS: Final = 0.5
"""How often the agents send; Vector's default is 1 s."""


async def send(session: aiohttp.ClientSession, url: str, post: Post) -> None:
    """One attempt: the next batch matters more than this one."""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with session.post(url + post.path, data=post.body, headers=post.headers) as answer:
            await answer.read()


async def post_traffic(url: str, seed: int) -> None:
    """Endless."""
    begun = time.time()
    traffic = Traffic(seed, begun - BACKLOG_SECONDS)
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        lines = traffic.until(begun)
        spans = traffic.spans
        for start in range(0, len(lines), BACKLOG_BATCH):
            for post in posts(lines[start : start + BACKLOG_BATCH]):
                await send(session, url, post)
        for start in range(0, len(spans), BACKLOG_BATCH):
            for post in posts([], spans[start : start + BACKLOG_BATCH]):
                await send(session, url, post)
        while True:
            await asyncio.sleep(BATCH_SECONDS)
            for post in posts(traffic.until(time.time()), traffic.spans):
                await send(session, url, post)


def run(url: str, seed: int) -> int:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(post_traffic(url, seed))
    return 0
