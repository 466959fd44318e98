"""Follows numbered records through a real sink and says what became of each.

One sender at a steady rate; a fast reader, one that reads slowly, and one that keeps losing its
connection. A record is missing when a reader neither got it nor was told of it by a gap.

    PYTHONPATH=sink:tests python tests/bench/bench_canary.py --rate 20000 --seconds 10
"""

import argparse
import asyncio
import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from random import Random

import aiohttp

from bench.bench_intake import cpu_seconds, started
from ttwire import cursor, gap, sse

NUMBER = re.compile(rb'"canary":(\d+),"sent_us":(\d+)')
MESSAGE = "step 3 of email digest finished in 120 ms, queued for the next worker of this kind"
STARTED = time.perf_counter()
LEAST_SECONDS = 5.0
"""How long a reader may take to come to the end after the last record was sent."""


def microseconds() -> int:
    return int((time.perf_counter() - STARTED) * 1e6)


class Reader:
    """One stream, and what came of each record."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self.numbers: list[int] = []
        self.latencies: list[float] = []
        self.gaps: list[gap.Gap] = []
        self.connections = 0
        self.last_id = ""
        self.ready = asyncio.Event()

    async def read(self, session: aiohttp.ClientSession) -> None:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        decoder = sse.Decoder(self.last_id)
        self.connections += 1
        async with session.get(f"{self.url}/api/stream", headers=headers) as answer:
            async for chunk in answer.content.iter_any():
                now = microseconds()
                for event in decoder.feed(chunk):
                    if event.event == "record":
                        found = NUMBER.search(event.data)
                        assert found is not None
                        self.numbers.append(int(found[1]))
                        self.latencies.append((now - int(found[2])) / 1e3)
                    elif event.event == "gap":
                        self.gaps.append(gap.decode(event.data))
                self.last_id = decoder.last_event_id
                if self.last_id:
                    self.ready.set()
                await self.pause()

    async def pause(self) -> None:
        """After each piece that was read."""

    async def run(self, session: aiohttp.ClientSession) -> None:
        await self.read(session)

    def report(self, sent: int) -> tuple[str, int]:
        """A line to print, and how much of it is wrong."""
        seen = set(self.numbers)
        told = sum(
            max(end.position - start.position, 0)
            for one in self.gaps
            if (start := cursor.parse(one.start or "")) and (end := cursor.parse(one.end or ""))
        )
        absent = sent - len(seen)
        missing = max(absent - told, 0)
        doubled = len(self.numbers) - len(seen)
        disordered = sum(b <= a for a, b in zip(self.numbers, self.numbers[1:], strict=False))
        spread = sorted(self.latencies) or [0.0]
        p50, p99 = spread[len(spread) // 2], spread[len(spread) * 99 // 100]
        line = (
            f"{self.name:12} got {len(seen):8} told of {absent - missing:8} missing {missing}"
            f" duplicate {doubled} out of order {disordered}"
            f" connections {self.connections} latency p50 {p50:.1f} ms p99 {p99:.1f} ms"
        )
        return line, missing + doubled + disordered


class SlowReader(Reader):
    hurried = False

    async def pause(self) -> None:
        if not self.hurried:
            await asyncio.sleep(0.1)


class LosingReader(Reader):
    """Is cut off at a random moment, in the middle of an event as a rule."""

    random = Random(7)
    stopping = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        while not self.stopping:
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(self.random.uniform(0.1, 0.8)):
                    await self.read(session)
        await self.read(session)


async def send(url: str, session: aiohttp.ClientSession, rate: int, seconds: float) -> int:
    """Returns how many were sent; the clock, not the answers, sets the pace."""
    size = max(rate // 20, 1)
    begun = time.perf_counter()
    number = 0
    while (elapsed := time.perf_counter() - begun) < seconds:
        if number > elapsed * rate:
            await asyncio.sleep(0.001)
            continue
        lines = [
            f'{{"job":"job-{n % 50}","worker":"w-{n % 8}","level":"info",'
            f'"message":"{MESSAGE}","canary":{n},"sent_us":{microseconds()}}}'
            for n in range(number, number + size)
        ]
        async with session.post(f"{url}/ingest", data="\n".join(lines).encode()) as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()
        number += size
    return number


async def canary(url: str, rate: int, seconds: float) -> tuple[int, int]:
    """How many were sent, and how many faults there were."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=2**14) as session:
        losing = LosingReader("reconnecting", url)
        slow = SlowReader("slow", url)
        readers = [Reader("fast", url), slow, losing]
        tasks = [asyncio.create_task(reader.run(session)) for reader in readers]
        for reader in readers:
            await reader.ready.wait()
        begun = time.perf_counter()
        sent = await send(url, session, rate, seconds)
        taken = time.perf_counter() - begun
        losing.stopping = slow.hurried = True
        end = time.perf_counter() + LEAST_SECONDS + seconds
        while time.perf_counter() < end and any(  # noqa: ASYNC110 - other tasks read
            not reader.numbers or max(reader.numbers) < sent - 1 for reader in readers
        ):
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(f"sent {sent} records at {sent / taken:.0f} a second")
    wrong = 0
    for reader in readers:
        line, faults = reader.report(sent)
        print(line)
        wrong += faults
    return sent, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=int, default=20_000, help="records a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--journal", choices=("on", "off"), default="on")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        serve = ["-m", "ttsink", "serve", "--listen", "127.0.0.1:0", "--data-dir", folder]
        with started([*serve, "--journal", options.journal]) as (process, port):
            begun = cpu_seconds(process)
            url = f"http://127.0.0.1:{port}"
            sent, wrong = asyncio.run(canary(url, options.rate, options.seconds))
            taken = cpu_seconds(process) - begun
            print(f"the sink took {taken / sent * 1e6:.1f} us CPU a record with three readers")
            return wrong


if __name__ == "__main__":
    sys.exit(bool(main()))
