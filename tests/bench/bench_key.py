"""What the viewer costs, and how fast a key shows, while records pour into its sink.

    PYTHONPATH=sink:viewer:tests python tests/bench/bench_key.py [--rate 50000] [--seconds 15]

Three processes: a sink, this one posting to it as fast as asked, and `ttview` in a terminal of
its own. A key's time is from the byte written to the terminal to the byte that draws the cursor
at its new place. Prints one line a figure.
"""

import argparse
import fcntl
import http.client
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

import msgspec

from support.programs import environment
from support.traffic import records

BATCH = 1_000
FRAME = b"\x1b[?2026h"
CURSOR = "▸".encode()
TICK = os.sysconf("SC_CLK_TCK")


class Flood(threading.Thread):
    """Posts one prepared batch over and over, at a rate."""

    def __init__(self, address: str, rate: int) -> None:
        super().__init__(daemon=True)
        self.posted = 0
        self.over = threading.Event()
        self._address = address
        self._rate = rate
        rows = [
            {
                "job": one.job,
                "worker": one.worker,
                "level": one.level,
                "message": one.message,
                "trace_id": one.trace_id or "",
            }
            for one in records(BATCH)
        ]
        self._body = b"\n".join(map(msgspec.json.encode, rows))

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._address)
        start = time.perf_counter()
        while not self.over.is_set():
            connection.request("POST", "/ingest", self._body)
            connection.getresponse().read()
            self.posted += BATCH
            ahead = self.posted / self._rate - (time.perf_counter() - start)
            if ahead > 0:
                self.over.wait(ahead)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def read(terminal: int, seconds: float, wanted: bytes | None = None) -> tuple[bytes, float]:
    """What was drawn in this time, or until `wanted` was; and when the last of it came."""
    got = b""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            break
        got += os.read(terminal, 1 << 16)
        if wanted is not None and wanted in got:
            break
    return got, time.perf_counter()


def measure(terminal: int, pid: int, flood: Flood, seconds: float) -> None:
    read(terminal, 3)
    os.write(terminal, b"k")
    read(terminal, 1)
    posted, used, begun = flood.posted, processor_seconds(pid), time.perf_counter()
    times: list[float] = []
    frames = 0
    while time.perf_counter() - begun < seconds:
        pressed = time.perf_counter()
        os.write(terminal, b"k" if len(times) % 2 else b"j")
        drawn, when = read(terminal, 1, CURSOR)
        times.append((when - pressed) * 1_000)
        rest, _ = read(terminal, 0.1)
        frames += (drawn + rest).count(FRAME)
    span = time.perf_counter() - begun
    ordered = sorted(times)
    print(f"into the sink: {(flood.posted - posted) / span:,.0f} records/s")
    print(
        f"key to screen: median {statistics.median(ordered):.1f} ms, "
        f"99th percentile {ordered[len(ordered) * 99 // 100]:.1f} ms, {len(ordered)} keys"
    )
    print(f"frames: {(frames - len(times)) / span:.1f}/s beside one a key")
    print(f"processor: {(processor_seconds(pid) - used) / span * 100:.0f} % of a core")
    print(f"resident: {resident_mb(pid):.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        env = environment(Path(home), TERM="xterm-256color")
        sink = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "ttsink",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--journal",
                "off",
            ],
            env=env,
            stderr=subprocess.PIPE,
        )
        assert sink.stderr is not None
        found = None
        while found is None:
            found = re.search(rb"listening on (http://(\S+))", sink.stderr.readline())
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "ttview", found[1].decode()], env)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        flood = Flood(found[2].decode(), options.rate)
        flood.start()
        try:
            measure(terminal, pid, flood, options.seconds)
        finally:
            flood.over.set()
            os.write(terminal, b"\x03")
            os.waitpid(pid, 0)
            sink.terminate()
            sink.wait()


if __name__ == "__main__":
    main()
