"""How long a pause is usual for one job or worker, and when a pause is longer than that."""

from collections import deque
from typing import Final

from ttsink.states.settings import StateSettings

KEPT_GAPS: Final = 32
"""Pauses remembered a key: enough for a 95th percentile, few enough for 10,000 keys."""

ENOUGH_GAPS: Final = 5
"""Below this a percentile says nothing, and `first_gap_seconds` stands in."""

ALARM_FACTOR: Final = 1.9
"""Silence is called at this many usual gaps: under two, with room for one check a second."""


class UsualGap:
    """The pauses between arrivals of one key, and the longest that is usual among them.

    Usual is the 95th percentile of the last pauses: one hour-long pause in a stream that
    speaks each second does not widen it for ever, and jitter does not narrow it.
    Arrivals of one batch are one arrival: an agent's batching is not the job's pace.
    """

    __slots__ = ("_gaps", "_usual")

    def __init__(self, gaps: tuple[float, ...] = ()) -> None:
        self._gaps: deque[float] = deque(gaps, maxlen=KEPT_GAPS)
        self._usual: float | None = None

    def add(self, seconds: float) -> None:
        self._gaps.append(seconds)
        self._usual = None

    def gaps(self) -> tuple[float, ...]:
        return tuple(self._gaps)

    def usual_seconds(self) -> float | None:
        """None until enough pauses were seen."""
        if len(self._gaps) < ENOUGH_GAPS:
            return None
        if self._usual is None:
            ordered = sorted(self._gaps)
            self._usual = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        return self._usual

    def allowed_seconds(self, settings: StateSettings) -> float:
        """A pause longer than this is silence."""
        usual = self.usual_seconds()
        allowed = settings.first_gap_seconds if usual is None else usual * ALARM_FACTOR
        return min(settings.silence_ceiling_seconds, max(settings.silence_floor_seconds, allowed))
