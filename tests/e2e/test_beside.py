"""The process beside a real server: it ends with the server, whichever way that ends."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from support.programs import environment

WAIT_SECONDS = 20


def children(pid: int) -> list[int]:
    """Of every thread of a process."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(c) for t in tasks.iterdir() for c in (t / "children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    command = ["-m", "ttsink", "serve", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)]
    server = subprocess.Popen(
        [sys.executable, *command],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(tmp_path),
    )
    assert server.stderr is not None
    try:
        url = next(line for line in server.stderr if line.startswith("listening on")).split()[-1]
        body = b"\n".join(b'{"job":"j","message":"line %d"}' % n for n in range(2_000))
        end = time.monotonic() + WAIT_SECONDS
        while not (found := children(server.pid)) and time.monotonic() < end:
            with urllib.request.urlopen(f"{url}/ingest", data=body) as answer:
                assert answer.status == 200
        (child,) = found
        if number == signal.SIGINT:  # Ctrl-C reaches the whole group
            os.killpg(server.pid, number)
        else:
            server.send_signal(number)
        assert server.wait(WAIT_SECONDS) == (-9 if number == signal.SIGKILL else 0)
        while is_alive(child) and time.monotonic() < end:
            os.sched_yield()
        assert not is_alive(child)
    finally:
        server.kill()
        server.wait()
        server.stderr.close()
