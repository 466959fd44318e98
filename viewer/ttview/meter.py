"""Pace: records a second, and how far what arrives lags behind the clock."""

from collections import deque
from typing import Final, NamedTuple

from ttview.times import epoch_seconds
from ttwire.account import Ledger
from ttwire.record import Record

LOSSES: Final = ("capped", "rejected", "evicted")
"""Members of an account that count records a reader does not find."""

SPAN_SECONDS: Final = 5.0
"""Long enough to read a steady number, short enough to see a burst end."""


class Meter:
    """`rate` is over the last seconds. `lag_seconds` is of the newest record when it came."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()
        self.total = 0
        self.lag_seconds: float | None = None
        self.last: float | None = None

    def count(self, now: float, arrived: int, newest: Record | None) -> None:
        self.total += arrived
        self.last = now
        if self._counts and now - self._counts[-1][0] < 0.1:
            self._counts[-1] = (self._counts[-1][0], self._counts[-1][1] + arrived)
        else:
            self._counts.append((now, arrived))
        at = epoch_seconds(newest.received or newest.timestamp) if newest is not None else None
        self.lag_seconds = None if at is None else max(now - at, 0.0)

    def replayed(self, now: float, newest: Record) -> None:
        """What came while nobody listened is neither pace nor lag, but no silence either."""
        at = epoch_seconds(newest.received or newest.timestamp)
        if self.last is not None and at is not None:
            self.last = max(self.last, min(at, now))

    def rate(self, now: float) -> float:
        while self._counts and self._counts[0][0] < now - SPAN_SECONDS:
            self._counts.popleft()
        if not self._counts:
            return 0.0
        return sum(count for _, count in self._counts) / SPAN_SECONDS


class Loss(NamedTuple):
    """`job` is the one it happened to most; empty where the ledger names none."""

    name: str
    records: int
    job: str


def losses(ledger: Ledger) -> tuple[Loss, ...]:
    """What was lost anywhere on the way, by kind."""
    made: list[Loss] = []
    for name in LOSSES:
        count = getattr(ledger.total, name)
        if count:
            accounts = ((getattr(one, name), key) for key, one in ledger.jobs.items())
            most, job = max(accounts, default=(0, ""))
            made.append(Loss(name, count, job if most else ""))
    return tuple(made)
