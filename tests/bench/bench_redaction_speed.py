"""What redaction costs a record, by how many hold a value, and 10 MB in which all are values.

PYTHONPATH=sink:tests python tests/bench/bench_redaction_speed.py
"""

import time
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from support import redaction_values as make
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttwire.record import Record

RECORDS = 1_000
ROUNDS = 60
FULL_RECORDS = 500
FULL_ROUNDS = 20
FULL_BYTES = 10_000_000

Body = Callable[[Random, int], dict[str, Any]]
"""From a number to the line an agent sends: a message and fields."""


def _mail(random: Random, number: int) -> dict[str, Any]:
    return {"message": f"step {number % 7} of the digest is queued for maria{number}@example.com"}


def _kinds(random: Random, number: int) -> dict[str, Any]:
    return {
        "message": f"user {make.email(random)} from 10.1.{number % 256}.7 sent Authorization: "
        f"Bearer {make.opaque(random)} and paid with card {make.card(random)}"
    }


def _nested(random: Random, number: int) -> dict[str, Any]:
    return {
        "message": "step done",
        "request": {
            "headers": {"Authorization": f"Bearer {make.opaque(random)}", "accept": "*/*"},
            "user": {"email": make.email(random), "id": number},
        },
        "took_ms": random.random() * 900,
        "tags": ["mail", "bulk", number],
    }


def _dense(value: Callable[[Random], str]) -> Body:
    return lambda random, _: {"message": " ".join(value(random) for _ in range(100))}


EVERYTHING: dict[str, Body] = {
    "an e-mail in each message": _mail,
    "four kinds in each message": _kinds,
    "secrets in nested fields": _nested,
    "messages of e-mails only": _dense(lambda r: f"u{r.randrange(10**6)}@b.example"),
    "messages of cards only": _dense(make.card),
    "messages of tokens only": _dense(lambda r: f"token={make.opaque(r)}"),
}


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


def full_seconds(redactor: Redactor, body: Body) -> float:
    """CPU seconds for `FULL_BYTES` of such bodies, by the best of some rounds."""
    random = Random(7)
    count = max(2, FULL_RECORDS // 50) if len(body(random, 0)["message"]) > 500 else FULL_RECORDS
    bodies = [body(random, number) for number in range(count)]
    size = sum(len(msgspec.json.encode(one)) + 1 for one in bodies)
    records = [
        Record(message=one["message"], fields={k: v for k, v in one.items() if k != "message"})
        for one in bodies
    ]
    best = float("inf")
    for _ in range(FULL_ROUNDS):
        start = time.thread_time()
        done, _ = redactor.records(records)
        best = min(best, time.thread_time() - start)
        assert all(record.redacted for record in done)
    return best / size * FULL_BYTES


def main() -> None:
    redactor = Redactor(RedactionSettings(), b"bench" * 8)
    size = sum(len(msgspec.json.encode(record)) for record in batch(0)) / RECORDS
    print(f"{size:.0f} bytes a record")
    for name, hit_every in (("no hit", 0), ("1 % hit", 100), ("10 % hit", 10), ("all hit", 1)):
        print(f"{name:10s} {microseconds(redactor, batch(hit_every)):7.2f} us a record")
    for name, body in EVERYTHING.items():
        print(f"{name:26s} {full_seconds(redactor, body):6.2f} s CPU for 10 MB")


if __name__ == "__main__":
    main()
