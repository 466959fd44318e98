"""What is known of every job, worker and queue: `GET /api/jobs`, `/api/workers`, `/api/queues`."""

from typing import Literal

import msgspec

State = Literal[
    "queued", "running", "retrying", "succeeded", "failed", "cancelled", "silent", "unknown"
]


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One try of a job. Times are RFC 3339; `end` is absent while it runs."""

    number: int
    state: State
    worker: str | None = None
    start: str | None = None
    end: str | None = None
    records: int = 0
    errors: int = 0


class JobState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A job as its records tell it. Counts go on after its records were evicted.

    `inferred` marks a state that no record said in so many words. `silent_after_seconds` is
    how long a pause its own usual gaps allow. `history` counts records in equal steps, oldest
    first, for a sparkline; `rate` is records a second now.
    """

    key: str
    state: State
    inferred: bool = False
    first: str | None = None
    last: str | None = None
    records: int = 0
    errors: int = 0
    warnings: int = 0
    bytes: int = 0
    rate: float = 0.0
    history: tuple[int, ...] = ()
    queue: str | None = None
    workers: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    message: str | None = None
    error: str | None = None
    trace_id: str | None = None
    duration_seconds: float | None = None
    wait_seconds: float | None = None
    silent_after_seconds: float | None = None
    redacted: int = 0
    capped: int = 0
    evicted: int = 0
    retained: int = 0


class WorkerState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A worker as its records tell it; `jobs` are the ones it runs now, newest first."""

    key: str
    state: State
    inferred: bool = False
    first: str | None = None
    last: str | None = None
    records: int = 0
    errors: int = 0
    warnings: int = 0
    bytes: int = 0
    rate: float = 0.0
    history: tuple[int, ...] = ()
    queues: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    message: str | None = None
    error: str | None = None
    trace_id: str | None = None
    silent_after_seconds: float | None = None
    redacted: int = 0
    capped: int = 0
    evicted: int = 0
    retained: int = 0


class QueueState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A queue: its jobs by state, how fast they end, how long they waited."""

    key: str
    queued: int = 0
    running: int = 0
    retrying: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    silent: int = 0
    unknown: int = 0
    per_minute: float = 0.0
    wait_seconds: float | None = None
    last: str | None = None


class States(msgspec.Struct, frozen=True, omit_defaults=True):
    """The `data` of a `state` event: entries that changed since the last one."""

    jobs: tuple[JobState, ...] = ()
    workers: tuple[WorkerState, ...] = ()
    queues: tuple[QueueState, ...] = ()


class JobPage(msgspec.Struct, frozen=True):
    jobs: list[JobState]
    next: str | None = None


class WorkerPage(msgspec.Struct, frozen=True):
    workers: list[WorkerState]
    next: str | None = None


class QueuePage(msgspec.Struct, frozen=True):
    queues: list[QueueState]
    next: str | None = None
