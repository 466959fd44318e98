"""Realistic job traffic, the same in every run: jobs on workers, retries, failures, traces."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ttwire.record import Record
from ttwire.state import Attempt, JobState, QueueState, State, States, WorkerState

START: Final = datetime(2026, 1, 2, 3, 3, 0, tzinfo=UTC)

_KINDS: Final = (
    ("email-digest", "mail"),
    ("invoice-render", "documents"),
    ("thumbnail", "media"),
    ("nightly-export", "bulk"),
    ("webhook-deliver", "default"),
    ("search-reindex", "bulk"),
)

_LINES: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("info", "started attempt 1 on queue mail", {}),
    ("debug", "cache miss for key user:{n}, reading from primary", {}),
    ("info", "sent 214 of 1,204 messages in 1.8s", {"batch": 4, "provider": "ses"}),
    ("info", "GET https://api.example.com/v2/accounts/{n} 200 in 84ms", {"bytes": 18231}),
    ("info", 'rendered template "monthly-summary" in 312ms', {"pages": 12}),
    ("warn", "rate limited by smtp.example.com, waiting 2.5s", {"retry_after": 2.5}),
    ("info", "wrote /var/spool/out/part-{n}.parquet (18.4 MiB)", {"rows": 48210}),
    ("debug", "lock 7c9e6679-7425-40de-944b-e07fc1f90ae7 held for 3ms", {}),
    ("info", "customer [email:7f3a91] subscribed from 203.0.113.{b}", {"plan": "team"}),
    ("warn", "slow query: 1240ms SELECT * FROM invoices WHERE account_id = {n}", {"rows": 9120}),
    ("error", "TimeoutError: no answer from pdf-renderer after 30s", {"attempt": 2}),
)

_STACK: Final = """TimeoutError: no answer from pdf-renderer after 30s
Traceback (most recent call last):
  File "/srv/app/jobs/invoice.py", line 88, in render
    pdf = renderer.submit(document, timeout=30)
  File "/srv/app/lib/renderer.py", line 41, in submit
    return self._session.post(self.url, json=body, timeout=timeout)
  File "/usr/lib/python3.11/site-packages/httpx/_client.py", line 1144, in post
    raise TimeoutError(message)"""


def records(count: int, *, first: int = 1, seed: int = 7) -> list[Record]:
    """`count` records of the stream, positions from `first` on."""
    made = _endless(seed)
    found = [next(made) for _ in range(first - 1 + count)]
    return found[first - 1 :]


def _endless(seed: int) -> Iterator[Record]:
    dice = random.Random(seed)
    at = START
    jobs = [
        (f"{kind}-{dice.randint(10, 9_999)}", queue, f"w-{dice.randint(1, 12)}", _hex(dice, 32))
        for kind, queue in _KINDS
        for _ in range(4)
    ]
    position = 0
    while True:
        position += 1
        at += timedelta(microseconds=dice.randint(2_000, 240_000))
        job, queue, worker, trace = dice.choice(jobs)
        level, text, extra = dice.choices(_LINES, weights=(4, 3, 6, 6, 5, 2, 5, 3, 4, 1, 1))[0]
        message = text.replace("{n}", str(dice.randint(1_000, 99_999)))
        message = message.replace("{b}", str(dice.randint(1, 254)))
        if level == "error":
            message = _STACK
        fields: dict[str, Any] = dict(extra)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        yield Record(
            id=f"7f3a9c-{position}",
            timestamp=stamp,
            received=stamp,
            job=job,
            worker=worker,
            queue=queue,
            attempt=2 if level == "error" else 1,
            level=level,
            message=message,
            trace_id=trace if dice.random() < 0.7 else None,
            span_id=_hex(dice, 16) if dice.random() < 0.5 else None,
            fields=fields,
            redacted=("email",) if "[email:" in message else (),
            agent="vector",
        )


def _hex(dice: random.Random, digits: int) -> str:
    return f"{dice.getrandbits(digits * 4):0{digits}x}"


def states(found: list[Record], *, seed: int = 7) -> States:
    """What a sink would say of the jobs, workers and queues of these records."""
    dice = random.Random(seed)
    last = {record.job: record for record in found if record.job}
    jobs = [_job(key, found, record, dice) for key, record in last.items()]
    workers = [
        WorkerState(
            key=key,
            state="running",
            last=record.timestamp,
            records=sum(one.worker == key for one in found),
            errors=sum(one.worker == key and one.level == "error" for one in found),
            rate=dice.uniform(0.1, 9),
            history=_history(dice),
            queues=(record.queue or "",),
            jobs=(record.job or "",),
            message=record.message.partition("\n")[0],
        )
        for key, record in {one.worker: one for one in found if one.worker}.items()
    ]
    queues = [
        QueueState(
            key=queue,
            queued=dice.randint(0, 400),
            running=dice.randint(1, 8),
            succeeded=dice.randint(10, 9_000),
            failed=dice.randint(0, 12),
            per_minute=dice.uniform(1, 120),
            wait_seconds=dice.uniform(0.2, 900),
            last=found[-1].timestamp,
        )
        for queue in sorted({name for _, name in _KINDS})
    ]
    return States(jobs=tuple(jobs), workers=tuple(workers), queues=tuple(queues))


def _job(key: str, found: list[Record], record: Record, dice: random.Random) -> JobState:
    mine = [one for one in found if one.job == key]
    errors = sum(one.level == "error" for one in mine)
    state: State = dice.choice(("running", "running", "running", "succeeded", "queued"))
    if errors:
        state = dice.choice(("failed", "retrying"))
    elif dice.random() < 0.1:
        state = "silent"
    attempts = tuple(Attempt(number, "running") for number in range(1, 2 + bool(errors)))
    return JobState(
        key=key,
        state=state,
        inferred=state in {"silent", "queued"},
        first=mine[0].timestamp,
        last=record.timestamp,
        records=len(mine) * 37,
        errors=errors,
        warnings=sum(one.level == "warn" for one in mine),
        rate=dice.uniform(0.1, 20),
        history=_history(dice),
        queue=record.queue,
        workers=(record.worker or "",),
        attempts=attempts,
        message=record.message.partition("\n")[0],
        error="TimeoutError: no answer from pdf-renderer after 30s" if errors else None,
        trace_id=record.trace_id,
        silent_after_seconds=12.0,
        retained=len(mine),
    )


def _history(dice: random.Random) -> tuple[int, ...]:
    level = dice.randint(0, 40)
    return tuple(max(level + dice.randint(-14, 20), 0) for _ in range(20))
