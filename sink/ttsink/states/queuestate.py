"""What is known of one queue: its jobs by state, how fast they end, how long they waited."""

from collections import deque
from statistics import median
from typing import Final

from ttsink.states.pulse import STEP_SECONDS, Pulse
from ttwire.state import QueueState, State

KEPT_WAITS: Final = 32
"""Waits the median is taken over."""


class Queue:
    """Counts follow the jobs' changes of state; nothing is scanned."""

    __slots__ = ("counts", "ended", "key", "last", "waits")

    def __init__(self, key: str) -> None:
        self.key = key
        self.counts: dict[State, int] = {}
        self.ended = Pulse()
        self.waits: deque[float] = deque(maxlen=KEPT_WAITS)
        self.last: str | None = None

    def move(self, before: State | None, after: State | None) -> None:
        if before is not None:
            self.counts[before] = max(0, self.counts.get(before, 0) - 1)
        if after is not None:
            self.counts[after] = self.counts.get(after, 0) + 1

    def wire(self, now: float) -> QueueState:
        """`per_minute` is over the last two minutes."""
        history = self.ended.history(now)
        minutes = max(1, len(history)) * STEP_SECONDS / 60
        return QueueState(
            key=self.key,
            per_minute=round(sum(history) / minutes, 1) if history else 0.0,
            wait_seconds=round(median(self.waits), 3) if self.waits else None,
            last=self.last,
            **{state: count for state, count in self.counts.items() if count},
        )
