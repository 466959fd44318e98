"""The records a window holds, in order, with the holes between them: bounded and refillable."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from ttview.entry import (
    AFTER_RECORD,
    HIGHEST,
    LOWEST,
    Entry,
    Epochs,
    Hole,
    Item,
    Key,
    Place,
    Rule,
    entry,
)
from ttview.feed import PageRequest
from ttwire import cursor
from ttwire.gap import Gap
from ttwire.level import rank
from ttwire.page import Page
from ttwire.record import Record

Order = Literal["arrival", "time"]
Top = Literal["more", "asked", "oldest"]
"""Above the first item: the sink may hold more, it was asked in vain and is asked again only by
the person, or nothing older is retained."""

KEY: Final = attrgetter("key")


class Limits(NamedTuple):
    """What one window holds; older records are let go, counted, and can be paged in again.

    `margin` items above and below the screen stay while the reader is not following, and the
    `tail` newest, so that going back to follow shows something at once.
    """

    max_records: int = 20_000
    max_bytes: int = 32 * 1024 * 1024
    margin: int = 1_000
    tail: int = 1_000


class Taken(NamedTuple):
    """What an arrival brought: records that were new here, and the worst level among them."""

    new: int
    rank: int


class Held:
    """`items` is sorted by key. `evicted` counts records let go because of the limits.

    `reach` is the id older pages are asked before: all that matches after it was asked for.
    """

    def __init__(self, epochs: Epochs, limits: Limits, order: Order = "arrival") -> None:
        self.epochs = epochs
        self.limits = limits
        self.order: Order = order
        self.items: list[Item] = []
        self.records = 0
        self.bytes = 0
        self.evicted = 0
        self.top: Top = "more"
        self.reach: str | None = None
        self._joint: Hole | None = None

    def seed(self, kept: Iterable[Item], reach: str | None, top: Top) -> None:
        """Begins with what another view held already, complete down to `reach`."""
        self.items = list(kept)
        entries = [item for item in self.items if isinstance(item, Entry)]
        self.records = len(entries)
        self.bytes = sum(item.size for item in entries)
        self.reach, self.top = reach, top

    def plant(self, made: Entry | None, place: str, reach: str) -> None:
        """Begins around one record, or its place: what follows it up to the stream is a hole."""
        epoch, position = self.epochs.place(place, older=True)
        time = "" if made is None else made.key[0]
        self.seed([] if made is None else [made], reach, "more")
        self._joint = Hole((time, epoch, position, AFTER_RECORD), "unheld", place, None, None)
        self.items.append(self._joint)

    def _join(self, first: Entry) -> None:
        """The first record of the stream tells where the hole before it ends."""
        joint, self._joint = self._joint, None
        if joint is None or joint not in self.items:
            return
        self.items.remove(joint)
        if first.place > joint.key[1:3]:
            self._put(joint._replace(end=_before(first.record.id)))

    def at_or_after(self, key: Key) -> int:
        return bisect_left(self.items, key, key=KEY)

    def after(self, key: Key) -> int:
        return bisect_right(self.items, key, key=KEY)

    def arrive(self, records: Iterable[Record], known: Place = LOWEST) -> Taken:
        """Takes records of the stream; one that is already here is passed over.

        Those up to `known` are not counted as new: they were there before this view of them.
        """
        by_time = self.order == "time"
        items = self.items
        count = worst = 0
        for found in records:
            made = entry(found, self.epochs, by_time=by_time)
            if self.reach is None:
                self.reach = found.id
            if self._joint is not None:
                self._join(made)
            if not items or made.key > items[-1].key:
                items.append(made)
            elif not self._insert(made):
                continue
            self.records += 1
            self.bytes += made.size
            if made.place > known:
                count += 1
                worst = max(worst, rank(found.level))
        return Taken(count, worst)

    def gap(self, gap: Gap) -> None:
        """Puts a hole after the newest item."""
        self.put_last(
            lambda key: Hole(key, gap.reason, gap.start, gap.end, gap.lost, exact=gap.exact)
        )

    def rule(self, label: str) -> None:
        """Draws a line after the newest item."""
        self.put_last(lambda key: Rule(key, label))

    def put_last(self, make: Callable[[Key], Item]) -> None:
        time, epoch, position, step = self.items[-1].key if self.items else ("", 0, 0, 0)
        self.items.append(make((time, epoch, position, step + AFTER_RECORD)))

    def _insert(self, made: Entry) -> bool:
        at = self.at_or_after(made.key)
        if at < len(self.items) and self.items[at].key == made.key:
            return False
        self.items.insert(at, made)
        return True

    # -- pages -----------------------------------------------------------------------------

    def load(self, request: PageRequest, page: Page) -> int:
        """Takes a page from the sink; returns how many of its records were not here yet."""
        by_time = self.order == "time"
        older = request.after is None
        made = [entry(found, self.epochs, by_time=by_time, older=older) for found in page.records]
        new = [one for one in made if self._insert(one)]
        self.records += len(new)
        self.bytes += sum(one.size for one in new)
        if older:
            self._cover(self._place(page.older), self._place(request.before), made, page)
            if request.before in {None, self.reach}:
                self.top = "oldest" if page.older is None else "more"
                self.reach = page.older or self.reach
        else:
            self._cover(self._place(request.after), self._place(page.newer), made, page)
        return len(new)

    def first_record(self) -> Record | None:
        """The oldest record held, by arrival."""
        found = (item for item in self.items if isinstance(item, Entry))
        if self.order == "arrival":
            first = next(found, None)
        else:
            first = min(found, key=lambda one: one.place, default=None)
        return None if first is None else first.record

    def last_record(self) -> Record | None:
        """The newest record held, by arrival."""
        found = (item for item in reversed(self.items) if isinstance(item, Entry))
        if self.order == "arrival":
            last = next(found, None)
        else:
            last = max(found, key=lambda one: one.place, default=None)
        return None if last is None else last.record

    def _cover(
        self, low: Place | None, high: Place | None, made: Sequence[Entry], page: Page
    ) -> None:
        """Closes or shortens the holes in a stretch now held as the sink holds it.

        The page's cursors bound the stretch, not its records: a page that ends where the sink
        stopped looking may have none.
        """
        low, high = low or LOWEST, high or HIGHEST
        for hole in [item for item in self.items if isinstance(item, Hole)]:
            start = self._place(hole.start) or LOWEST
            end = self._place(hole.end) or HIGHEST
            if high <= start or low > end:
                continue
            inside = sum(1 for one in made if start < one.place <= end)
            left = None if hole.lost is None else max(hole.lost - inside, 0)
            self.items.remove(hole)
            if low <= start and high >= end:
                if left != 0 and hole.exact and hole.reason != "unheld":
                    self._put(hole._replace(lost=left, asked=True))
            elif low <= start:
                time = made[-1].key[0] if made else hole.key[0]
                key = (time, *high, AFTER_RECORD)
                self._put(hole._replace(key=key, start=page.newer or hole.start, lost=left))
            else:
                end_id = _before(page.older) or hole.end
                self._put(hole._replace(end=end_id, lost=left))

    def _put(self, item: Item) -> None:
        self.items.insert(self.at_or_after(item.key), item)

    def _place(self, record_id: str | None) -> Place | None:
        return None if record_id is None else self.epochs.place(record_id, older=True)

    # -- bounds ----------------------------------------------------------------------------

    def over(self) -> bool:
        """Whether a limit is passed by more than a tenth, so that letting go is seldom."""
        limits = self.limits
        return (
            self.records > limits.max_records + limits.max_records // 10
            or self.bytes > limits.max_bytes + limits.max_bytes // 10
        )

    def trim(self, low: int, high: int) -> None:
        """Lets records go until the limits hold, never those at `low` up to `high`.

        The oldest go first; then those between `high` and the newest `tail`, which leaves a hole
        that can be filled from the sink.
        """
        cut = self._enough(0, low)
        if cut:
            self._drop(0, cut)
            self.top = "more"
            first = self.first_record()
            self.reach = first.id if first is not None else self.reach
            high -= cut
        if self._is_over():
            stop = len(self.items) - self.limits.tail
            end = self._enough(high, stop)
            if end > high:
                self._drop(high, end)

    def _is_over(self) -> bool:
        return self.records > self.limits.max_records or self.bytes > self.limits.max_bytes

    def _enough(self, start: int, stop: int) -> int:
        """The end of the shortest stretch from `start` whose going makes the limits hold."""
        records, size = self.records, self.bytes
        at = start
        while at < stop and (records > self.limits.max_records or size > self.limits.max_bytes):
            item = self.items[at]
            if isinstance(item, Entry):
                records -= 1
                size -= item.size
            at += 1
        return at

    def _drop(self, start: int, stop: int) -> None:
        gone = self.items[start:stop]
        entries = [item for item in gone if isinstance(item, Entry)]
        self.records -= len(entries)
        self.bytes -= sum(item.size for item in entries)
        self.evicted += len(entries)
        hole = self._hole(start, gone, entries)
        self.items[start:stop] = [] if hole is None else [hole]

    def _hole(self, start: int, gone: Sequence[Item], entries: Sequence[Entry]) -> Hole | None:
        """What to leave in place of items dropped in the middle."""
        holes = [item for item in gone if isinstance(item, Hole)]
        if start == 0 or not (entries or holes):
            return None
        before = self.items[start - 1]
        first = before.record.id if isinstance(before, Entry) else None
        if holes and holes[0] is gone[0]:
            first = holes[0].start
        last = entries[-1].record.id if entries else None
        if holes and (not entries or holes[-1].key > entries[-1].key):
            last = holes[-1].end
        lost = len(entries) + sum(hole.lost or 0 for hole in holes)
        time, epoch, position, step = before.key
        return Hole((time, epoch, position, step + AFTER_RECORD), "unheld", first, last, lost)

    # -- order -----------------------------------------------------------------------------

    def reorder(self, order: Order) -> dict[Key, Key]:
        """Sorts by arrival or by record time; returns the new key of every old one."""
        if order == self.order:
            return {}
        self.order = order
        moved: dict[Key, Key] = {}
        time = ""
        made: list[Item] = []
        for item in sorted(self.items, key=lambda one: one.key[1:]):
            if isinstance(item, Entry) and order == "time":
                time = item.record.timestamp or item.record.received
            key: Key = (time, *item.key[1:])
            moved[item.key] = key
            made.append(item._replace(key=key))
        made.sort(key=KEY)
        self.items = made
        return moved


def _before(record_id: str | None) -> str | None:
    """The id right before this one, where ids are numbered."""
    found = cursor.parse(record_id or "")
    return None if found is None else str(found._replace(position=found.position - 1))
