"""The newest records of one job or one worker, and the account that outlives them."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import islice
from operator import attrgetter
from typing import Final

import msgspec

from ttsink.store.retention import Retention

ENTRY_BYTES: Final = 192
"""What a kept record costs beside its text: the entry, its number, the header of the bytes,
its places in two rings and in the order. Held by tests/bench/bench_memory.py."""

UNIT_BYTES: Final = 16
"""Sizes are kept in units of this: what the allocator rounds to, and small enough a number for
the interpreter to share its objects, so that a size costs no memory access of its own."""

NEVER: Final = 1 << 62
"""The floor of a ring that holds nothing: above every position."""

OVERFLOW: Final = "(overflow)"
"""The ring of records whose keys came faster than rings may be made."""

_UNKEYED: Final = 3
"""None and the empty key, which are one ring, and the overflow: always there, never retired."""

_LRU_STEP: Final = 64
"""Rings looked out at once for retiring, so that one scan pays for many."""

Hook = Callable[[], None]


class Tally:
    """Counts of one job's records since the numbering began, apart from what it holds now."""

    __slots__ = (
        "accepted",
        "capped",
        "evicted",
        "malformed",
        "redacted",
        "rejected",
        "repeated",
        "truncated",
    )

    def __init__(self) -> None:
        self.accepted = 0
        self.capped = 0
        self.evicted = 0
        self.malformed = 0
        self.redacted = 0
        self.rejected = 0
        self.repeated = 0
        self.truncated = 0

    def counts(self) -> list[int]:
        return [getattr(self, name) for name in Tally.__slots__]

    def add(self, counts: Sequence[int]) -> None:
        for name, count in zip(Tally.__slots__, counts, strict=True):
            setattr(self, name, getattr(self, name) + count)


class Ring:
    """References to the newest records of one key, oldest first.

    `dropped` records have left it, the last of them at `dropped_through`, so the first entry is
    the ring's record number `dropped`. `floor` is the position of the oldest entry: whether a
    ring still holds a record is a comparison, not a count. As a tombstone it holds no entries.
    """

    __slots__ = (
        "accepted",
        "dropped",
        "dropped_through",
        "entries",
        "evicted",
        "floor",
        "hooks",
        "key",
        "last",
        "readers",
        "since",
        "tally",
        "units",
    )

    def __init__(self, key: str) -> None:
        self.key = key
        self.entries: deque[Entry] = deque()
        self.units = 0
        self.floor = NEVER
        self.dropped = 0
        self.dropped_through = 0
        self.since = NEVER
        """Position of the first record this account knows of."""
        self.last = 0
        self.tally = Tally()
        self.accepted = 0
        """Since the ring was made, with `evicted`: the difference is what is retained."""
        self.evicted = 0
        self.readers = 0
        self.hooks: list[Hook] | None = None

    @property
    def bytes(self) -> int:
        return self.units * UNIT_BYTES

    def drop(self, records: int) -> "list[Entry]":
        """Gives up its oldest references, one at least; who holds the entries is not asked."""
        entries = self.entries
        pop = entries.popleft
        dropped = [pop() for _ in range(records)]
        self.units -= sum([entry.units for entry in dropped])
        self.dropped += records
        self.dropped_through = dropped[-1].seq
        self.floor = entries[0].seq if entries else NEVER
        return dropped


class Entry(msgspec.Struct, gc=False):
    """A kept record: its place, its JSON without an id, the rings it was put in, its level, size.

    `gc=False`: rings refer to entries and entries to rings, but what leaves a ring is taken out
    by hand, so no cycle waits for the collector.
    """

    seq: int
    line: bytes
    job: Ring
    worker: Ring
    rank: int
    units: int


def units_of(line_bytes: int) -> int:
    """What a record of such a line costs, in UNIT_BYTES."""
    return (line_bytes + ENTRY_BYTES + UNIT_BYTES - 1) // UNIT_BYTES


entry_seq = attrgetter("seq")


class Rings:
    """The rings of one kind by key, the tombstones, and the overflow."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self.overflow = Ring(OVERFLOW)
        nobody = Ring("")
        self.live: dict[str | None, Ring] = {None: nobody, "": nobody, OVERFLOW: self.overflow}
        self.tombstones: OrderedDict[str, Ring] = OrderedDict()
        self.retired = 0
        self.forgotten = 0
        self.overflowed = 0
        self._tokens = float(retention.new_rings_burst)
        self._tokens_at = 0.0
        self._stale: list[tuple[int, Ring]] = []

    def __len__(self) -> int:
        return len(self.live) - _UNKEYED

    def __iter__(self) -> Iterator[Ring]:
        return islice(self.live.values(), 1, None)

    def find(self, key: str) -> Ring | None:
        return self.live.get(key) or self.tombstones.get(key)

    def make(self, keys: Iterable[str], now: float, last: int) -> list[Ring]:
        """Gives each key a ring, and returns the rings that must be emptied to make room.

        Rings written at `last`, the position that is being written, are not retired.

        A key past the rate is left to the overflow ring, and so is every one when no ring can
        be retired.
        """
        rate = self._retention.max_new_rings_per_second
        if now > self._tokens_at:
            refill = (now - self._tokens_at) * rate
            self._tokens = min(self._tokens + refill, float(self._retention.new_rings_burst))
            self._tokens_at = now
        retired: list[Ring] = []
        for key in keys:
            if self._tokens < 1:
                break
            if not self._room(retired, last):
                break
            self._tokens -= 1
            self._open(key).last = last
        return retired

    def claim(self, key: str, retired: list[Ring]) -> Ring:
        """The ring of a key somebody reads: made at once, whatever the rate."""
        ring = self.live.get(key)
        if ring is None:
            self._room(retired, NEVER)
            ring = self._open(key)
        return ring

    def remember(self, key: str) -> Ring:
        """The ring of an account from before a restart: a tombstone until it is written."""
        ring = self.find(key)
        if ring is None:
            ring = self.tombstones[key] = Ring(key)
        return ring

    def _open(self, key: str) -> Ring:
        ring = self.tombstones.pop(key, None) or Ring(key)
        self.live[key] = ring
        return ring

    def _room(self, retired: list[Ring], last: int) -> bool:
        if len(self) < self._retention.max_rings:
            return True
        while True:
            if not self._stale:
                rings = islice(self.live.values(), _UNKEYED, None)
                idle = [ring for ring in rings if not ring.readers and ring.last < last]
                self._stale = [(r.last, r) for r in nsmallest(_LRU_STEP, idle, attrgetter("last"))]
                self._stale.reverse()
                if not self._stale:
                    return False
            written, ring = self._stale.pop()
            if ring.last == written and not ring.readers and self.live.get(ring.key) is ring:
                break
        del self.live[ring.key]
        self.tombstones[ring.key] = ring
        self.retired += 1
        retired.append(ring)
        if len(self.tombstones) > self._retention.max_tombstones:
            self._forget()
        return True

    def _forget(self) -> None:
        """The oldest account becomes part of the overflow's, with all it will still count."""
        ring = self.tombstones.popitem(last=False)[1]
        self.overflow.tally.add(ring.tally.counts())
        ring.tally = self.overflow.tally
        self.forgotten += 1
