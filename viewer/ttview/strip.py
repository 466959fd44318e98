"""Records over time, one row high: how many there were in each stretch, and their worst level."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from ttview import times
from ttview.entry import Entry, Item
from ttview.glyphs import Glyphs
from ttview.marking import Fragment
from ttview.rows import Row, clipped
from ttwire.level import ERROR_RANK, WARN_RANK, rank
from ttwire.record import Record

RECOUNT_SECONDS: Final = 1.0
"""Counting 20,000 records takes some 15 ms; a strip that is a second old is not read wrongly."""

MIN_CELLS: Final = 20


_LABEL_CELLS: Final = 9
"""The time at either end, and a space."""


class Drawing(NamedTuple):
    """What drawing needs beside the records."""

    width: int
    now: float
    glyphs: Glyphs
    zone: tzinfo | None


class Count(NamedTuple):
    """`start` and `end` are epoch seconds; each bucket has its records and worst rank."""

    start: float
    end: float
    buckets: tuple[tuple[int, int], ...]

    def bucket(self, at: float) -> int:
        """The bucket a moment falls into; the nearest for one outside."""
        span = self.end - self.start
        part = (at - self.start) / span if span > 0 else 0.0
        return min(max(int(part * len(self.buckets)), 0), len(self.buckets) - 1)


def moment(record: Record) -> float | None:
    return times.epoch_seconds(record.timestamp or record.received)


def count(items: Sequence[Item], buckets: int) -> Count | None:
    """None where there is no time to count by."""
    found = [
        (at, rank(item.record.level))
        for item in items
        if isinstance(item, Entry) and (at := moment(item.record)) is not None
    ]
    if not found:
        return None
    start, end = min(found)[0], max(found)[0]
    empty = Count(start, end, ((0, 0),) * buckets)
    counts, worst = [0] * buckets, [0] * buckets
    for at, level in found:
        place = empty.bucket(at)
        counts[place] += 1
        worst[place] = max(worst[place], level)
    return Count(start, end, tuple(zip(counts, worst, strict=True)))


class Strip:
    """Counts again at most once in a while, and when the screen got another width."""

    def __init__(self) -> None:
        self.shown = False
        self._count: Count | None = None
        self._when = -RECOUNT_SECONDS
        self._buckets = 0

    def row(self, items: Sequence[Item], here: Record | None, look: Drawing) -> Row:
        """`here` is the record under the cursor; its bucket is marked."""
        ends = 2 * (_LABEL_CELLS + 1)
        buckets = max(look.width - ends, MIN_CELLS)
        if buckets != self._buckets or look.now - self._when >= RECOUNT_SECONDS:
            self._buckets, self._when = buckets, look.now
            self._count = count(items, buckets)
        if self._count is None:
            return Row(clipped([("class:dim", " no time to count by")], look.width, ""))
        return Row(clipped(_drawn(self._count, here, look), look.width, look.glyphs.more))


def _drawn(found: Count, here: Record | None, look: Drawing) -> list[Fragment]:
    ramp = look.glyphs.ramp
    top = max(number for number, _ in found.buckets)
    at = moment(here) if here is not None else None
    marked = None if at is None else found.bucket(at)
    made: list[Fragment] = [("class:dim", f"{_label(found.start, look):>{_LABEL_CELLS}} ")]
    for place, (number, level) in enumerate(found.buckets):
        sign = ramp[-(-number * (len(ramp) - 1) // top)]
        style = "class:strip"
        if level >= ERROR_RANK:
            style = "class:strip.error"
        elif level == WARN_RANK:
            style = "class:strip.warn"
        if place == marked:
            style, sign = f"{style} class:cursor", sign if number else look.glyphs.bar
        made.append((style, sign))
    made.append(("class:dim", f" {_label(found.end, look):<{_LABEL_CELLS}}"))
    return made


def _label(at: float, look: Drawing) -> str:
    return times.clock(times.text(at), look.zone)[:8]
