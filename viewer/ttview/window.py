"""Which rows are shown: the reader's place among the records held.

The place is a record's key and the screen row it stands on, never an index. So neither arrivals
nor eviction, a filter or a resize moves what is being read (guarantee G6): they change what
stands around it.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import NamedTuple

from ttview.entry import FIRST_KEY, LOWEST, Entry, Epochs, Item, Key
from ttview.feed import PageRequest
from ttview.held import Held, Limits, Order
from ttwire.gap import Gap
from ttwire.page import Page
from ttwire.record import Record


class Line(NamedTuple):
    """One screen row: the `part`-th row of an item."""

    item: Item
    part: int
    is_cursor: bool


def _one_row(_: Item) -> int:
    return 1


class Window:
    """The place of the reader.

    `height` is the screen's rows for the log; `tall` tells how many rows an item takes, at
    least 1. `unseen` counts records that came since the screen stopped moving, `unseen_rank` is
    the worst level among them.
    """

    def __init__(
        self, epochs: Epochs, limits: Limits | None = None, *, order: Order = "arrival"
    ) -> None:
        self.held = Held(epochs, limits or Limits(), order)
        self.height = 24
        self.tall: Callable[[Item], int] = _one_row
        self.follow = True
        self.unseen = 0
        self.unseen_rank = 0
        self._known = LOWEST
        self._cursor: Key = FIRST_KEY
        self._row = 0
        self._floor: Key | None = None
        self._ceiling: Key | None = None

    # -- what is shown ---------------------------------------------------------------------

    def bounds(self) -> tuple[int, int]:
        """The shown part of the items: after the clear, and not past the freeze."""
        low = 0 if self._floor is None else self.held.after(self._floor)
        if self._ceiling is None:
            return low, len(self.held.items)
        return low, max(low, self.held.after(self._ceiling))

    def shown(self) -> Sequence[Item]:
        low, high = self.bounds()
        return self.held.items[low:high]

    def cursor_index(self) -> int | None:
        low, high = self.bounds()
        if low == high:
            return None
        if self.follow:
            return high - 1
        return min(max(self.held.at_or_after(self._cursor), low), high - 1)

    def cursor(self) -> Item | None:
        index = self.cursor_index()
        return None if index is None else self.held.items[index]

    def record(self) -> Record | None:
        """The record under the cursor."""
        item = self.cursor()
        return item.record if isinstance(item, Entry) else None

    @property
    def frozen(self) -> bool:
        return self._ceiling is not None

    @property
    def cleared(self) -> bool:
        return self._floor is not None

    @property
    def moving(self) -> bool:
        """Whether arrivals change the screen."""
        return self.follow and not self.frozen

    def lines(self) -> list[Line | None]:
        """The screen from the top, at most `height` rows; None is an empty row."""
        low, high = self.bounds()
        at = self.cursor_index()
        if at is None:
            return []
        items = self.held.items
        first, top = at, self._bottom_row(low, high) if self.follow else self._row
        while top > 0 and first > low:
            first -= 1
            top -= self.tall(items[first])
        shown: list[Line | None] = [None] * min(max(top, 0), self.height)
        part = max(-top, 0)
        for index in range(first, high):
            room = self.height - len(shown)
            if room <= 0:
                break
            item = items[index]
            stop = min(self.tall(item), part + room)
            shown.extend(Line(item, n, index == at) for n in range(part, stop))
            part = 0
        return shown

    def _bottom_row(self, low: int, high: int) -> int:
        """The row of the last item when the end is in view: the lowest that leaves no hole."""
        last = self.tall(self.held.items[high - 1])
        return min(self._rows_above(low, high - 1), self.height - last)

    def emptied(self) -> "Window":
        """A window without records whose reader stands where this one's does."""
        made = copy(self)
        newest = self.held.last_record()
        if newest is not None:
            made._known = max(self._known, self.held.epochs.place(newest.id))  # noqa: SLF001 - own
        made.held = Held(self.held.epochs, self.held.limits, self.held.order)
        return made

    def stand(self, key: Key) -> None:
        """Leaves follow and stands at this place, a third down the screen."""
        self.follow = False
        self._cursor, self._row = key, self.height // 3

    def pin(self) -> bool:
        """Where what the reader was on is gone, its neighbour is what is read from now on.

        True where that happened; else its neighbours' comings and goings would move the cursor.
        """
        item = self.cursor()
        if self.follow or item is None or item.key == self._cursor:
            return False
        self._cursor = item.key
        return True

    def wants_older(self) -> bool:
        """Whether the screen is near the oldest item held, or past it."""
        low, _ = self.bounds()
        if self.held.top != "more" or self.held.reach is None or self.cleared:
            return False
        lines = self.lines()
        if self.follow:
            return len(lines) < self.height
        if not lines or lines[0] is None:
            return True
        return self.held.at_or_after(lines[0].item.key) - low < self.height

    # -- what comes ------------------------------------------------------------------------

    def arrive(self, records: Iterable[Record]) -> int:
        """Takes records of the stream; returns how many were new here."""
        taken = self.held.arrive(records, self._known)
        if not self.moving:
            self.unseen += taken.new
            self.unseen_rank = max(self.unseen_rank, taken.rank)
        self._trim()
        return taken.new

    def gap(self, gap: Gap) -> None:
        self.held.gap(gap)

    def rule(self, label: str) -> None:
        self.held.rule(label)

    def load(self, request: PageRequest, page: Page) -> int:
        added = self.held.load(request, page)
        self._trim()
        return added

    def _trim(self) -> None:
        held = self.held
        if not held.over():
            return
        at = self.cursor_index()
        if self.moving or at is None:
            held.trim(max(len(held.items) - self.height, 0), len(held.items))
            return
        row = self.height if self.follow else max(self._row, 0)
        margin = held.limits.margin
        held.trim(max(at - row - margin, 0), min(at + self.height + margin, len(held.items)))

    # -- the reader ------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """Moves the cursor by items; the screen scrolls only at its edges."""
        at = self.cursor_index()
        if at is None:
            return
        low, high = self.bounds()
        self._leave_follow(at)
        step = 1 if by > 0 else -1
        for _ in range(abs(by)):
            if not self._step(step, low, high):
                break
        self._settle(low, high, at_end=by > 0)

    def _step(self, step: int, low: int, high: int) -> bool:
        at = self.held.at_or_after(self._cursor)
        tall = self.tall(self.held.items[at])
        if step > 0:
            if self._row + tall > self.height:  # taller than the screen: read it to its end
                self._row -= 1
                return True
            if at + 1 >= high:
                return False
            self._cursor = self.held.items[at + 1].key
            below = self.tall(self.held.items[at + 1])
            self._row = max(min(self._row + tall, self.height - below), 0)
            return True
        if self._row < 0:
            self._row += 1
            return True
        if at <= low:
            return False
        self._cursor = self.held.items[at - 1].key
        above = self.tall(self.held.items[at - 1])
        self._row = max(self._row - above, min(0, self.height - above))
        return True

    def scroll(self, rows: int) -> None:
        """Moves the screen by rows under a cursor that stays on its record while it is in view."""
        at = self.cursor_index()
        if at is None:
            return
        low, high = self.bounds()
        self._leave_follow(at)
        self._row -= rows
        items = self.held.items
        while self._row < 0 and at + 1 < high:
            self._row += self.tall(items[at])
            at += 1
        while self._row >= self.height and at > low:
            at -= 1
            self._row -= self.tall(items[at])
        self._cursor = items[at].key
        self._settle(low, high, at_end=rows > 0)

    def page(self, pages: float) -> None:
        """Moves screen and cursor together by this part of a screen."""
        rows = int(self.height * pages)
        row = self._row
        follow = self.follow
        self.scroll(rows)
        at = self.cursor_index()
        if at is None or self.follow:
            return
        if not follow:  # keep the cursor on its screen row, as less and vim do
            self._stand_at(row)

    def _stand_at(self, row: int) -> None:
        """Puts the cursor on the item that stands at this screen row."""
        for number, line in enumerate(self.lines()):
            if line is not None and line.part == 0:
                self._cursor, self._row = line.item.key, number
                if number >= row:
                    return

    def to_top(self) -> None:
        low, high = self.bounds()
        if low < high:
            self.follow = False
            self._cursor, self._row = self.held.items[low].key, 0

    def to_bottom(self) -> None:
        """Goes to the newest and follows."""
        self.follow = True
        self._seen()

    def stop(self) -> None:
        """Leaves follow; the screen stays as it is."""
        at = self.cursor_index()
        if at is not None:
            self._leave_follow(at)

    def go(self, index: int, *, row: int | None = None) -> None:
        """Puts the cursor on an item; it comes to mid-screen where it was not in view."""
        low, high = self.bounds()
        if not low <= index < high:
            return
        key = self.held.items[index].key
        at = self.cursor_index()
        if at is not None:
            self._leave_follow(at)
        in_view = {line.item.key: n for n, line in reversed(list(enumerate(self.lines()))) if line}
        self.follow = False
        self._cursor = key
        self._row = in_view.get(key, self.height // 3) if row is None else row
        self._settle(low, high, at_end=False)

    def go_to(self, record_id: str) -> bool:
        """Puts the cursor on the record with this id, where it is held and shown."""
        low, high = self.bounds()
        for index in range(low, high):
            item = self.held.items[index]
            if isinstance(item, Entry) and item.record.id == record_id:
                self.go(index)
                return True
        return False

    def resize(self, height: int) -> None:
        """The cursor keeps its row, or the nearest that is left."""
        self.height = max(height, 1)
        self._row = min(self._row, self.height - 1)

    def freeze(self) -> None:
        """Nothing that comes is shown until `thaw`; it is kept and counted."""
        items = self.held.items
        if self._ceiling is None:
            self._ceiling = items[-1].key if items else FIRST_KEY

    def thaw(self) -> None:
        self._ceiling = None
        if self.follow:
            self._seen()

    def clear(self) -> None:
        """Shows only what comes from now on; `restore` brings the rest back."""
        if self.held.items:
            self._floor = self.held.items[-1].key
            self.to_bottom()

    def restore(self) -> None:
        self._floor = None

    def reorder(self, order: Order) -> None:
        """Sorts by arrival or record time; the cursor keeps its record and its row."""
        moved = self.held.reorder(order)
        self._cursor = moved.get(self._cursor, self._cursor)
        if self._floor is not None:
            self._floor = moved.get(self._floor)
        if self._ceiling is not None:
            self._ceiling = moved.get(self._ceiling)

    def _seen(self) -> None:
        self.unseen = self.unseen_rank = 0

    def _leave_follow(self, at: int) -> None:
        """Pins the place to what the screen shows now."""
        if self.follow:
            low, high = self.bounds()
            self._row = self._bottom_row(low, high)
            self.follow = False
        self._cursor = self.held.items[at].key

    def _settle(self, low: int, high: int, *, at_end: bool) -> None:
        """Mends the row after a move of the reader; at the very end the screen follows again.

        No empty rows are left above the first item nor, with enough items, below the last.
        """
        at = self.held.at_or_after(self._cursor)
        items = self.held.items
        above = self._rows_above(low, at)
        self._row = min(self._row, above)
        below, index = self.tall(items[at]), at
        while index + 1 < high and self._row + below < self.height:
            index += 1
            below += self.tall(items[index])
        if self._row + below < self.height:
            self._row = max(self._row, min(above, self.height - below))
        if at_end and at == high - 1 and self._row + self.tall(items[at]) <= self.height:
            self.to_bottom()

    def _rows_above(self, low: int, at: int) -> int:
        """How many rows there are above this item, at least a screen where there is one."""
        above, index = 0, at
        while index > low and above < self.height:
            index -= 1
            above += self.tall(self.held.items[index])
        return above
