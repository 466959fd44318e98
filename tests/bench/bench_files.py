"""What a large file costs in `ttview FILE`: the real program in a pseudo-terminal.

    PYTHONPATH=tests python tests/bench/bench_files.py [--lines 1000000]

Prints one line a figure. `first rows` is from starting the program; `cpu` is what of that it
computed, which a busy machine does not change. `key` is from a key to the end of the frame that
shows it; while `counting`, another thread reads the file through for the list of jobs.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from support.programs import PATHS, environment
from support.terminal import Screen, program

END_OF_FRAME = b"\x1b[?2026l"
CLEAR_LINE = "\x15"
LOG_COLUMN = 42


def write(path: Path, lines: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(lines):
            line = {
                "timestamp": f"2026-01-02T{n // 3_600_000 % 24:02}:{n // 60_000 % 60:02}:"
                f"{n // 1000 % 60:02}.{n % 1000:03}Z",
                "level": "error" if n % 1000 == 7 else "info",
                "job": f"mail-{n % 500}",
                "worker": f"w-{n % 8}",
                "message": f"request {n} handled in {n % 97} ms for customer {n % 4099}",
                "trace_id": f"{n + 1:032x}",
                "customer": {"tier": "gold", "id": n % 4099},
            }
            file.write(json.dumps(line) + "\n")


def installed(folder: Path) -> dict[str, str]:
    """An environment in which the engine is published as an installed package publishes it."""
    metadata = folder / "tracetail-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tracetail\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(
        "[tracetail.engine]\nembedded = ttsink.files.embedded:Engine\n"
    )
    env = environment(folder)
    del env["PYTHONWARNINGS"]
    return {**env, "PYTHONPATH": os.pathsep.join([PATHS, str(folder)])}


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def key(screen: Screen, pressed: str) -> float:
    frames = screen.raw.count(END_OF_FRAME)
    began = time.perf_counter()
    screen.press(pressed)
    screen.until(lambda: screen.raw.count(END_OF_FRAME) > frames)
    took = time.perf_counter() - began
    screen.idle(0.02)
    return took * 1000


def figure(name: str, value: float, unit: str, more: str = "") -> None:
    print(f"{name:<28}{value:>10.2f} {unit}{more}")


def keys(name: str, screen: Screen, pressed: str, count: int) -> None:
    took = sorted(key(screen, pressed) for _ in range(count))
    figure(
        f"key, {name}", statistics.median(took), "ms", f"   p99 {took[int(count * 0.99) - 1]:.2f}"
    )


def in_log(screen: Screen, text: str) -> bool:
    """Not in the list at the side, nor in the filter line."""
    return any(text in line[LOG_COLUMN:] for line in screen.lines[2:-2])


def search(name: str, screen: Screen, text: str, shown: str) -> None:
    began = time.perf_counter()
    screen.press(f"/{CLEAR_LINE}{text}\r")
    screen.until(lambda: in_log(screen, shown))
    figure(f"search, {name}", time.perf_counter() - began, "s")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=100)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "large.log"
        write(path, chosen.lines)
        env = installed(folder)
        figure("file", path.stat().st_size / 1e6, "MB", f"   {chosen.lines} lines")
        began = time.perf_counter()
        with program(["ttview", str(path)], env, rows=60, columns=200) as screen:
            screen.until(f"request {chosen.lines - 1} ")
            cpu = cpu_seconds(screen.pid)
            figure("first rows", time.perf_counter() - began, "s", f"   cpu {cpu:.2f}")
            keys("counting", screen, "k", chosen.keys)
            search("a word at the start", screen, '"request 3 "', "request 3 ")
            search("a word that is nowhere", screen, "xyzzy-nothing", "no record matches")
            search("a level", screen, "level:error", "ERROR")
            screen.press(f"/{CLEAR_LINE}\r")
            screen.idle(1)
            keys("scrolled back", screen, "b", chosen.keys)
            figure("resident", resident_mib(screen.pid), "MiB")
            screen.press("\x03")
            screen.wait()


if __name__ == "__main__":
    main()
