"""Stand-ins for Vector's http sink and Fluent Bit's out_http when a sink is down, slow or full.

They follow the agents' sources (Vector 0.58 util/retries.rs, util/http.rs and the buffers' rule
for a full buffer; Fluent Bit 5.1 plugins/out_http/http.c and its scheduler), on a clock of their
own: no test waits. Waits are taken at their longest.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

REFUSED = 0
"""The status of a connection that is refused."""

NEVER = float("inf")


class Answer(NamedTuple):
    """What a sink does with one attempt: a status, after so many seconds."""

    status: int
    seconds: float = 0.01


Sink = Callable[[float], Answer]
"""Given the time of an attempt."""


class Batch(NamedTuple):
    delivered: bool
    attempts: int
    seconds: float


def _vector_waits(initial: float, longest: float) -> Iterator[float]:
    """Fibonacci seconds from the initial one, each at most the longest."""
    wait, after = initial, initial * 2
    while True:
        yield min(wait, longest)
        wait, after = after, wait + after


def vector_batch(request: Mapping[str, Any], sink: Sink, begun: float) -> Batch:
    """One batch through Vector's http sink with these `request` options."""
    now = begun
    waits = _vector_waits(
        request.get("retry_initial_backoff_secs", 1), request.get("retry_max_duration_secs", 30)
    )
    timeout = request.get("timeout_secs", 60)
    retries = request.get("retry_attempts", 2**63 - 1)
    for attempt in count(1):
        answer = sink(now)
        late = answer.seconds > timeout
        now += min(answer.seconds, timeout)
        if not late and 200 <= answer.status < 300:
            return Batch(True, attempt, now - begun)
        again = (
            late
            or answer.status in {REFUSED, 408, 429}
            or (answer.status >= 500 and answer.status != 501)
        )
        if not again or attempt > retries or attempt > 10_000:
            return Batch(False, attempt, now - begun)
        now += next(waits)
    raise AssertionError


class Course(NamedTuple):
    """What became of events that came one by one: seen by another sink, by ours, or dropped."""

    other: list[float]
    delivered: int
    dropped: int
    most_held: int


def vector_pipeline(
    config: Mapping[str, Any], sink: Sink, *, events: int, gap: float, batch_events: int = 500
) -> Course:
    """A source that feeds another sink and one with this configuration, event by event.

    `other` holds the times at which the other sink got each event. A source hands an event to
    all its sinks; a buffer that blocks keeps it from handing out the next.
    """
    buffer = config.get("buffer", {})
    room = buffer.get("max_events", 500)
    blocks = buffer.get("when_full", "block") == "block"
    held: deque[int] = deque()
    other: list[float] = []
    delivered = dropped = most = 0
    busy_until = 0.0
    result: tuple[Batch, int] | None = None
    now = 0.0

    def finish() -> None:
        nonlocal delivered, dropped, result
        if result is not None:
            batch, size = result
            if batch.delivered:
                delivered += size
            else:
                dropped += size
            result = None

    def work(until: float) -> None:
        """Concurrency 1: the next batch starts when the one before it ended."""
        nonlocal busy_until, result
        while busy_until <= until:
            finish()
            if not held:
                busy_until = until
                return
            size = min(len(held), batch_events)
            for _ in range(size):
                held.popleft()
            batch = vector_batch(config.get("request", {}), sink, busy_until)
            result = (batch, size)
            busy_until += batch.seconds

    for number in range(events):
        now = max(now, number * gap)
        work(now)
        if len(held) >= room:
            if not blocks:
                other.append(now)
                dropped += 1
                continue
            now = busy_until
            work(now)
            if len(held) >= room:
                other += [NEVER] * (events - number)
                break
        other.append(now)
        held.append(number)
        most = max(most, len(held))
    if busy_until < NEVER:
        work(busy_until)
        while held or result is not None:
            work(busy_until)
    return Course(other, delivered, dropped, most)


def fluent_bit_chunk(
    output: Mapping[str, str], service: Mapping[str, str], sink: Sink, begun: float
) -> Batch:
    """One chunk through out_http: delivered, dropped, or tried for ever (then it raises)."""
    base, cap = (
        float(service.get("scheduler.base", "5")),
        float(service.get("scheduler.cap", "2000")),
    )
    limit = output.get("retry_limit", "1").lower()
    for_ever = limit in {"no_limits", "false", "off"}
    now = begun
    for attempt in count(1):
        answer = sink(now)
        late = answer.seconds > 60
        now += min(answer.seconds, 60)
        if not late and 200 <= answer.status <= 205:
            return Batch(True, attempt, now - begun)
        if 400 <= answer.status < 500 and answer.status not in {408, 429}:
            return Batch(False, attempt, now - begun)
        if not for_ever and attempt > int(limit):
            return Batch(False, attempt, now - begun)
        now += min(cap, base * 2**attempt) + 1
    raise AssertionError
