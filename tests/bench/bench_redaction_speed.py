"""What redaction costs a record: without a hit, with one in a hundred, with one in each.

PYTHONPATH=sink:tests python tests/bench/bench_redaction_speed.py
"""

import time
from random import Random

import msgspec

from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttwire.record import Record

RECORDS = 1_000
ROUNDS = 60


def batch(hit_every: int) -> list[Record]:
    """Records of about 350 bytes as JSON; every so many names an e-mail address."""
    random = Random(7)
    records = []
    for number in range(RECORDS):
        message = (
            f"step {number % 7} of email digest finished in {random.randrange(900)} ms, queued"
        )
        if hit_every and number % hit_every == 0:
            message += f" for maria.lopez{number}@example.com"
        records.append(
            Record(
                timestamp=f"2026-01-02T03:04:{number % 60:02d}.{number:06d}Z",
                received="2026-01-02T03:04:05.123456Z",
                job=f"email-digest-{number % 100}",
                worker=f"w-{number % 12}",
                queue="mail",
                attempt=1 + number % 3,
                level="info",
                message=message,
                trace_id=f"{random.getrandbits(128):032x}",
                span_id=f"{random.getrandbits(64):016x}",
                fields={"duration_ms": random.random() * 900, "host": "node-7.cluster.example"},
                agent="vector",
            )
        )
    return records


def microseconds(redactor: Redactor, records: list[Record]) -> float:
    """A record, in the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        redactor.records(records)
        best = min(best, time.perf_counter() - start)
    return best / len(records) * 1e6


def main() -> None:
    redactor = Redactor(RedactionSettings(), b"bench" * 8)
    size = sum(len(msgspec.json.encode(record)) for record in batch(0)) / RECORDS
    print(f"{size:.0f} bytes a record")
    for name, hit_every in (("no hit", 0), ("1 % hit", 100), ("10 % hit", 10), ("all hit", 1)):
        print(f"{name:10s} {microseconds(redactor, batch(hit_every)):7.2f} us a record")


if __name__ == "__main__":
    main()
