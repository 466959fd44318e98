"""Kills a real sink while batches arrive, starts it again, and counts what is there in the end."""

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import aiohttp

from support.programs import environment
from ttwire import gap, sse

_LISTENING = re.compile(rb"listening on (http://\S+)")
BATCH_RECORDS = 20
JOBS = 8


class Report(NamedTuple):
    """All but `acknowledged`, `kills` and `repeated` are to be 0."""

    kills: int
    acknowledged: int
    repeated: int
    missing: int
    doubled: int
    follower_missing: int
    follower_doubled: int
    follower_disordered: int
    unexplained_gaps: int


class Crash:
    """One folder, one sink at a time, two senders that try again, one follower that comes back."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = Random(seed)
        self._url = asyncio.get_running_loop().create_future()
        self._process: asyncio.subprocess.Process | None = None
        self._next = 0
        self._acknowledged: list[int] = []
        self._repeated = 0
        self._followed: list[int] = []
        self._gaps: list[gap.Gap] = []
        self._decoder = sse.Decoder()
        self._stopping = False

    async def run(self, kills: int) -> Report:
        async with aiohttp.ClientSession() as session:
            await self._start()
            follower = asyncio.create_task(self._follow(session))
            senders = [asyncio.create_task(self._send(session)) for _ in range(2)]
            for _ in range(kills):
                await asyncio.sleep(self._random.uniform(0.05, 0.5))
                await self._kill()
                await self._start()
            await asyncio.sleep(0.2)
            self._stopping = True
            await asyncio.gather(*senders)
            found = await self._all(session)
            async with asyncio.timeout(20):
                while len(self._followed) < len(found):  # noqa: ASYNC110 - another task reads
                    await asyncio.sleep(0.02)
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            await self._kill()
        counts, followed = Counter(found), Counter(self._followed)
        places = {number: place for place, number in enumerate(found)}
        order = [places.get(number, -1) for number in self._followed]
        return Report(
            kills,
            len(self._acknowledged),
            self._repeated,
            missing=sum(number not in counts for number in self._acknowledged),
            doubled=sum(count - 1 for count in counts.values()),
            follower_missing=sum(number not in followed for number in counts),
            follower_doubled=sum(count - 1 for count in followed.values()),
            follower_disordered=sum(a > b for a, b in pairwise(order)),
            unexplained_gaps=len(self._gaps),
        )

    async def _start(self) -> None:
        arguments = ["-m", "ttsink", "serve", "--listen", "127.0.0.1:0"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            "--data-dir",
            str(self._folder / "sink"),
            env=environment(self._folder),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        heard = b""
        async with asyncio.timeout(30):
            while (found := _LISTENING.search(heard)) is None:
                line = await self._process.stderr.readline()
                assert line, f"the sink ended: {heard!r}"
                heard += line
        if self._url.done():
            self._url = asyncio.get_running_loop().create_future()
        self._url.set_result(found[1].decode())

    async def _kill(self) -> None:
        assert self._process is not None
        self._url = asyncio.get_running_loop().create_future()
        os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def _send(self, session: aiohttp.ClientSession) -> None:
        while not self._stopping:
            numbers = range(self._next, self._next + BATCH_RECORDS)
            self._next += BATCH_RECORDS
            body = b"".join(
                b'{"job":"job-%d","worker":"w","level":"info","message":"%d"}\n'
                % (number % JOBS, number)
                for number in numbers
            )
            told: dict[str, int] = {}
            while True:
                url = await asyncio.shield(self._url)
                try:
                    async with session.post(f"{url}/ingest", data=body) as answer:
                        told = json.loads(await answer.read())
                    if answer.status == 200:
                        break
                except (aiohttp.ClientError, OSError, json.JSONDecodeError):
                    await asyncio.sleep(0.01)
            self._repeated += told.get("repeated", 0)
            self._acknowledged += numbers
            await asyncio.sleep(0.002)

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        last = ""
        while True:
            url = await asyncio.shield(self._url)
            headers = {"Last-Event-ID": last} if last else {}
            self._decoder = sse.Decoder(last)
            try:
                stream = f"{url}/api/stream?tail=10000"
                async with session.get(stream, headers=headers) as answer:
                    async for chunk in answer.content.iter_any():
                        for event in self._decoder.feed(chunk):
                            if event.event == "record":
                                self._followed.append(int(json.loads(event.data)["message"]))
                            elif event.event == "gap":
                                self._gaps.append(gap.decode(event.data))
                        last = self._decoder.last_event_id
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.01)

    async def _all(self, session: aiohttp.ClientSession) -> list[int]:
        url = await self._url
        found: list[int] = []
        query = "after=0"
        async with session.get(f"{url}/api/info") as answer:
            epoch = json.loads(await answer.read())["epoch"]
        cursor: str | None = f"{epoch}-0"
        while cursor is not None:
            query = f"after={cursor}&limit=1000"
            async with session.get(f"{url}/api/records?{query}") as answer:
                page = json.loads(await answer.read())
            found += [int(record["message"]) for record in page["records"]]
            cursor = page["newer"]
        return found
