"""What is remembered of one job and of one worker; they change with every batch.

Costs are per batch and key, not per record. Nothing here reads a clock.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from ttsink.states.pulse import Pulse
from ttsink.states.settings import StateSettings
from ttsink.states.silence import UsualGap
from ttwire.state import Attempt, JobState, State, WorkerState

MAX_ATTEMPTS: Final = 16
"""Attempts told apart a job: the newest; a job retried more often has a count, not a story."""

MAX_WORKERS: Final = 8
MAX_RUNNING: Final = 32
"""Jobs named as running on one worker; a worker with more threads shows the newest."""

MAX_TEXT_CHARACTERS: Final = 200
"""Of a last message or error: one row of a list."""

OPEN_STATES: Final[frozenset[State]] = frozenset({"queued", "running", "retrying", "unknown"})
ENDED_STATES: Final[frozenset[State]] = frozenset({"succeeded", "failed", "cancelled"})


def head(text: str) -> str:
    """What is kept of a message."""
    return text if len(text) <= MAX_TEXT_CHARACTERS else text[:MAX_TEXT_CHARACTERS]


def first_line(text: str | None) -> str | None:
    """What is shown of it."""
    return text.partition("\n")[0] if text is not None else None


def seconds_between(start: str | None, end: str | None) -> float | None:
    """None where a time is missing; negative where clocks disagreed."""
    if not start or not end:
        return None
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:
        return None


def before(when: str, seconds: float) -> str:
    """The time so long before another."""
    try:
        moment = datetime.fromisoformat(when) - timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return when
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class KeyState:
    """What jobs and workers have in common."""

    __slots__ = (
        "arrived", "bytes", "capped", "error", "errors", "first", "gap", "inferred",
        "key", "last", "message", "pulse", "quiet_until", "records", "redacted",
        "retained", "silent", "state", "trace_id", "warnings",
    )  # fmt: skip

    def __init__(self, key: str) -> None:
        self.key = key
        self.state: State = "unknown"
        self.inferred = True
        self.silent = False
        self.quiet_until = 0.0
        """No silence before then; 0 when it is to be reckoned anew."""
        self.first: str | None = None
        self.last: str | None = None
        self.arrived = 0.0
        self.records = 0
        self.errors = 0
        self.warnings = 0
        self.bytes = 0
        self.redacted = 0
        self.capped = 0
        self.retained = 0
        self.message: str | None = None
        self.error: str | None = None
        self.trace_id: str | None = None
        self.pulse = Pulse()
        self.gap = UsualGap()

    @property
    def evicted(self) -> int:
        return self.records - self.retained

    def shown_state(self) -> State:
        return "silent" if self.silent else self.state

    def hear(self, now: float, count: int) -> bool:
        """Records arrived; whether that ended a silence."""
        ended = self.silent
        if now > self.arrived:
            if self.arrived:
                # A pause that was called silence counts too: that is how a slow key is learnt.
                self.gap.add(now - self.arrived)
            self.arrived = now
            self.quiet_until = 0.0
        self.silent = False
        self.pulse.add(now, count)
        return ended

    def falls_silent(self, now: float, settings: StateSettings, since: float = 0.0) -> bool:
        """Whether it runs and has just now been quiet for longer than its gaps allow.

        Nobody listened before `since`.
        """
        if self.silent or self.state != "running":
            return False
        heard = max(self.arrived, since)
        if now - heard <= settings.silence_floor_seconds:
            return False
        self.quiet_until = heard + self.gap.allowed_seconds(settings)
        self.silent = now > self.quiet_until
        return self.silent

    def _common(self, now: float, settings: StateSettings) -> dict[str, Any]:
        open_ended = self.state not in ENDED_STATES
        return {
            "key": self.key,
            "state": self.shown_state(),
            "inferred": self.inferred or self.silent,
            "first": self.first,
            "last": self.last,
            "records": self.records,
            "errors": self.errors,
            "warnings": self.warnings,
            "bytes": self.bytes,
            "rate": self.pulse.rate(now),
            "history": self.pulse.history(now),
            "message": first_line(self.message),
            "error": first_line(self.error),
            "trace_id": self.trace_id,
            "silent_after_seconds": (
                round(self.gap.allowed_seconds(settings), 1) if open_ended else None
            ),
            "redacted": self.redacted,
            "capped": self.capped,
            "evicted": self.evicted,
            "retained": self.retained,
        }


class Try:
    """One attempt while it is being told."""

    __slots__ = ("end", "errors", "number", "queued", "records", "start", "state", "worker")

    def __init__(self, number: int) -> None:
        self.number = number
        self.state: State = "unknown"
        self.worker: str | None = None
        self.queued: str | None = None
        self.start: str | None = None
        self.end: str | None = None
        self.records = 0
        self.errors = 0

    def wire(self) -> Attempt:
        return Attempt(
            self.number, self.state, self.worker, self.start, self.end, self.records, self.errors
        )


class Job(KeyState):
    """A job: its attempts in order of number, where it runs, how long it took and waited."""

    __slots__ = (
        "attempts", "current", "ends", "queue", "seconds", "wait_seconds", "waits", "worker",
        "workers",
    )  # fmt: skip

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.queue: str | None = None
        self.worker: str | None = None
        self.workers: dict[str, None] = {}
        self.current: Try | None = None
        self.attempts: dict[int, Try] = {}
        self.seconds: float | None = None
        self.wait_seconds: float | None = None
        self.ends = 0
        self.waits: list[float] = []
        """Ends and waits that its queue was not told of yet."""

    def attempt(self, number: int | None) -> Try:
        """The attempt a record belongs to: the one it names, else the newest."""
        if number is None:
            number = next(reversed(self.attempts)) if self.attempts else 1
        known = self.attempts.get(number)
        if known is None:
            known = self.attempts[number] = Try(number)
            if len(self.attempts) > 1 and number < max(self.attempts):
                self.attempts = dict(sorted(self.attempts.items()))
            while len(self.attempts) > MAX_ATTEMPTS:
                del self.attempts[next(iter(self.attempts))]
            self.current = self.attempts[next(reversed(self.attempts))]
        return known

    def seen_on(self, worker: str) -> None:
        self.worker = worker
        self.workers.pop(worker, None)
        self.workers[worker] = None
        while len(self.workers) > MAX_WORKERS:
            del self.workers[next(iter(self.workers))]

    def say(
        self,
        state: State,
        when: str,
        tried: Try,
        *,
        inferred: bool,
        seconds: float | None = None,
        numbered: bool = False,
    ) -> Try:
        """Take over what a record said at `when`; the attempt it ended up in.

        A start after a failure is the next attempt, where no record numbers them; a start after
        a success, or from an earlier number on, is another run of the same key: a job that
        recurs is told by its last run.
        """
        if state in {"running", "queued"}:
            if self._is_over(tried, when, numbered=numbered):
                number = tried.number if numbered else 1
                self.attempts.clear()
                self.wait_seconds = None
                tried = self.attempt(number)
            elif not numbered and tried.state in {"failed", "retrying"}:
                tried = self.attempt(tried.number + 1)
            if state == "queued" and tried.start is not None:
                return tried
            if tried.end is not None and when < tried.end:
                self._start(tried, state, when)  # it came late, and the end is known already
                return tried
        if state in {"queued", "running"}:
            self._start(tried, state, when)
            tried.end = None
        elif inferred and tried.state in {"failed", "retrying", "cancelled"}:
            return tried  # what was said stands
        elif state in ENDED_STATES or state == "retrying":
            self._end(tried, state, when, seconds)
        tried.state = state
        if tried.number == max(self.attempts):
            self.state = state
            self.inferred = inferred
        return tried

    def _is_over(self, tried: Try, when: str, *, numbered: bool) -> bool:
        newest = self.attempts[max(self.attempts)]
        over = newest.state in {"succeeded", "cancelled"} or (newest.state == "failed" and numbered)
        return over and tried.number <= newest.number and when >= (newest.end or "")

    def _start(self, tried: Try, state: State, when: str) -> None:
        if state == "queued":
            tried.queued = tried.queued or when
        elif tried.start is None:
            self.started(tried, when)

    def started(self, tried: Try, when: str) -> None:
        """An attempt began then, whenever that is told."""
        tried.start = when
        self.seconds = seconds_between(when, tried.end)
        if tried.queued is not None:
            self.waited(seconds_between(tried.queued, when))

    def waited(self, seconds: float | None) -> None:
        if seconds is not None:
            self.wait_seconds = seconds
            self.waits.append(seconds)

    def _end(self, tried: Try, state: State, when: str, seconds: float | None) -> None:
        self.ends += state != tried.state and state in ENDED_STATES
        tried.end = when
        if seconds is not None and tried.start is None:
            # Celery says no start; how long it took says when that was.
            self._start(tried, "running", before(when, seconds))
        self.seconds = seconds if seconds is not None else seconds_between(tried.start, tried.end)

    def wire(self, now: float, settings: StateSettings) -> JobState:
        return JobState(
            **self._common(now, settings),
            queue=self.queue,
            workers=tuple(reversed(self.workers)),
            attempts=tuple(tried.wire() for tried in self.attempts.values()),
            duration_seconds=self.seconds,
            wait_seconds=self.wait_seconds,
        )


class Worker(KeyState):
    """A worker: the jobs it runs now, newest last, and the queues it was seen to serve."""

    __slots__ = ("jobs", "queues")

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.jobs: dict[str, None] = {}
        self.queues: dict[str, None] = {}

    def runs(self, job: str) -> None:
        self.jobs.pop(job, None)
        self.jobs[job] = None
        while len(self.jobs) > MAX_RUNNING:
            del self.jobs[next(iter(self.jobs))]

    def serves(self, queue: str) -> None:
        self.queues.pop(queue, None)
        self.queues[queue] = None
        while len(self.queues) > MAX_WORKERS:
            del self.queues[next(iter(self.queues))]

    def wire(self, now: float, settings: StateSettings) -> WorkerState:
        return WorkerState(
            **self._common(now, settings),
            queues=tuple(reversed(self.queues)),
            jobs=tuple(reversed(self.jobs)),
        )
