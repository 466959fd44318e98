"""How many records a key had lately, in equal steps: a rate, and a sparkline's numbers."""

from typing import Final

STEP_SECONDS: Final = 5
STEPS: Final = 24
"""Two minutes: what one looks at to see whether a job moves."""

RATE_STEPS: Final = 2
"""The rate is over the last whole steps and the running one: between 5 and 10 seconds."""


class Pulse:
    """Counts in a circle of steps; cleared as time passes over them, never by a timer."""

    __slots__ = ("_counts", "_step")

    def __init__(self) -> None:
        self._counts = [0] * STEPS
        self._step = 0

    def add(self, now: float, count: int) -> None:
        """`now` in seconds, never before an earlier call's by more than the circle."""
        step = int(now) // STEP_SECONDS
        if step != self._step:
            self._advance(step)
        self._counts[step % STEPS] += count

    def _advance(self, step: int) -> None:
        passed = step - self._step
        if passed < 0:
            return
        if passed >= STEPS:
            self._counts = [0] * STEPS
        else:
            for gone in range(passed):
                self._counts[(step - gone) % STEPS] = 0
        self._step = step

    def history(self, now: float) -> tuple[int, ...]:
        """Oldest first; empty where nothing was counted within the circle."""
        step = int(now) // STEP_SECONDS
        if step - self._step >= STEPS:
            return ()
        self._advance(step)
        first = self._step + 1
        return tuple(self._counts[(first + i) % STEPS] for i in range(STEPS))

    def rate(self, now: float) -> float:
        """Records a second."""
        step = int(now) // STEP_SECONDS
        if step - self._step >= RATE_STEPS:
            return 0.0
        self._advance(step)
        counted = sum(self._counts[(self._step - i) % STEPS] for i in range(RATE_STEPS))
        elapsed = (RATE_STEPS - 1) * STEP_SECONDS + (now - self._step * STEP_SECONDS)
        return round(counted / max(elapsed, 1.0), 2)
