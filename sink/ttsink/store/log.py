"""The seam: a log in front, any number of views behind it.

Nothing enters a view but through a log, so that an engine shared by several sinks can stand
where the memory or the journal stands today.
"""

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from ttsink.store.batch import Batch, Stored

MAX_PENDING_BYTES: Final = 64 * 1024 * 1024
"""Text that was appended and that a reader has not taken; past it a batch is refused."""

MAX_BATCH_IDS: Final = 16_384
BATCH_ID_SECONDS: Final = 900.0
"""How long a batch's id is known: longer than an agent's attempts at one batch lie apart
(Vector waits 30 s at most between two, Fluent Bit's first waits are 5 to 60 s)."""

Promise = Literal["full", "normal"]
"""What an acknowledged batch survives: `full` a loss of power, `normal` a killed process."""

Durability = Literal["memory", "disk"]
Health = Literal["ok", "degraded", "closed"]
Clock = Callable[[], float]


class LogUnavailable(Exception):  # noqa: N818 - named for the state, as in the seam
    """The log cannot take a batch now; nothing of it was stored. Worth a retry."""


class LogFull(LogUnavailable):
    """Readers are too far behind; worth a retry a little later."""


class Appended(NamedTuple):
    """Where a batch lies; `repeated` when its id was stored before: these are that one's places."""

    first: int
    last: int
    repeated: bool = False


class LogStatus(msgspec.Struct, frozen=True):
    """`epoch` changes if and only if the numbering restarts; `last` is the newest position.

    `durability` is what an append promises now: `degraded` health means less than what was
    configured, and `detail` says why and what would mend it. `stored_bytes` is the text on
    disk before compression. `lost_records` were on disk and could not be read again;
    `unsaved_records` were kept in memory only, since the disk refused them for too long.
    """

    epoch: str
    last: int
    durability: Durability
    health: Health = "ok"
    detail: str = ""
    disk_bytes: int = 0
    stored_bytes: int = 0
    pending_bytes: int = 0
    damaged_batches: int = 0
    lost_records: int = 0
    unsaved_records: int = 0


class BatchLog(Protocol):
    """What every engine promises; held by one suite of tests for all."""

    async def open(self) -> LogStatus:
        """Ready for appends; `last` is what a view has to reach before it may answer."""

    async def append(self, batch: Batch, *, batch_id: str = "") -> Appended:
        """Returns when every record of the batch is as durable as `status().durability` says.

        The records of a batch get consecutive positions. A batch whose id was stored within
        BATCH_ID_SECONDS is not stored again; the empty id is no id.

        Raises:
            LogUnavailable: closed, or not able to; nothing was stored.
        """
        ...

    def forget(self, batch_id: str) -> None:
        """The sender has its answer: an equal batch from now on is another one."""

    def entries(self, after: int = 0) -> AsyncIterator[Stored]:
        """Every retained batch with a record above `after`, then each new one, in order.

        Positions ascend and are the same for every reader; one that is left out was evicted.
        A batch that reaches across `after` comes whole. Ends when the log is closed.
        """
        ...

    def status(self) -> LogStatus: ...

    async def aclose(self) -> None:
        """All that was appended is stored, then readers end."""


def new_epoch() -> str:
    """Eight digits: two lives of one sink's numbering do not meet in practice."""
    return secrets.token_hex(4)


class Tail:
    """New batches on their way to the readers; kept until every reader has taken them."""

    def __init__(self) -> None:
        self.pending_bytes = 0
        self._batches: deque[tuple[Stored, int]] = deque()
        self._base = 0
        self._readers: dict[object, int] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._closed = False

    def put(self, stored: Stored, size: int) -> None:
        """`size` in bytes of text."""
        self._batches.append((stored, size))
        self.pending_bytes += size
        self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def join(self) -> "TailReader":
        """A reader that starts with what is still kept."""
        return TailReader(self)

    def _take(self, reader: object) -> Stored | None:
        at = self._readers[reader]
        if at - self._base >= len(self._batches):
            return None
        stored = self._batches[at - self._base][0]
        self._readers[reader] = at + 1
        self._prune()
        return stored

    def _prune(self) -> None:
        if not self._readers:
            return
        oldest = min(self._readers.values())
        while self._base < oldest:
            self.pending_bytes -= self._batches.popleft()[1]
            self._base += 1


class TailReader:
    """One reader's place; close it, or the batches it has not taken stay."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        tail._readers[self] = tail._base  # noqa: SLF001 - the two are one thing in two classes

    async def batches(self, after: int) -> AsyncGenerator[Stored]:
        tail = self._tail
        try:
            while True:
                stored = tail._take(self)  # noqa: SLF001 - see above
                if stored is not None:
                    if stored.last > after:
                        yield stored
                    continue
                if tail._closed:  # noqa: SLF001 - see above
                    return
                waiter = asyncio.get_running_loop().create_future()
                tail._waiters.append(waiter)  # noqa: SLF001 - see above
                await waiter
        finally:
            self.close()

    def close(self) -> None:
        self._tail._readers.pop(self, None)  # noqa: SLF001 - see above
        self._tail._prune()  # noqa: SLF001 - see above


class BatchIds:
    """The ids of recent batches and where those lie."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Appended]] = OrderedDict()

    def find(self, batch_id: str, now: float) -> Appended | None:
        if not batch_id:
            return None
        known = self._known.get(batch_id)
        if known is None or now - known[0] > BATCH_ID_SECONDS:
            return None
        return known[1]._replace(repeated=True)

    def add(self, batch_id: str, now: float, appended: Appended) -> None:
        if not batch_id:
            return
        self._known[batch_id] = (now, appended)
        self._known.move_to_end(batch_id)
        while len(self._known) > MAX_BATCH_IDS or (
            now - next(iter(self._known.values()))[0] > BATCH_ID_SECONDS
        ):
            self._known.popitem(last=False)

    def forget(self, batch_id: str) -> None:
        self._known.pop(batch_id, None)


class MemoryLog:
    """Survives nothing; keeps a batch only until its readers have it."""

    def __init__(self, *, clock: Clock = time.time, epoch: str = "") -> None:
        self._clock = clock
        self._epoch = epoch or new_epoch()
        self._last = 0
        self._ids = BatchIds()
        self._tail = Tail()
        self._health: Health = "ok"

    async def open(self) -> LogStatus:
        return self.status()

    async def append(self, batch: Batch, *, batch_id: str = "") -> Appended:
        if self._health == "closed":
            raise LogUnavailable("the log is closed")
        now = self._clock()
        known = self._ids.find(batch_id, now)
        if known is not None:
            return known
        if self._tail.pending_bytes > MAX_PENDING_BYTES:
            raise LogFull("the view is behind by more than it may be; try again")
        appended = Appended(self._last + 1, self._last + len(batch))
        self._ids.add(batch_id, now, appended)
        if len(batch):
            self._last = appended.last
            self._tail.put(Stored(appended.first, batch, now), len(batch.text))
        return appended

    def forget(self, batch_id: str) -> None:
        self._ids.forget(batch_id)

    async def entries(self, after: int = 0) -> AsyncGenerator[Stored]:
        async for stored in self._tail.join().batches(after):
            yield stored

    def status(self) -> LogStatus:
        return LogStatus(
            epoch=self._epoch,
            last=self._last,
            durability="memory",
            health=self._health,
            pending_bytes=self._tail.pending_bytes,
        )

    async def aclose(self) -> None:
        self._health = "closed"
        self._tail.close()
