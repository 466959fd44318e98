"""A filter with what it takes to read for it: which ring or index, and which entries to keep."""

from collections.abc import Sequence
from typing import Final

from ttsink.store import traceindex
from ttsink.store.ring import OVERFLOW, Entry
from ttwire.filter import Filter
from ttwire.record import decode
from ttwire.term import Match, Pattern

_MAX_VERDICTS: Final = 16_384
"""Verdicts remembered by job, worker and level; dropped all at once when there are more."""


class Wanted:
    """Built once for a filter; shared by all who read with it.

    `job`, `worker` and `trace` are set where every match has that one: at most one of them,
    the one that leaves the least to read. `whole` when the ring alone decides.
    """

    def __init__(self, filter_: Filter) -> None:
        self.filter: Final = filter_
        self.text: Final = str(filter_)
        required = filter_.required
        self.job: str | None = None
        self.worker: str | None = None
        self.trace: bytes | None = None
        if required.trace_id is not None:
            self.trace = traceindex.key(required.trace_id)
        elif required.job:
            self.job = required.job
        elif required.worker:
            self.worker = required.worker
        exact = [
            Match(field, Pattern((key,)))
            for field, key in (("job", self.job), ("worker", self.worker))
            if key
        ]
        self.whole: Final = filter_.tree in exact
        self.everything: Final = filter_.keeps_everything
        self._verdicts: dict[tuple[str, str, int], bool | None] = {}

    def keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The ones that match, in the same order."""
        if self.everything or not entries:
            return entries
        verdicts = self._verdicts
        if len(verdicts) > _MAX_VERDICTS:
            verdicts.clear()
        kept = []
        matches, may_match = self.filter.matches, self.filter.may_match
        for entry in entries:
            head = (entry.job.key, entry.worker.key, entry.rank)
            verdict = verdicts.get(head, ...)
            if verdict is ...:
                verdict = verdicts[head] = self._verdict(head)
            if verdict is None:
                verdict = may_match(entry.line) and matches(decode(entry.line))
            if verdict:
                kept.append(entry)
        return kept

    def _verdict(self, head: tuple[str, str, int]) -> bool | None:
        job, worker, rank = head
        # These rings hold records of more than one key, or of none at all.
        shared = {"", OVERFLOW}
        if job in shared or worker in shared:
            return None
        return self.filter.verdict(job, worker, rank, "", "")
