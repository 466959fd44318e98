"""What reading msgpack costs, beside JSON lines of the same records: CPU microseconds a record.

PYTHONPATH=sink:viewer:tests python tests/bench/bench_msgpack.py
"""

import gc
import random
import struct
import time
from collections.abc import Callable

import msgpack
import msgspec

from bench.bench_dialects import plain
from ttsink.bodies.body import split
from ttsink.intake.beside import GC_THRESHOLDS

RECORDS = 5000
ROUNDS = 15
TYPE = "application/msgpack"


def best(work: Callable[[], object]) -> float:
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least / RECORDS * 1e6


def event_time(number: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, struct.pack(">II", 1_795_342_501 + number // 100, number * 1000))


def bodies() -> dict[str, bytes]:
    rng = random.Random(1)
    records = [plain(rng, number) for number in range(RECORDS)]
    pack = msgpack.Packer().pack
    events = [pack([[event_time(n), {}], record]) for n, record in enumerate(records)]
    damaged = [b"\x81\xa1a\xa1\xff" if n % 100 == 50 else event for n, event in enumerate(events)]
    return {
        "events of Fluent Bit": b"".join(events),
        "events of Fluentd": b"".join(pack([event_time(n), r]) for n, r in enumerate(records)),
        "maps": b"".join(map(pack, records)),
        "maps with nested ones": b"".join(
            pack({**r, "kubernetes": {"pod_name": "p-1", "labels": {"app": "a"}}}) for r in records
        ),
        "events, 1 % no UTF-8": b"".join(damaged),
        "JSON lines": msgspec.json.Encoder().encode_lines(records),
    }


def main() -> None:
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    for name, body in bodies().items():
        figure = best(lambda body=body, name=name: split(body, "" if "JSON" in name else TYPE))  # type: ignore[misc]  # bound
        print(f"{name:22} {len(body) // RECORDS:5} B  split {figure:6.2f} us a record")


if __name__ == "__main__":
    main()
