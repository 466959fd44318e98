"""What reading dialects costs, beside decoding the same bytes: CPU microseconds a record."""

import json
import random
import time
from collections.abc import Callable

import msgspec

from ttsink.dialects.dialect import Dialects
from ttsink.dialects.fields import FieldMapping

RECORDS = 1000
RECEIVED = "2026-11-22T10:15:00.000000Z"


def plain(rng: random.Random, number: int) -> dict[str, object]:
    return {
        "timestamp": f"2026-11-22T10:15:{number % 60:02d}.{number:06d}Z",
        "level": rng.choice(["info", "info", "debug", "warning", "error"]),
        "job": f"email-digest-{number % 100}",
        "worker": f"w-{number % 12}",
        "queue": "mail",
        "attempt": 1,
        "message": f"sent digest to recipient batch {number} of account {rng.randrange(10**6)}"
        " with template weekly",
        "trace_id": f"{rng.getrandbits(128):032x}",
        "span_id": f"{rng.getrandbits(64):016x}",
        "duration_ms": rng.randrange(1000) / 7,
        "status": 200,
    }


def best(work: Callable[[], object], rounds: int = 30) -> float:
    least = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        work()
        least = min(least, time.thread_time() - start)
    return least / RECORDS * 1e6


def variants(records: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    return {
        "plain": records,
        "fluentbit date, msg, ms": [
            {
                "date": 1795342501.123456,
                **{("msg" if k == "message" else k): v for k, v in r.items()},
                "timestamp": str(r["timestamp"])[:-4] + "Z",
            }
            for r in records
        ],
        "two shapes": [r if n % 2 else {**r, "n": n} for n, r in enumerate(records)],
        "null trace in half": [
            r if n % 2 else {**r, "trace_id": None} for n, r in enumerate(records)
        ],
        "json in message": [
            {
                "file": "/var/log/a.log",
                "host": "h1",
                "message": json.dumps(r),
                "source_type": "file",
                "timestamp": "2026-11-22T10:15:00.123456789Z",
            }
            for r in records
        ],
        "kubernetes": [
            {**r, "kubernetes": {"pod_name": "p-1", "labels": {"job-name": "nightly"}}}
            for r in records
        ],
        "text lines": [
            {
                "date": 1795342501.123456,
                "log": f"2026-11-22 10:15:01,123 INFO {r['message']}",
                "stream": "stdout",
            }
            for r in records
        ],
    }


def main() -> None:
    rng = random.Random(1)
    records = [plain(rng, number) for number in range(RECORDS)]
    dialects = Dialects(FieldMapping())
    decoder = msgspec.json.Decoder()
    for name, batch in variants(records).items():
        body = b"\n".join(json.dumps(record).encode() for record in batch)

        def decode(body: bytes = body) -> object:
            return decoder.decode_lines(body)

        def both(body: bytes = body) -> object:
            values = decoder.decode_lines(body)
            return dialects.records(values, received=RECEIVED, agent="vector")

        floor, whole = best(decode), best(both)
        print(
            f"{name:26} {len(body) // RECORDS:5} B  decode {floor:6.2f} us"
            f"  dialect {whole - floor:6.2f} us  ratio {whole / floor:5.2f}"
        )


if __name__ == "__main__":
    main()
