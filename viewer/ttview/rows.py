"""A record, a hole or a rule as rows of styled text; kept while nothing changed."""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from prompt_toolkit.layout.screen import Char

from ttview import columns, marking, times, told
from ttview.columns import Fitted
from ttview.entry import Entry, Hole, Item, Rule
from ttview.glyphs import Glyphs
from ttview.marking import Fragment
from ttview.sanitise import MAX_SHOWN_CHARACTERS, visible, visible_lines
from ttview.style import key_class
from ttview.times import TimeForm
from ttwire.record import Record

MAX_ROWS_KEPT: Final = 4_096
"""Rows in the cache: some 60 screens, about 8 MB; then the oldest made go."""

MAX_OPEN_LINES: Final = 400
"""Lines of one opened record in the log; the record pane scrolls through all."""

GUTTER_CELLS: Final = 2

MAX_KEY_CHARACTERS: Final = 200
"""Of a value that stands in a column; wider than any column is."""


class Look(NamedTuple):
    """All that rows depend on beside the record. Rows are made anew when it changes."""

    width: int
    fitted: tuple[Fitted, ...]
    glyphs: Glyphs
    time_form: TimeForm = "absolute"
    zone: tzinfo | None = None
    wrap: bool = False
    offset: int = 0
    share: bool = False
    marks: tuple[str, ...] = ()
    hits: Callable[[str], list[tuple[int, int]]] | None = None
    matches: Callable[[Record], bool] | None = None


class Link(NamedTuple):
    """The cells `start` up to `end` stand for the trace of this record."""

    start: int
    end: int
    record: Record


class Row:
    """One row of text. `cells` is kept here by whoever draws it, so that it is made once."""

    __slots__ = ("cells", "fragments", "link")

    def __init__(self, fragments: list[Fragment], link: Link | None = None) -> None:
        self.fragments = fragments
        self.link = link
        self.cells: list[Char] | None = None

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.fragments)


class Rows:
    """Makes rows for one log pane. `opened` and `marked` hold ids of records."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.opened: set[str] = set()
        self.marked: set[str] = set()
        self._rows: dict[tuple[object, ...], Row] = {}
        self._bodies: dict[str, list[str]] = {}

    def set_look(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.forget()

    def forget(self) -> None:
        """Every row is made anew."""
        self._rows.clear()
        self._bodies.clear()

    def tall(self, item: Item) -> int:
        """How many rows an item takes."""
        if not isinstance(item, Entry):
            return 1
        if self.look.wrap or item.record.id in self.opened:
            return len(self._body(item.record))
        return 1

    def row(self, item: Item, part: int, *, now: float, above: Item | None) -> Row:
        """One row of an item. `above` is the item before it, for time as a difference."""
        look = self.look
        time = ""
        if isinstance(item, Entry):
            if part == 0 and look.time_form != "none":
                time = self._time(item.record, now, above)
            record_id = item.record.id
            flags = (record_id in self.marked, record_id in self.opened)
        else:
            flags = (False, False)
        key = (item.key, part, time, flags)
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= MAX_ROWS_KEPT:
                self._forget_oldest()
            found = self._rows[key] = self._make(item, part, time, *flags)
        return found

    def _forget_oldest(self) -> None:
        for key in list(self._rows)[: MAX_ROWS_KEPT // 4]:
            del self._rows[key]

    def _time(self, record: Record, now: float, above: Item | None) -> str:
        stamp = record.timestamp or record.received
        look = self.look
        if look.time_form == "absolute":
            return times.clock(stamp, look.zone)
        at = times.epoch_seconds(stamp)
        if at is None:
            return ""
        if look.time_form == "relative":
            return times.age(now - at)
        if not isinstance(above, Entry):
            return ""
        before = times.epoch_seconds(above.record.timestamp or above.record.received)
        return "" if before is None else times.delta(at - before)

    def _make(self, item: Item, part: int, time: str, marked: bool, opened: bool) -> Row:
        if isinstance(item, Entry):
            return self._record(item.record, part, time, marked=marked, opened=opened)
        if isinstance(item, Hole):
            return self._hole(item)
        return self._rule(item)

    # -- records ---------------------------------------------------------------------------

    def _record(self, record: Record, part: int, time: str, *, marked: bool, opened: bool) -> Row:
        look = self.look
        matching = look.matches is None or look.matches(record)
        if opened and part:
            return self._further(record, part, bright=matching)
        made: list[Fragment] = [("class:accent", f"{look.glyphs.mark} ") if marked else ("", "  ")]
        at = GUTTER_CELLS
        link: Link | None = None
        for column in look.fitted:
            if column.name == "message":
                made += self._message(record, part, column.width, opened=opened, bright=matching)
            elif part:
                made.append(("", " " * column.width))
            else:
                style, text = self._cell(record, column, time)
                made.append((style if matching else "class:context", text))
                if column.name == "trace" and record.trace_id:
                    link = Link(at, at + len(text.rstrip()), record)
            at += column.width
            if at < look.width:
                made.append(("", "  "[: look.width - at]))
                at += columns.SEPARATOR_CELLS
        return Row(made, link)

    def _further(self, record: Record, part: int, *, bright: bool) -> Row:
        """A further line of an opened record: it has the row to itself, right of the time."""
        look = self.look
        lines = self._body(record)
        text = lines[part] if part < len(lines) else ""
        start = self._further_start()
        made = [("", " " * start)]
        made += self._text(record, text, look.width - start, bright=bright)
        return Row(clipped(made, look.width, look.glyphs.more))

    def _further_start(self) -> int:
        time = next((one.width for one in self.look.fitted if one.name == "time"), 0)
        return GUTTER_CELLS + (time + columns.SEPARATOR_CELLS if time else 0)

    def _cell(self, record: Record, column: Fitted, time: str) -> Fragment:
        name, width = column.name, column.width
        more = self.look.glyphs.more
        if name == "time":
            return "class:time", time[:width].rjust(width)
        if name == "level":
            word = record.level or "-"
            return f"class:level.{word}" if record.level else "class:dim", columns.cut(
                visible(word.upper(), width), width, more
            )
        if name in {"trace", "span"}:
            found = record.trace_id if name == "trace" else record.span_id
            return "class:trace" if found else "", visible(found or "", 64)[:width].ljust(width)
        value = told.member(record, name)
        if value is None:
            return "class:dim", columns.cut("", width, more)
        text = value if isinstance(value, str) else told.spelled(value, width)
        if self.look.share and name.startswith("@"):
            text = self.look.glyphs.hidden * min(len(text), width)
        shown = visible(text[:MAX_KEY_CHARACTERS], MAX_KEY_CHARACTERS)
        if name in {"job", "worker", "queue"}:
            return key_class(text), columns.middle(shown, width, more)
        return "class:value", columns.cut(shown, width, more)

    def _message(
        self, record: Record, part: int, width: int, *, opened: bool, bright: bool
    ) -> list[Fragment]:
        look = self.look
        tail: list[Fragment] = []
        if opened or look.wrap:
            lines = self._body(record)
            text = lines[part] if part < len(lines) else ""
        else:
            text, tail = self._folded(record, width)
        made = self._text(record, text, width, bright=bright)
        return clipped(made + tail, width, look.glyphs.more)

    def _text(self, record: Record, text: str, width: int, *, bright: bool) -> list[Fragment]:
        """Text of a message with what stands out in it; a cell more than `width` if it is cut."""
        look = self.look
        if not look.wrap:
            text = columns.take(text, look.offset, width + 1)
        if look.share:
            text = marking.hidden(text, look.glyphs.hidden)
        if not bright:
            return [("class:context", text)]
        base = f"class:message.{record.level}" if record.level else "class:message"
        over = marking.terms(text, look.marks, look.hits)
        return marking.painted(text, base, marking.kinds(text), over)

    def _folded(self, record: Record, width: int) -> tuple[str, list[Fragment]]:
        """The first line, and what follows it on the row: how much is folded, and the fields."""
        look = self.look
        room = 2 * (look.offset + width)
        shown = visible(told.headline(record.message, room), room + 1)
        tail: list[Fragment] = []
        more = told.folded_lines(record)
        if more:
            tail.append(("class:dim", f" {look.glyphs.fold}+{more}"))
        left = width + look.offset - columns.cells(shown)
        if left > 8 and record.fields:
            tail += self._inline(record, left)
        return shown, tail

    def _inline(self, record: Record, room: int) -> list[Fragment]:
        made: list[Fragment] = []
        for name, value in told.inline(record):
            if room <= 0:
                break
            text = visible(told.spelled(value, 60), 60)
            if self.look.share:
                text = self.look.glyphs.hidden * min(len(text), 6)
            key = visible(str(name)[:40], 40)
            made += [("class:field", f"  {key}="), ("class:value", text)]
            room -= len(key) + len(text) + 3
        return made

    def _body(self, record: Record) -> list[str]:
        """All rows of a wrapped or opened record."""
        found = self._bodies.get(record.id)
        if found is None:
            if len(self._bodies) > MAX_ROWS_KEPT // 4:
                self._bodies.clear()
            found = self._bodies[record.id] = self._lines(record)
        return found

    def _lines(self, record: Record) -> list[str]:
        look = self.look
        width = next((one.width for one in look.fitted if one.name == "message"), look.width)
        if record.id in self.opened:
            lines = visible_lines(record.message, MAX_OPEN_LINES)
            for stack in told.stacks(record):
                lines += visible_lines(stack, MAX_OPEN_LINES)
        else:
            more = told.folded_lines(record)
            line = told.headline(record.message, MAX_SHOWN_CHARACTERS)
            lines = [visible(line) + (f" {look.glyphs.fold}+{more}" if more else "")]
        if look.wrap:
            lines = [part for line in lines for part in columns.wrapped(line, max(width, 1))]
        return lines[:MAX_OPEN_LINES]

    # -- what is no record -----------------------------------------------------------------

    def _hole(self, hole: Hole) -> Row:
        look = self.look
        sign = look.glyphs.gap
        number = "records" if hole.lost is None else f"{hole.lost:,} record{'s'[: hole.lost != 1]}"
        if not hole.exact and hole.lost is not None:
            number = f"up to {number}"
        reason = REASONS[hole.reason]
        hint = " · gone from the sink" if hole.asked else " · Enter loads them"
        if hole.reason in UNFILLABLE:
            hint = ""
        text = [
            ("class:gap", f"{sign * 6} "),
            ("class:gap.reason", number),
            ("class:gap", f" {reason}{hint} "),
        ]
        used = sum(columns.cells(part) for _, part in text)
        text.append(("class:gap", sign * max(look.width - used, 0)))
        return Row(clipped(text, look.width, look.glyphs.more))

    def _rule(self, rule: Rule) -> Row:
        look = self.look
        label = f"{look.glyphs.rule * 6} {rule.label} "
        text = label + look.glyphs.rule * max(look.width - columns.cells(label), 0)
        return Row(clipped([("class:rule", text)], look.width, look.glyphs.more))


REASONS: Final = {
    "evicted": "left the sink's rings before they came here",
    "restart": "may be missing: the sink began anew",
    "rate": "skipped to keep up with the stream's rate",
    "unknown_id": "may be missing: the sink does not know where this viewer was",
    "unheld": "not held by this viewer",
}
"""Why records are missing, as a clause after their number."""

UNFILLABLE: Final = frozenset({"restart", "unknown_id"})
"""Holes whose start the sink does not know: it cannot be asked for what follows it."""


def clipped(fragments: Sequence[Fragment], width: int, more: str) -> list[Fragment]:
    """Exactly `width` cells: padded, or cut with a sign that there is more."""
    sizes = [columns.cells(text) for _, text in fragments]
    room = width - sum(sizes)
    if room >= 0:
        return [*fragments, ("", " " * room)] if room else list(fragments)
    made: list[Fragment] = []
    room = width
    for (style, text), size in zip(fragments, sizes, strict=True):
        if size >= room:
            made.append((style, columns.cut(f"{text}  ", room, more)))
            break
        made.append((style, text))
        room -= size
    return made
