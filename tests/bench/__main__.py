"""Runs the benches one after another, each in a process of its own.

PYTHONPATH=sink:viewer:tests python -m bench            # all, small: some minutes
PYTHONPATH=sink:viewer:tests python -m bench --tiny     # seconds; the figures mean nothing
PYTHONPATH=sink:viewer:tests python -m bench bench_intake bench_frame
"""

import argparse
import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent


class Sizes(NamedTuple):
    """Arguments of a bench, and what its module's constants are while it runs."""

    arguments: tuple[str, ...] = ()
    constants: tuple[tuple[str, int], ...] = ()


def _sizes(arguments: str = "", **constants: int) -> Sizes:
    return Sizes(tuple(arguments.split()), tuple(constants.items()))


SMALL: Final = {
    "bench_agents": _sizes(),
    "bench_canary": _sizes("--seconds 3 --rate 5000"),
    "bench_dialects": _sizes(),
    "bench_files": _sizes("--lines 100000 --keys 20"),
    "bench_filter": _sizes(RECORDS=5_000),
    "bench_frame": _sizes(),
    "bench_intake": _sizes("--batches 20 --rounds 3"),
    "bench_key": _sizes("--seconds 5 --rate 5000"),
    "bench_msgpack": _sizes(ROUNDS=5),
    "bench_ratios": _sizes("--batches 20 --rounds 3"),
    "bench_redaction_quality": _sizes("--lines-per-rule 20 --clean-lines 2000"),
    "bench_redaction_speed": _sizes(ROUNDS=15, FULL_ROUNDS=5),
    "bench_silence": _sizes("20"),
    "bench_stages": _sizes("--batches 40"),
    "bench_states": _sizes("10"),
    "bench_store": _sizes("full latency --rate 5000 --seconds 3 --rounds 1"),
    "bench_waterfall": _sizes("--spans 2000"),
}

TINY: Final = {
    "bench_agents": _sizes("--batch 20 --batches 2"),
    "bench_canary": _sizes("--seconds 1 --rate 500"),
    "bench_dialects": _sizes(RECORDS=20),
    "bench_files": _sizes("--lines 3000 --keys 2"),
    "bench_filter": _sizes(RECORDS=50, ROUNDS=1),
    "bench_frame": _sizes("--columns 80 --rows 24", FRAMES=2),
    "bench_intake": _sizes("--batch 50 --batches 2 --rounds 1"),
    "bench_key": _sizes("--seconds 1 --rate 200"),
    "bench_msgpack": _sizes(RECORDS=50, ROUNDS=1),
    "bench_ratios": _sizes("floor gzip --batch 50 --batches 2 --rounds 1"),
    "bench_redaction_quality": _sizes("--lines-per-rule 1 --clean-lines 20"),
    "bench_redaction_speed": _sizes(RECORDS=20, ROUNDS=1, FULL_RECORDS=20, FULL_ROUNDS=1),
    "bench_silence": _sizes("1"),
    "bench_stages": _sizes("--batch 20 --batches 4"),
    "bench_states": _sizes("1"),
    "bench_store": _sizes("latency --rate 500 --seconds 1"),
    "bench_waterfall": _sizes("--spans 50", FRAMES=2, TIMES=1),
}


def names() -> list[str]:
    """Every bench of the folder."""
    return sorted(path.stem for path in FOLDER.glob("bench_*.py"))


def command(name: str, *, tiny: bool) -> list[str]:
    """What runs one bench, given `sink`, `viewer` and `tests` among the paths."""
    return [sys.executable, "-m", "bench", "--only", *(["--tiny"] if tiny else []), name]


def run(name: str, sizes: Sizes) -> None:
    module = importlib.import_module(f"bench.{name}")
    for constant, value in sizes.constants:
        if not hasattr(module, constant):
            raise SystemExit(f"{name} has no {constant}")
        setattr(module, constant, value)
    sys.argv = [name, *sizes.arguments]
    if status := module.main():
        raise SystemExit(status)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="BENCH", help="all where none is named")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.only:
        run(options.names[0], (TINY if options.tiny else SMALL)[options.names[0]])
        return
    failed = []
    for name in options.names or names():
        print(f"== {name}", flush=True)
        if subprocess.run(command(name, tiny=options.tiny), check=False).returncode:
            failed.append(name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
