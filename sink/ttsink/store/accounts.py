"""The books: what became of every record, whole and per job, over restarts too."""

from collections import Counter
from collections.abc import Mapping
from itertools import chain

import msgspec

from ttsink.store.batch import Keys, Stored
from ttsink.store.order import Order
from ttsink.store.ring import Ring, Rings, Tally
from ttwire.account import Account, Ledger


class Accounts(msgspec.Struct, frozen=True):
    """What a log cannot tell again: all counts up to a position, in the order of Tally's names."""

    through: int
    total: list[int]
    jobs: dict[str, list[int]]


class Books:
    """Counts per job; what is retained of all is counted in the order, not here."""

    def __init__(self, jobs: Rings, order: Order) -> None:
        self._jobs = jobs
        self._order = order
        self._total = Tally()
        self._through = 0

    def accept(self, stored: Stored) -> None:
        """Counts a batch, and the positions before it that a log no longer has.

        Those were accepted and evicted before a restart; whose they were is not known.
        """
        columns = stored.batch.columns
        count = len(stored.batch)
        before = max(self._order.last, self._through)
        known = stored.known(self._through)
        if known:
            self._give_back(columns.jobs, known)
            count -= known
        skipped = stored.last - before - count
        if skipped > 0:
            for tally in (self._total, self._jobs.overflow.tally):
                tally.accepted += skipped
                tally.evicted += skipped
        self._total.accepted += count
        jobs = columns.jobs
        for name, places in (
            ("malformed", columns.malformed),
            ("truncated", columns.truncated),
            ("redacted", columns.redacted),
        ):
            if places:
                numbers = jobs.places
                marked = Counter([jobs.names[numbers[at]] for at in places if at >= known])
                self._count(name, marked)

    def _give_back(self, jobs: Keys, known: int) -> None:
        """Restored accounts count all they know as evicted, until the log gives it again."""
        self._total.evicted -= known
        for key, count in Counter(jobs.column()[:known]).items():
            tally = self._tally(key)
            tally.evicted -= count
            # The ring it comes into counts it as accepted: that is taken back beforehand.
            tally.accepted -= count

    def evict(self, jobs: Mapping[Ring, int]) -> None:
        for ring, count in jobs.items():
            ring.tally.evicted += count
            self._total.evicted += count

    def count_rejected(self, records: int) -> None:
        self._count("rejected", {"": records})

    def count_capped(self, jobs: Mapping[str | None, int]) -> None:
        self._count("capped", jobs)

    def count_repeated(self, jobs: Mapping[str | None, int]) -> None:
        self._count("repeated", jobs)

    def _count(self, name: str, jobs: Mapping[str | None, int]) -> None:
        for key, count in jobs.items():
            for tally in (self._total, self._tally(key)):
                setattr(tally, name, getattr(tally, name) + count)

    def _tally(self, key: str | None) -> Tally:
        return (self._jobs.find(key or "") or self._jobs.overflow).tally

    def ledger(self) -> Ledger:
        """The account of now, whole and per job.

        A job whose account was forgotten, or that came in the overflow, is part of the
        overflow's.
        """
        accounts = {
            ring.key: _account(ring.tally, ring.tally.accepted - ring.tally.evicted)
            for ring in self._rings()
        }
        nothing = Account()
        accounts = {key: account for key, account in accounts.items() if account != nothing}
        return Ledger(_account(self._total, self._order.live), accounts)

    def _rings(self) -> chain[Ring]:
        return chain(self._jobs, self._jobs.tombstones.values())

    def snapshot(self) -> bytes:
        """All counts of now, for `restore` after a restart."""
        jobs = {ring.key: ring.tally.counts() for ring in self._rings()}
        return msgspec.msgpack.encode(Accounts(self._order.last, self._total.counts(), jobs))

    def restore(self, snapshot: bytes) -> None:
        """Counts on from a snapshot; to be called before the first batch.

        Raises:
            msgspec.MsgspecError: not what `snapshot` gave; nothing was changed.
        """
        known = msgspec.msgpack.decode(snapshot, type=Accounts)
        self._through = known.through
        self._total.add(known.total)
        self._total.evicted = self._total.accepted
        for key, counts in known.jobs.items():
            tally = self._jobs.remember(key).tally
            tally.add(counts)
            tally.evicted = tally.accepted


def _account(tally: Tally, retained: int) -> Account:
    return Account(
        received=tally.accepted + tally.rejected + tally.capped + tally.repeated,
        accepted=tally.accepted,
        rejected=tally.rejected,
        capped=tally.capped,
        repeated=tally.repeated,
        retained=retained,
        evicted=tally.evicted,
        malformed=tally.malformed,
        truncated=tally.truncated,
        redacted=tally.redacted,
    )
