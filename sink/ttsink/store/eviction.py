"""Which records go when there is no room: the rings that hold the most give their oldest."""

from collections.abc import Iterable
from itertools import accumulate, chain
from operator import attrgetter
from typing import Final

from ttsink.store.order import Order
from ttsink.store.recent import Recent
from ttsink.store.retention import Retention
from ttsink.store.ring import UNIT_BYTES, Entry, Ring, Rings

_RELIEF: Final = 256
"""Over the budget, this share of it is freed at once: the search for the rings that hold the
most is then paid by thousands of records. 1 MiB of 256, a few milliseconds."""

_LEVEL: Final = 7 / 8
"""Rings within this share of the fullest one pay together, so that records go in the order they
came and not ring by ring: a quarter of the cost, since they lie side by side in memory."""

_MIN_GIVEN: Final = 256
_MAX_GIVEN: Final = 2_048
"""References given up in one step; the stretch of positions looked at follows from them."""

_MAX_STRETCH: Final = 65_536

_units = attrgetter("units")


class Eviction:
    """Keeps rings and the whole within their bounds.

    `dead` collects the entries that no ring holds any more; the view takes them out.
    """

    def __init__(
        self, retention: Retention, jobs: Rings, workers: Rings, order: Order, recent: Recent
    ) -> None:
        self.dead: list[Entry] = []
        self._retention = retention
        self._jobs = jobs
        self._workers = workers
        self._order = order
        self._recent = recent
        self._stretch = 1_024
        self._max_ring_units = retention.max_ring_bytes // UNIT_BYTES

    def bound(self, touched: Iterable[Ring]) -> None:
        """Cuts rings that have grown to their own bounds."""
        max_records = self._retention.max_ring_records
        max_units = self._max_ring_units
        for ring in touched:
            if len(ring.entries) > max_records or ring.units > max_units:
                self._shed(ring, len(ring.entries) - max_records, ring.units - max_units)
        self.dead += self._recent.excess()

    def empty(self, ring: Ring) -> None:
        self._shed(ring, len(ring.entries), 0)

    def relieve(self) -> bool:
        """One step against the budget of all; False when nothing is left to give."""
        rings = [ring for ring in chain(self._jobs, self._workers) if ring.entries]
        most = max(map(_units, rings), default=0)
        if self._recent.bytes > most * UNIT_BYTES:
            self.dead += self._recent.shed()
            return True
        if not rings:
            return False
        level = most * _LEVEL
        payers = [ring for ring in rings if ring.units >= level]
        first = min(ring.floor for ring in payers)
        end = first + self._stretch - 1
        shares = [(ring, _share(ring, end)) for ring in payers if ring.floor <= end]
        given = sum([share for _, share in shares])
        if end < self._recent.floor and given * 2 >= self._stretch:
            for ring, share in shares:
                ring.drop(share)
            self.dead += [
                entry
                for entry in self._order.stretch(first, end)
                if entry.job.floor > entry.seq < entry.worker.floor
            ]
        else:
            for ring, share in shares:
                self._shed(ring, share, 0)
        if given < _MIN_GIVEN:
            self._stretch = min(self._stretch * 2, _MAX_STRETCH)
        elif given > _MAX_GIVEN:
            self._stretch = max(self._stretch // 2, _MIN_GIVEN)
        return True

    def relief_goal(self) -> int:
        return self._retention.max_bytes - self._retention.max_bytes // _RELIEF

    def _shed(self, ring: Ring, records: int, units: int) -> None:
        """Drops the oldest references, at least so many records and units."""
        share = max(records, 0)
        if units > 0:
            freed = accumulate(map(_units, ring.entries))
            share = max(share, next((n for n, size in enumerate(freed, 1) if size >= units), 0))
        if not share:
            return
        dropped = ring.drop(share)
        if dropped[0].job is ring:
            orphans = [entry for entry in dropped if entry.worker.floor > entry.seq]
        else:
            orphans = [entry for entry in dropped if entry.job.floor > entry.seq]
        recent = self._recent
        floor = recent.floor
        for entry in orphans:
            if entry.seq < floor:
                self.dead.append(entry)
            else:
                recent.adopt(entry)


def _share(ring: Ring, end: int) -> int:
    """How many of its entries lie up to a position, counted from the oldest: they go now."""
    share = 0
    for entry in ring.entries:
        if entry.seq > end:
            break
        share += 1
    return share
