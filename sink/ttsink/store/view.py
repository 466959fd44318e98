"""The one picture of everything retained: rings, order, trace index, ledger.

Fed only by a log, batch by batch; every query is answered from memory.
"""

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Protocol

from ttsink.store.accounts import Books
from ttsink.store.batch import Keys, Stored
from ttsink.store.eviction import Eviction
from ttsink.store.order import Order
from ttsink.store.recent import Recent
from ttsink.store.retention import DEFAULT, Retention
from ttsink.store.ring import ENTRY_BYTES, NEVER, UNIT_BYTES, Entry, Hook, Ring, Rings, entry_seq
from ttwire.cursor import Cursor

_MARK_SECONDS: Final = 1.0
_MARK_RECORDS: Final = 256
_MAX_MARKS: Final = 65_536
"""Past it every second mark goes: `since` then starts a little earlier than asked."""

_ROUND_UP: Final = ENTRY_BYTES + UNIT_BYTES - 1


class Observer(Protocol):
    """Told of each batch, after the view has it; must not raise."""

    def applied(self, stored: Stored) -> None: ...
    def evicted(self, jobs: Mapping[str, int], workers: Mapping[str, int]) -> None: ...


class View:
    """All that is known of the records of one epoch.

    `jobs` and `workers` are the rings, `order` everything retained by position.
    """

    def __init__(
        self, epoch: str, retention: Retention = DEFAULT, observers: Sequence[Observer] = ()
    ) -> None:
        self.epoch = epoch
        self.retention = retention
        self.jobs = Rings(retention)
        self.workers = Rings(retention)
        self.order = Order()
        self.bytes = 0
        self.hooks: list[Hook] = []
        self.readers = 0
        self.shared: dict[Any, Any] = {}
        """What readers made for others of the same filter; good until the next batch."""
        self.restored_through = 0
        """Up to here a restart may have left records out that no ring has counted."""
        self.books = Books(self.jobs, self.order)
        self.ledger = self.books.ledger
        self.count_rejected = self.books.count_rejected
        self.count_capped = self.books.count_capped
        self.count_repeated = self.books.count_repeated
        self._observers = tuple(observers)
        self._recent = Recent(retention.max_ring_records, retention.max_ring_bytes)
        self._marks: list[tuple[float, int]] = []
        self._eviction = Eviction(retention, self.jobs, self.workers, self.order, self._recent)

    @property
    def last(self) -> Cursor:
        """The newest record, or the place before the first one."""
        return Cursor(self.epoch, self.order.last)

    def apply(self, stored: Stored) -> None:
        """Takes in the next batch of the log; one it has already is left out."""
        if stored.last <= self.order.last:
            return
        if stored.last - self.order.last > len(stored.batch):
            self.restored_through = stored.last
        if not len(stored.batch):
            self.books.accept(stored)
            self.order.skip_to(stored.last)
            return
        self.shared.clear()
        lines, columns = stored.batch.lines, stored.batch.columns
        last = stored.last
        self._mark(stored)

        jobs = self._homes(self.jobs, columns.jobs, stored)
        workers = self._homes(self.workers, columns.workers, stored)
        each_job = list(map(jobs.__getitem__, columns.jobs.places))
        each_worker = list(map(workers.__getitem__, columns.workers.places))
        seqs = stored.positions or range(stored.first, last + 1)
        units = [(size + _ROUND_UP) // UNIT_BYTES for size in map(len, lines)]
        entries = list(map(Entry, seqs, lines, each_job, each_worker, columns.ranks, units))
        for homes, keys in ((jobs, columns.jobs), (workers, columns.workers)):
            _hold(homes, keys.places, entries, units)
        touched_jobs, touched_workers = Counter(each_job), Counter(each_worker)
        self.jobs.overflowed += touched_jobs[self.jobs.overflow]
        self.workers.overflowed += touched_workers[self.workers.overflow]
        for ring, count in chain(touched_jobs.items(), touched_workers.items()):
            ring.last = last
            ring.accepted += count
            ring.tally.accepted += count
            if ring.floor == NEVER:
                ring.floor = ring.entries[0].seq
        self.books.accept(stored)
        self.order.extend(entries, columns.traces)
        self.bytes += UNIT_BYTES * sum(units)
        self._recent.add(last, units)

        self._evict(chain(touched_jobs, touched_workers))
        for observer in self._observers:
            observer.applied(stored)
        self._wake(touched_jobs, touched_workers)

    def _homes(self, rings: Rings, keys: Keys, stored: Stored) -> list[Ring]:
        """The ring of each name of a batch; new ones are made for those that may have one."""
        live = rings.live
        found = list(map(live.get, keys.names))
        if None not in found:
            return found  # type: ignore[return-value]  # as was just seen
        missing = [name for name, ring in zip(keys.names, found, strict=True) if ring is None]
        for ring in filter(None, found):
            ring.last = stored.last  # so that none of them makes room for a new one
        for retired in rings.make(missing, stored.stored_at, stored.last):  # type: ignore[arg-type]  # None has one
            self._eviction.empty(retired)
        given = [live.get(name, rings.overflow) for name in missing]
        for ring in set(given):
            ring.since = min(ring.since, stored.first)
        late = iter(given)
        return [next(late) if ring is None else ring for ring in found]

    def _evict(self, touched: Iterable[Ring]) -> None:
        eviction = self._eviction
        eviction.bound(touched)
        self._bury()
        if self.bytes > self.retention.max_bytes:
            goal = eviction.relief_goal()
            while self.bytes > goal and eviction.relieve():
                self._bury()

    def _bury(self) -> None:
        dead = self._eviction.dead
        if not dead:
            return
        self._eviction.dead = []
        dead.sort(key=entry_seq)
        self.order.clear(dead)
        self.bytes -= UNIT_BYTES * sum([entry.units for entry in dead])
        jobs = Counter([entry.job for entry in dead])
        workers = Counter([entry.worker for entry in dead])
        for ring, count in chain(jobs.items(), workers.items()):
            ring.evicted += count
        self.books.evict(jobs)
        if self._observers:
            named_jobs = {ring.key: count for ring, count in jobs.items()}
            named_workers = {ring.key: count for ring, count in workers.items()}
            for observer in self._observers:
                observer.evicted(named_jobs, named_workers)

    # -- readers ----------------------------------------------------------------------------

    def watch(self, rings: Rings | None, key: str, hook: Hook) -> Ring | None:
        """Calls `hook` after each batch that wrote to a key's ring, or after any batch.

        The ring is made where it is missing, and stays as long as it is watched. What the
        overflow ring holds of the key is not moved: it is found by a page, not by a stream.
        """
        self.readers += 1
        if rings is None:
            self.hooks.append(hook)
            return None
        self.shared.clear()
        retired: list[Ring] = []
        ring = rings.claim(key, retired)
        for gone in retired:
            self._eviction.empty(gone)
        self._bury()
        ring.readers += 1
        ring.hooks = [*(ring.hooks or ()), hook]
        return ring

    def unwatch(self, ring: Ring | None, hook: Hook) -> None:
        self.readers -= 1
        if ring is None:
            self.hooks.remove(hook)
            return
        ring.readers -= 1
        assert ring.hooks is not None
        ring.hooks.remove(hook)
        ring.hooks = ring.hooks or None

    def _wake(self, *touched: Iterable[Ring]) -> None:
        for hook in self.hooks:
            hook()
        for ring in chain(*touched):
            if ring.hooks is not None:
                for hook in ring.hooks:
                    hook()

    def _mark(self, stored: Stored) -> None:
        marks = self._marks
        if marks:
            time, position = marks[-1]
            if stored.stored_at - time < _MARK_SECONDS and stored.first - position < _MARK_RECORDS:
                return
            if stored.stored_at < time:  # the clock was set back: order is by position
                return
        marks.append((stored.stored_at, stored.first))
        if len(marks) > _MAX_MARKS:
            del marks[1::2]

    def position_at(self, moment: float) -> int:
        """The place before the first record that may have been stored at or after a moment.

        `moment` is epoch seconds; up to a second or 256 records earlier than asked.
        """
        at = bisect_right(self._marks, moment, key=lambda mark: mark[0])
        return self._marks[at - 1][1] - 1 if at else 0


def _hold(
    homes: Sequence[Ring], numbers: memoryview, entries: Sequence[Entry], units: Sequence[int]
) -> None:
    """Appends each entry to its ring, `homes` being the rings by number."""
    held = [ring.entries for ring in homes]
    deque(map(deque.append, map(held.__getitem__, numbers), entries), 0)
    sizes = [0] * len(homes)
    for number, size in zip(numbers, units, strict=True):
        sizes[number] += size
    for ring, size in zip(homes, sizes, strict=True):
        ring.units += size
