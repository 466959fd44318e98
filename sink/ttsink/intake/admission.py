"""How much may be under way at once, and for whom: decided before a byte is stored.

One sender, which is a client as `ttsink.http.client` has it, holds at most half of what all may
hold, so that the others always find room.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ttsink.http.client import client
from ttsink.settings import IngestSettings

SENDER_SHARE: Final = 0.5
"""Of the bytes and requests in flight, what one sending address may hold."""

MAX_SENDERS: Final = 4096
"""Addresses whose rate is remembered; the longest unseen is forgotten first."""

BURST_SECONDS: Final = 4.0
"""A sender may spend this many seconds of its rate at once."""


class Refused(Exception):  # noqa: N818  an answer, not a fault
    """The answer to give instead of taking a body in.

    `detail` names what was found and what would be right; never a record's content.
    """

    def __init__(
        self, status: int, code: str, detail: str, *, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class Admission:
    """Bytes and requests in flight, in all and by sender, and each sender's rate."""

    def __init__(self, settings: IngestSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._by_sender: dict[str, tuple[int, int]] = {}
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.inflight_bytes = 0
        self.inflight_requests = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Returns when nothing is under way."""
        await self._idle.wait()

    def admit(self, sender: str, size: int) -> "Ticket":
        """Room for one request whose body is `size` bytes as far as is known.

        Raises:
            Refused: 503 where there is no room now, 429 where this sender is over its rate.
        """
        limit = self._settings
        sender = client(sender)
        requests = self._by_sender.get(sender, (0, 0))[0]
        if self.inflight_requests >= limit.max_inflight_requests:
            raise self._busy("requests", "all senders")
        if requests >= max(1, int(limit.max_inflight_requests * SENDER_SHARE)):
            raise self._busy("requests", "this sender")
        self._check_rate(sender)
        ticket = Ticket(self, sender)
        self._hold(sender, 1, 0)
        try:
            ticket.grow(size)
        except Refused:
            ticket.release()
            raise
        return ticket

    def spend(self, sender: str, size: int) -> None:
        """Counts a body against its sender's rate; it may go into debt once."""
        rate = self._settings.sender_bytes_per_second
        if not rate:
            return
        now = self._clock()
        sender = client(sender)
        self._rates[sender] = (self._level(sender, now) - size, now)
        self._rates.move_to_end(sender)
        while len(self._rates) > MAX_SENDERS:
            self._rates.popitem(last=False)

    def _level(self, sender: str, now: float) -> float:
        rate = self._settings.sender_bytes_per_second
        level, since = self._rates.get(sender, (rate * BURST_SECONDS, now))
        return min(rate * BURST_SECONDS, level + (now - since) * rate)

    def _check_rate(self, sender: str) -> None:
        rate = self._settings.sender_bytes_per_second
        if not rate or sender not in self._rates:
            return
        level = self._level(sender, self._clock())
        if level < 0:
            seconds = min(30, max(1, int(-level / rate) + 1))
            raise Refused(
                429,
                "sender_rate",
                f"this sender posts more than {rate} bytes/s (ingest.sender_bytes_per_second)",
                retry_after_seconds=seconds,
            )

    def _hold(self, sender: str, requests: int, size: int) -> None:
        held_requests, held_bytes = self._by_sender.get(sender, (0, 0))
        held = (held_requests + requests, held_bytes + size)
        if held[0]:
            self._by_sender[sender] = held
        else:
            self._by_sender.pop(sender, None)
        self.inflight_requests += requests
        self.inflight_bytes += size
        if self.inflight_requests:
            self._idle.clear()
        else:
            self._idle.set()

    def _room(self, sender: str, more: int) -> None:
        limit = self._settings.max_inflight_bytes
        if self.inflight_bytes + more > limit:
            raise self._busy("bytes", "all senders")
        held = self._by_sender.get(sender, (0, 0))[1]
        if held and held + more > limit * SENDER_SHARE:
            raise self._busy("bytes", "this sender")

    @staticmethod
    def _busy(what: str, whose: str) -> Refused:
        return Refused(
            503,
            "busy",
            f"too many {what} of {whose} are under way (ingest.max_inflight_{what}); send again",
            retry_after_seconds=1,
        )


class Ticket:
    """The room one request holds, until it is released."""

    def __init__(self, admission: Admission, sender: str) -> None:
        self._admission = admission
        self._sender = sender
        self._size = 0
        self._open = True

    def grow(self, size: int) -> None:
        """Holds at least `size` bytes.

        Raises:
            Refused: 503 where there is no room for that.
        """
        more = size - self._size
        if more <= 0:
            return
        self._admission._room(self._sender, more)  # noqa: SLF001  a ticket is part of it
        self._admission._hold(self._sender, 0, more)  # noqa: SLF001
        self._size = size

    def release(self) -> None:
        if self._open:
            self._open = False
            self._admission._hold(self._sender, -1, -self._size)  # noqa: SLF001
