"""Who reads along: seats, their limits, and one clock for the silence of all of them."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection
from typing import Final

from ttsink.intake.admission import Refused
from ttsink.metrics import Metrics
from ttsink.settings import StreamSettings

TICK_SECONDS: Final = 1.0
"""How often the clock looks for silent and for departed readers."""

RETRY_AFTER_SECONDS: Final = 5

MAX_TOLD: Final = 16
"""Frames of states held for a reader that does not read, one a second: longer than a blocked
write may last, so that only a stream about to be closed misses one."""


class Seat:
    """One open stream: woken by records, by silence, by news of states, and to be closed.

    `closing` is the reason once it is to close. `wants_states` is set by who reads.
    """

    def __init__(
        self, client: str, now: float, departed: Callable[[], bool], holder: bytes | None = None
    ) -> None:
        """`holder` is the digest of the token it was opened with."""
        self.client = client
        self.holder = holder
        self.written_at = now
        self.silent = False
        self.closing: str | None = None
        self.departed = departed
        self.wants_states = False
        self._told: deque[bytes] = deque(maxlen=MAX_TOLD)
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    async def woken(self) -> None:
        """Returns at once if it was woken since the last time."""
        await self._event.wait()
        self._event.clear()

    def tell(self, frame: bytes) -> None:
        self._told.append(frame)
        self._event.set()

    def told(self) -> bytes:
        """What was told since the last time."""
        frames = b"".join(self._told)
        self._told.clear()
        return frames

    def close(self, reason: str) -> None:
        self.closing = self.closing or reason
        self._event.set()

    def wrote(self, now: float) -> None:
        self.written_at = now
        self.silent = False


class Seats:
    """All open streams. `run` is the clock; without it there is no heartbeat."""

    def __init__(
        self, settings: StreamSettings, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.clock = clock
        self._seats: set[Seat] = set()
        self._by_client: Counter[str] = Counter()
        self._closed: str | None = None

    def __len__(self) -> int:
        return len(self._seats)

    def take(self, client: str, departed: Callable[[], bool], holder: bytes | None = None) -> Seat:
        """A seat for one stream; give it back with `leave`.

        Raises:
            Refused: 503 with the limit that bites, so that a viewer can show it.
        """
        limit = self.settings
        if self._closed is not None:
            raise self._refused(self._closed, "the sink is stopping; connect again")
        if len(self._seats) >= limit.max_subscribers:
            raise self._refused(
                "too_many_streams",
                f"{limit.max_subscribers} streams are open (stream.max_subscribers)",
            )
        if self._by_client[client] >= limit.max_subscribers_per_client:
            raise self._refused(
                "too_many_streams_of_client",
                f"{limit.max_subscribers_per_client} streams are open from this address "
                "(stream.max_subscribers_per_client)",
            )
        seat = Seat(client, self.clock(), departed, holder)
        self._seats.add(seat)
        self._by_client[client] += 1
        self.metrics.streams.inc()
        self.metrics.subscribers.set(len(self._seats))
        return seat

    def _refused(self, code: str, detail: str) -> Refused:
        self.metrics.stream_refused.labels(code).inc()
        return Refused(503, code, detail, retry_after_seconds=RETRY_AFTER_SECONDS)

    def leave(self, seat: Seat, reason: str) -> None:
        self._seats.discard(seat)
        self._by_client[seat.client] -= 1
        if not self._by_client[seat.client]:
            del self._by_client[seat.client]
        self.metrics.stream_closed.labels(reason).inc()
        self.metrics.subscribers.set(len(self._seats))

    def want_states(self) -> bool:
        return any(seat.wants_states for seat in self._seats)

    def tell(self, frame: bytes) -> None:
        """The same bytes for every reader that wants states."""
        for seat in self._seats:
            if seat.wants_states:
                seat.tell(frame)

    def tick(self) -> None:
        """Wakes who was silent for too long, and who has gone."""
        now = self.clock()
        for seat in self._seats:
            if seat.departed():
                seat.close("departed")
            elif now - seat.written_at >= self.settings.heartbeat_seconds:
                seat.silent = True
                seat.wake()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(min(TICK_SECONDS, self.settings.heartbeat_seconds / 2))
            self.tick()

    def revoke(self, accepted: Collection[bytes]) -> None:
        """Ends the streams whose token is no more among those for reading; none means all may."""
        for seat in self._seats:
            if accepted and seat.holder not in accepted:
                seat.close("revoked")

    def close(self, reason: str) -> None:
        """Ends every stream, and lets no new one in."""
        self._closed = reason
        for seat in self._seats:
            seat.close(reason)
