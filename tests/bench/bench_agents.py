"""What records cost as agents and loggers really write them, from the body to their lines.

CPU microseconds a record of each step, in one process, for bodies of one kind each.

    PYTHONPATH=sink:viewer:tests python tests/bench/bench_agents.py
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec

from ttsink.bodies.body import split_by_shape
from ttsink.bodies.rows import LEARNT_AT, Shapes
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.table import lines_of

RECEIVED = "2026-01-02T03:04:05.000000Z"

_encode = msgspec.json.Encoder().encode


def canonical(random: Random, number: int) -> dict[str, Any]:
    return {
        "timestamp": f"2026-01-02T03:04:05.{number % 1_000_000:06d}Z",
        "job": f"email-digest-{number % 100}",
        "worker": f"w-{number % 12}",
        "level": random.choice(("info", "warn", "error")),
        "message": f"step {number % 7} finished in {random.randrange(900)} ms",
        "trace_id": f"{random.getrandbits(128) | 1:032x}",
        "duration_ms": random.randrange(900),
    }


def vector_file(random: Random, number: int) -> dict[str, Any]:
    return {
        "file": "/var/log/app/app.log",
        "host": "node-7",
        "message": f"step {number % 7} finished in {random.randrange(900)} ms",
        "source_type": "file",
        "timestamp": f"2026-01-02T03:04:05.{random.randrange(10**9):09d}Z",
    }


def vector_kubernetes(random: Random, number: int) -> dict[str, Any]:
    pod = f"digest-{number % 20}"
    return {
        "file": "/var/log/pods/batch_digest/app/0.log",
        "kubernetes": {
            "container_name": "app",
            "namespace_name": "batch",
            "pod_labels": {"app": "mail", "job-name": pod},
            "pod_name": f"{pod}-x2x4z",
        },
        "message": f"step {number % 7} finished in {random.randrange(900)} ms",
        "source_type": "kubernetes_logs",
        "stream": "stdout",
        "timestamp": f"2026-01-02T03:04:05.{random.randrange(10**9):09d}Z",
    }


def logger(random: Random, number: int) -> dict[str, Any]:
    return {
        "level": random.choice(("info", "warn", "error")),
        "ts": 1_767_323_045 + random.random(),
        "logger": "a.b.c",
        "msg": f"step {number} done",
        "job_id": f"j-{number % 50}",
        "user": {"id": number},
    }


def fluentbit_json(random: Random, number: int) -> dict[str, Any]:
    line = {"level": "info", "msg": f"did {number}", "job": f"j-{number % 9}"}
    return {
        "date": 1_767_323_045.123456 + number / 1000,
        "log": _encode(line | {"trace_id": f"{random.getrandbits(128) | 1:032x}"}).decode(),
        "stream": "stdout",
        "kubernetes": {"pod_name": f"p-{number % 9}", "labels": {"app": "mail"}},
    }


KINDS: tuple[Callable[[Random, int], dict[str, Any]], ...] = (
    canonical,
    vector_file,
    vector_kubernetes,
    logger,
    fluentbit_json,
)


def costs(kind: Callable[[Random, int], dict[str, Any]], batch: int, batches: int) -> list[float]:
    """The medians of split, dialect and lines."""
    random = Random(7)
    body = b"\n".join(_encode(kind(random, number)) for number in range(batch))
    shapes, dialects = Shapes(), Dialects()
    taken: list[tuple[float, float, float]] = []
    for _ in range(LEARNT_AT + batches):
        begun = time.process_time()
        values = split_by_shape(shapes, body).values
        split = time.process_time()
        records = dialects.records(values, received=RECEIVED, agent="agent")
        read = time.process_time()
        lines_of(records)
        taken.append((split - begun, read - split, time.process_time() - read))
    steps = zip(*taken[LEARNT_AT:], strict=True)
    return [statistics.median(step) / batch * 1e6 for step in steps]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--batches", type=int, default=40)
    options = parser.parse_args(arguments)
    print(f"{'':<20} {'split':>6} {'dialect':>8} {'lines':>6}  us a record")
    for kind in KINDS:
        split, dialect, lines = costs(kind, options.batch, options.batches)
        print(f"{kind.__name__:<20} {split:6.2f} {dialect:8.2f} {lines:6.2f}")


if __name__ == "__main__":
    main()
