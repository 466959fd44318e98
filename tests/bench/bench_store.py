"""What keeping and streaming cost, each as a ratio of two sinks measured in turn in one run.

PYTHONPATH=sink:tests python tests/bench/bench_store.py full followers latency restart memory
"""

import argparse
import contextlib
import json
import os
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.bench_intake import Figure, Poster, Shape, cpu_seconds, measured, requests, started

SHAPE = Shape(batch=1_000, jobs=100)
FILLING_BATCHES = 520
"""Enough for the default budget of 256 MiB, twice over what it takes to fill it."""

ROUND_BATCHES = 30
SENT_AT = re.compile(rb'"sent_us":"(\d{16})"')


def serve(folder: str, journal: str = "off") -> list[str]:
    arguments = ["-m", "ttsink", "serve", "--listen", "127.0.0.1:0", "--data-dir", folder]
    return [*arguments, "--redact", "off", "--journal", journal]


@contextlib.contextmanager
def sinks(count: int, journal: str = "off") -> Iterator[list[tuple[int, int]]]:
    with contextlib.ExitStack() as ends:
        folders = [ends.enter_context(tempfile.TemporaryDirectory()) for _ in range(count)]
        yield [ends.enter_context(started(serve(folder, journal))) for folder in folders]


def pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - a bench of its own process has no loop to block


def resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def asked(port: int, path: str) -> dict[str, dict[str, int]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        found: dict[str, dict[str, int]] = json.load(answer)
    return found


def compared(
    pair: Sequence[tuple[int, int]], posts: Sequence[bytes], rounds: int
) -> tuple[Figure, Figure]:
    """Medians of two sinks that are posted to in turn."""
    posters = [Poster(port) for _, port in pair]
    figures: list[list[Figure]] = [[], []]
    for _ in range(rounds):
        for at, (pid, _) in enumerate(pair):
            figures[at].append(measured(posters[at], pid, posts, ROUND_BATCHES, SHAPE.batch))
    first, second = (
        Figure(
            statistics.median(figure.per_second for figure in each),
            statistics.median(figure.cpu_us for figure in each),
        )
        for each in figures
    )
    return first, second


def told(name: str, base: Figure, other: Figure) -> None:
    print(
        f"{name}: {base.per_second:.0f} -> {other.per_second:.0f} records/s"
        f" ({other.per_second / base.per_second:.0%}),"
        f" {base.cpu_us:.2f} -> {other.cpu_us:.2f} us CPU a record"
        f" ({other.cpu_us / base.cpu_us - 1:+.0%})"
    )


def bench_full(rounds: int) -> None:
    posts = requests(SHAPE)
    with sinks(2) as pair:
        measured(Poster(pair[1][1]), pair[1][0], posts, FILLING_BATCHES, SHAPE.batch)
        measured(Poster(pair[0][1]), pair[0][0], posts, 20, SHAPE.batch)
        base, full = compared(pair, posts, rounds)
        evicted = asked(pair[1][1], "/api/ledger")["total"]["evicted"]
    told(f"empty -> full store ({evicted} records evicted)", base, full)


def bench_followers(rounds: int, followers: int = 200) -> None:
    shape = SHAPE._replace(jobs=followers)
    posts = requests(shape)
    with sinks(2) as pair:
        measured(Poster(pair[0][1]), pair[0][0], posts, 20, shape.batch)
        measured(Poster(pair[1][1]), pair[1][0], posts, 20, shape.batch)
        reader = subprocess.Popen(
            [sys.executable, __file__, "--follow", str(pair[1][1]), str(followers)],
            stdout=subprocess.PIPE,
        )
        assert reader.stdout is not None
        reader.stdout.readline()
        base, followed = compared(pair, posts, rounds)
        reader.terminate()
        reader.wait()
    told(f"no follower -> {followers} followers of different jobs", base, followed)


def follow(port: int, count: int) -> None:
    """Reads `count` streams of different jobs and throws everything away."""
    selector = selectors.DefaultSelector()
    for number in range(count):
        stream = socket.create_connection(("127.0.0.1", port))
        path = f"/api/stream?filter=job%3Aemail-digest-{number}"
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert stream.recv(12).endswith(b"200"), "the sink refused the stream"
        stream.setblocking(False)
        selector.register(stream, selectors.EVENT_READ)
    print("reading", flush=True)
    while True:
        for key, _ in selector.select():
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.recv(1 << 18)
        pause(0.01)


def bench_latency(rate: int, seconds: float) -> None:
    posts = [
        post.replace(b'"host":"node-7.cluster.example"', b'"sent_us":"@@@@@@@@@@@@@@@@"', -1)
        for post in requests(SHAPE)
    ]
    heads_and_bodies = [post.partition(b"\r\n\r\n") for post in posts]
    with sinks(1, "on") as [(pid, port)]:
        reader = subprocess.Popen(
            [sys.executable, __file__, "--latency", str(port)], stdout=subprocess.PIPE, text=True
        )
        assert reader.stdout is not None
        reader.stdout.readline()
        poster = Poster(port)
        begun, cpu, sent = time.perf_counter(), cpu_seconds(pid), 0
        while (elapsed := time.perf_counter() - begun) < seconds:
            if sent > elapsed * rate:
                pause(0.001)
                continue
            body = heads_and_bodies[sent // SHAPE.batch % len(posts)][2].replace(
                b"@" * 16, b"%016d" % (time.monotonic_ns() // 1000)
            )
            head = (
                f"POST /ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            poster.post(head.encode() + body)
            sent += SHAPE.batch
        taken, cpu = time.perf_counter() - begun, cpu_seconds(pid) - cpu
        pause(0.5)
        reader.send_signal(signal.SIGINT)
        spread = sorted(json.loads(reader.communicate()[0]))
    p50, p99 = spread[len(spread) // 2], spread[len(spread) * 99 // 100]
    print(
        f"POST to SSE at {sent / taken:.0f} records/s, journal on: p50 {p50:.1f} ms"
        f" p99 {p99:.1f} ms,"
        f" {len(spread)} of {sent} records, {cpu / sent * 1e6:.1f} us CPU a record"
    )


def latency(port: int) -> None:
    """Reads everything; prints how long each record took when it is interrupted."""
    stream = socket.create_connection(("127.0.0.1", port))
    stream.sendall(b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    stream.recv(1 << 16)
    print("reading", flush=True)
    found: list[float] = []
    rest = b""
    with contextlib.suppress(KeyboardInterrupt):
        while piece := stream.recv(1 << 18):
            now = time.monotonic_ns() // 1000
            rest += piece
            end = 0
            for match in SENT_AT.finditer(rest):
                found.append((now - int(match[1])) / 1000)
                end = match.end()
            rest = rest[max(end, len(rest) - 64) :]
    print(json.dumps(found))


def bench_restart() -> None:
    posts = requests(SHAPE)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with started(serve(folder, "on")) as (pid, port):
            empty = time.perf_counter() - begun
            measured(Poster(port), pid, posts, FILLING_BATCHES, SHAPE.batch)
            retained = asked(port, "/api/ledger")["total"]["retained"]
            pause(3)  # what was evicted is trimmed
            os.kill(pid, signal.SIGKILL)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        begun = time.perf_counter()
        with started(serve(folder, "on")) as (_, port):
            full = time.perf_counter() - begun
            again = asked(port, "/api/ledger")["total"]["retained"]
    print(
        f"restart: {empty:.2f} s with an empty journal, {full:.2f} s with {retained} records"
        f" ({size / 2**20:.0f} MiB on disk, {again} there again,"
        f" {retained / (full - empty):.0f} records/s)"
    )


def bench_memory() -> None:
    posts = requests(SHAPE)
    budget = 256 * 2**20
    with sinks(1) as [(pid, port)]:
        poster = Poster(port)
        measured(poster, pid, posts, 5, SHAPE.batch)
        before = resident_bytes(pid)
        measured(poster, pid, posts, FILLING_BATCHES, SHAPE.batch)
        full = resident_bytes(pid)
        measured(poster, pid, posts, FILLING_BATCHES, SHAPE.batch)
        later = resident_bytes(pid)
        total = asked(port, "/api/ledger")["total"]
        pages = asked(port, "/api/records?limit=1000")["records"]
    text = sum(len(json.dumps(record)) for record in pages) / len(pages) * total["retained"]
    print(
        f"memory: {before / 2**20:.0f} MiB started, {full / 2**20:.0f} MiB full,"
        f" {later / 2**20:.0f} MiB after as much again; {total['retained']} records,"
        f" {(later - before) / budget:.2f} bytes resident for each byte of the budget,"
        f" {(later - before) / text:.2f} for each byte of text"
    )


def main() -> None:
    os.environ["TTSINK_STREAM_MAX_SUBSCRIBERS_PER_CLIENT"] = "1000"
    if sys.argv[1:2] == ["--follow"]:
        follow(int(sys.argv[2]), int(sys.argv[3]))
    if sys.argv[1:2] == ["--latency"]:
        latency(int(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = ("full", "followers", "latency", "restart", "memory")
    parser.add_argument("what", nargs="+", choices=names)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    for name in options.what:
        match name:
            case "full":
                bench_full(options.rounds)
            case "followers":
                bench_followers(options.rounds)
            case "latency":
                bench_latency(options.rate, options.seconds)
            case "restart":
                bench_restart()
            case _:
                bench_memory()


if __name__ == "__main__":
    main()
