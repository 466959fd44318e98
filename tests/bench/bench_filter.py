"""Figures for the wire codecs: `PYTHONPATH=sink python tests/bench/bench_filter.py`."""

import time
from collections.abc import Callable

from ttwire import sse, trace
from ttwire.filter import parse
from ttwire.record import Record, encode

ROUNDS = 5
RECORDS = 20_000


def best(work: Callable[[], object], count: int) -> float:
    """Microseconds for one of `count` pieces of work, in the best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times) / count * 1e6


def record(number: int) -> Record:
    return Record(
        timestamp=f"2026-01-02T03:04:05.{number:06d}Z",
        received=f"2026-01-02T03:04:06.{number:06d}Z",
        job=f"email-{number % 97}",
        worker=f"w-{number % 7}",
        level=("info", "warn", "error")[number % 3],
        message=f"sent message {number} to the outbox of a customer in {number % 500} ms",
        trace_id=f"{number + 1:032x}",
        fields={"status": 200 + number % 400, "customer": {"tier": "gold"}, "duration_ms": number},
        agent="vector",
    )


def main() -> None:
    records = [record(number) for number in range(RECORDS)]
    stream = b"".join(
        sse.record_frame(encode(item), f"7f3a9c-{place}") for place, item in enumerate(records)
    )
    chunks = [stream[at : at + 65536] for at in range(0, len(stream), 65536)]

    def decode() -> None:
        decoder = sse.Decoder()
        for chunk in chunks:
            decoder.feed(chunk)

    lines = [encode(item) for item in records]
    print(f"sse decode       {best(decode, RECORDS):7.3f} us/event, {len(stream) // RECORDS} bytes")
    print(
        "sse frame        "
        f"{best(lambda: [sse.record_frame(line, '7f3a9c-1042') for line in lines], RECORDS):7.3f}"
        " us/event"
    )
    for text in (
        "job:email-17",
        "job:email-* level:>=warn",
        "outbox",
        'outbox "a customer" -healthcheck',
        r"/\d+ ms$/",
        "@status:[500 TO 599]",
        "@customer.tier:gold",
        "@duration_ms:>1.5s",
        "(level:error OR level:warn) outbox since:2026-01-01",
    ):
        made = parse(text, now=0)
        matches, verdict = made.matches, made.verdict
        whole = best(lambda matches=matches: [matches(item) for item in records], RECORDS)  # type: ignore[misc]
        head = best(
            lambda verdict=verdict: [  # type: ignore[misc]
                verdict(item.job, item.worker, 4, item.trace_id, item.timestamp) for item in records
            ],
            RECORDS,
        )
        print(f"matches, verdict {whole:7.3f} {head:7.3f} us/record  {text}")
    for text in ("outbox", "absent", "@customer.tier:silver"):
        may_match = parse(text, now=0).may_match
        figure = best(lambda test=may_match: [test(line) for line in lines], RECORDS)  # type: ignore[misc]
        print(f"may match        {figure:7.3f} us/line    {text}")
    text = "job:a level:>=warn -b (c OR d)"
    figure = best(lambda: [parse(text, now=0) for _ in range(500)], 500)
    print(f"parse            {figure:7.1f} us/filter {text}")
    ids = [item.trace_id or "" for item in records]
    figure = best(lambda: [trace.trace_id(text) for text in ids], RECORDS)
    print(f"trace id         {figure:7.3f} us/id")
    messages = [item.message for item in records]
    figure = best(lambda: [trace.in_text(text) for text in messages], RECORDS)
    print(f"ids in text      {figure:7.3f} us/message")


if __name__ == "__main__":
    main()
