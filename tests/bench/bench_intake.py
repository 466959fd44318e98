"""Records a second through `ttsink serve`, beside the floor measured in the same run.

The floor is the same HTTP server that only reads the body and decodes its lines into a struct.
This process posts; both servers run in processes of their own, and the rounds alternate between
them so that a busy machine slows both.

    PYTHONPATH=sink:viewer python tests/bench/bench_intake.py --batch 1000 --jobs 100
"""

import argparse
import asyncio
import contextlib
import gzip
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
import zstandard
from aiohttp import web

WARM_UP_BATCHES = 5

SETTLED_SECONDS = 1.5
"""Until the process beside a sink is ready: it learns patterns first."""

TICK = os.sysconf("SC_CLK_TCK")


class Shape(NamedTuple):
    """What is posted."""

    batch: int = 1000
    jobs: int = 100
    encoding: str = ""
    hit_rate: float = 0.0
    bodies: int = 8
    array: bool = False


class Flat(msgspec.Struct, gc=False):
    timestamp: str = ""
    job: str | None = None
    worker: str | None = None
    queue: str | None = None
    attempt: int | None = None
    level: str | None = None
    message: str = ""
    trace_id: str | None = None
    span_id: str | None = None


def record(random: Random, number: int, shape: Shape) -> dict[str, object]:
    """About 330 bytes, as Vector sends a program's own JSON line."""
    job = number % shape.jobs
    message = f"step {number % 7} of email digest finished in {random.randrange(900)} ms, queued"
    if random.random() < shape.hit_rate:
        message += " for maria.lopez@example.com"
    return {
        "attempt": 1 + number % 3,
        "job": f"email-digest-{job}",
        "level": random.choice(("info", "info", "info", "debug", "warn", "error")),
        "message": message,
        "queue": "mail",
        "span_id": f"{random.getrandbits(64) | 1:016x}",
        "timestamp": f"2026-01-02T03:04:{number % 60:02d}.{number % 1_000_000:06d}Z",
        "trace_id": f"{random.getrandbits(128) | 1:032x}",
        "worker": f"w-{job % 12}",
        "duration_ms": random.randrange(900),
        "host": "node-7.cluster.example",
    }


def bodies(shape: Shape) -> list[bytes]:
    """Different bodies, since a repeat of one may be taken for a retry."""
    random = Random(7)
    encode = msgspec.json.Encoder().encode
    made = []
    for index in range(shape.bodies):
        first = index * shape.batch
        records = [record(random, first + n, shape) for n in range(shape.batch)]
        body = encode(records) if shape.array else b"\n".join(map(encode, records))
        if shape.encoding == "gzip":
            body = gzip.compress(body, 6)
        elif shape.encoding == "zstd":
            body = zstandard.compress(body, 3)
        made.append(body)
    return made


def requests(shape: Shape) -> list[bytes]:
    head = "POST /ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n"
    if shape.encoding:
        head += f"Content-Encoding: {shape.encoding}\r\n"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies(shape)]


async def serve_floor() -> None:
    decoder = msgspec.json.Decoder(Flat)

    async def post(request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        elif request.headers.get("Content-Encoding") == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        if body.startswith(b"["):
            count = len(msgspec.json.decode(body, type=list[Flat]))
        else:
            count = len(decoder.decode_lines(body))
        return web.Response(body=b'{"accepted":%d}' % count, content_type="application/json")

    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/ingest", post)
    runner = web.AppRunner(app, auto_decompress=False, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stderr.write(f"listening on http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stderr.flush()
    await asyncio.Event().wait()


@contextlib.contextmanager
def started(arguments: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A server process; its process id and its port."""
    child = subprocess.Popen([sys.executable, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        for line in child.stderr:
            if found := re.match(r"listening on http://\S+:(\d+)", line):
                yield child.pid, int(found[1])
                return
        raise SystemExit(f"{arguments} did not start")
    finally:
        child.terminate()
        child.wait()
        if child.stderr is not None:
            child.stderr.close()


def children(pid: int) -> list[int]:
    """The processes that any thread of one has started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(c) for t in tasks for c in (t / "children").read_text("ascii").split()]


def warm_up(poster: "Poster", pid: int, posts: Sequence[bytes]) -> None:
    """Posts until the server works as it will from then on."""
    for index in range(WARM_UP_BATCHES):
        poster.post(posts[index % len(posts)])
    if not children(pid):
        return  # the floor, or a sink whose bodies are small
    end = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < end:
        poster.post(posts[0])


def cpu_seconds(pid: int) -> float:
    """Of a server and of what it has started."""
    return sum(map(_cpu_seconds, [pid, *children(pid)]))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Poster:
    """One kept connection, as one agent has."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))

    def close(self) -> None:
        self._socket.close()

    def post(self, request: bytes) -> None:
        self._socket.sendall(request)
        answer = b""
        while not answer.endswith(b"}"):
            piece = self._socket.recv(65536)
            if not piece:
                raise SystemExit("the server closed the connection")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(answer.decode())


class Figure(NamedTuple):
    """Of one server: records a second by the clock, and microseconds of its CPU a record."""

    per_second: float
    cpu_us: float


def measured(poster: Poster, pid: int, posts: Sequence[bytes], batches: int, size: int) -> Figure:
    cpu, begun = cpu_seconds(pid), time.perf_counter()
    for index in range(batches):
        poster.post(posts[index % len(posts)])
    taken = time.perf_counter() - begun
    records = batches * size
    return Figure(records / taken, (cpu_seconds(pid) - cpu) / records * 1e6)


def run(
    shape: Shape, *, batches: int, rounds: int, flags: Sequence[str] = ()
) -> tuple[Figure, Figure]:
    """The sink's and the floor's figures: medians over the rounds."""
    posts = requests(shape)
    with contextlib.ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory())
        serve = ["-m", "ttsink", "serve", "--listen", "127.0.0.1:0", "--data-dir", folder]
        servers = [
            ends.enter_context(started([*serve, *flags])),
            ends.enter_context(started([__file__, "--floor"])),
        ]
        posters = [(Poster(port), pid) for pid, port in servers]
        for poster, _ in posters:
            ends.callback(poster.close)
        for poster, pid in posters:
            warm_up(poster, pid, posts)
        figures: list[list[Figure]] = [[], []]
        for _ in range(rounds):
            for index, (poster, pid) in enumerate(posters):
                figures[index].append(measured(poster, pid, posts, batches, shape.batch))
    sink, floor = (
        Figure(
            statistics.median(figure.per_second for figure in each),
            statistics.median(figure.cpu_us for figure in each),
        )
        for each in figures
    )
    return sink, floor


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--encoding", choices=("", "gzip", "zstd"), default="")
    parser.add_argument("--array", action="store_true", help="JSON arrays instead of lines")
    parser.add_argument("--hit-rate", type=float, default=0.0, help="records with an e-mail")
    parser.add_argument("--bodies", type=int, default=8, help="different bodies posted in turn")
    parser.add_argument("--batches", type=int, default=60, help="posted in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--redact", choices=("on", "off"), default="off")
    parser.add_argument("--journal", choices=("on", "off"), default="off")
    parser.add_argument("--floor", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.floor:
        asyncio.run(serve_floor())
    shape = Shape(
        options.batch, options.jobs, options.encoding, options.hit_rate, options.bodies,
        options.array,
    )  # fmt: skip
    flags = ["--redact", options.redact, "--journal", options.journal]
    sink, floor = run(shape, batches=options.batches, rounds=options.rounds, flags=flags)
    size = len(bodies(shape)[0]) / shape.batch
    print(f"body           {size:10.0f} bytes a record as sent, batch of {shape.batch}")
    print(f"floor          {floor.per_second:10.0f} records/s  {floor.cpu_us:6.2f} us CPU a record")
    print(f"intake         {sink.per_second:10.0f} records/s  {sink.cpu_us:6.2f} us CPU a record")
    print(f"intake / floor {sink.per_second / floor.per_second:10.1%} by the clock")


if __name__ == "__main__":
    main()
