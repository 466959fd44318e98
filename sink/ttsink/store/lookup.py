"""Finding records in a view from any cursor, both ways, a bounded number at a time."""

from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from ttsink.store.ring import Entry, Ring, Rings, entry_seq
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttwire.page import Page
from ttwire.record import decode, with_id

MAX_PAGE_RECORDS: Final = 1_000
MAX_PAGE_BYTES: Final = 4 * 1024 * 1024
"""A page ends at the record that goes over it, and its cursor goes on from there."""

MAX_SCAN: Final = 8_192
"""Entries looked at for one page: about 6 ms where each has to be decoded for the filter. A page
that ends here has fewer records than asked for, and a cursor to go on."""

DEFAULT_PAGE_RECORDS: Final = 200


class Found(NamedTuple):
    """`lines` are records with their ids, newest last; cursors as in ttwire.page.Page."""

    lines: list[bytes]
    older: str | None
    newer: str | None

    def json(self) -> bytes:
        """A ttwire.page.Page, without decoding a record."""
        older, newer = (
            b"null" if cursor is None else b'"%b"' % cursor.encode()
            for cursor in (self.older, self.newer)
        )
        return b'{"records":[%b],"older":%b,"newer":%b}' % (b",".join(self.lines), older, newer)

    def page(self) -> Page:
        return Page([decode(line) for line in self.lines], self.older, self.newer)


def page(
    view: View,
    wanted: Wanted,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = DEFAULT_PAGE_RECORDS,
) -> Found:
    """Matching records below `before`, or above `after`, or the newest; positions, not ids.

    At most MAX_PAGE_RECORDS, MAX_PAGE_BYTES and MAX_SCAN: with few matches a page may be empty
    and still have a cursor to go on with.
    """
    limit = min(max(limit, 1), MAX_PAGE_RECORDS)
    last = view.order.last
    end = last + 1 if before is None else before
    if after is not None:
        entries = newer(view, wanted, after, MAX_SCAN)
        kept = list(wanted.keep(entries))
        scanned = entries[-1].seq if len(entries) == MAX_SCAN else last
    else:
        entries = older(view, wanted, end, MAX_SCAN)
        kept = list(wanted.keep(entries))
        scanned = entries[-1].seq if len(entries) == MAX_SCAN else 0
    taken = kept[: _fitting(kept, limit)]
    if len(taken) < len(kept):
        scanned = taken[-1].seq
    lines = [with_id(entry.line, f"{view.epoch}-{entry.seq}") for entry in taken]
    if after is not None:
        first = taken[0].seq if taken else min(scanned, last) + 1
        return Found(
            lines,
            f"{view.epoch}-{first}" if first > 1 else None,
            f"{view.epoch}-{scanned}" if scanned < last else None,
        )
    lines.reverse()
    newest = taken[0].seq if taken else end - 1
    return Found(
        lines,
        f"{view.epoch}-{scanned}" if scanned > 1 else None,
        f"{view.epoch}-{newest}" if newest < last else None,
    )


def _fitting(kept: list[Entry], limit: int) -> int:
    size = 0
    for count, entry in enumerate(kept[:limit], start=1):
        size += len(entry.line)
        if size > MAX_PAGE_BYTES:
            return count
    return min(limit, len(kept))


def older(view: View, wanted: Wanted, position: int, limit: int) -> list[Entry]:
    """The newest entries below a position among which a match may be, newest first.

    Fewer than `limit` only where there are no more.
    """
    if wanted.trace is not None:
        traced = view.order.traced(wanted.trace, 0)
        return traced[: bisect_left(traced, position, key=entry_seq)][: -limit - 1 : -1]
    found: list[Entry] = []
    rings, ring = _ring(view, wanted)
    if rings is not None and not _apart(rings):
        if ring is not None:
            kept = ring.entries
            at = bisect_left(kept, position, key=entry_seq)
            found = [kept[i] for i in range(at - 1, max(at - limit, 0) - 1, -1)]
        if len(found) == limit or _complete(ring):
            return found
        if ring is not None:
            position = min(position, ring.floor)
    return found + view.order.before(position, limit - len(found))


def newer(view: View, wanted: Wanted, position: int, limit: int) -> list[Entry]:
    """The oldest entries above a position among which a match may be, oldest first.

    Fewer than `limit` only where there are no more.
    """
    if wanted.trace is not None:
        return view.order.traced(wanted.trace, position)[:limit]
    rings, ring = _ring(view, wanted)
    if rings is not None and not _apart(rings) and ring is None:
        return []
    if (
        rings is not None
        and not _apart(rings)
        and ring is not None
        and (_complete(ring) or position >= ring.floor)
    ):
        kept = ring.entries
        at = bisect_right(kept, position, key=entry_seq)
        return [kept[i] for i in range(at, min(at + limit, len(kept)))]
    return view.order.after(position, limit)


def _ring(view: View, wanted: Wanted) -> tuple[Rings | None, Ring | None]:
    if wanted.job is not None:
        return view.jobs, view.jobs.find(wanted.job)
    if wanted.worker is not None:
        return view.workers, view.workers.find(wanted.worker)
    return None, None


def _apart(rings: Rings) -> bool:
    """Whether some key's records may be kept apart from its ring."""
    return rings.forgotten > 0 or rings.overflow.accepted > rings.overflow.evicted


def _complete(ring: Ring | None) -> bool:
    """Whether nothing of the key is kept only by rings of the other kind."""
    return ring is None or ring.accepted - ring.evicted == len(ring.entries)
