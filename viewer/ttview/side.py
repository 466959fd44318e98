"""The side pane: jobs, workers and queues, with the reader's place among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, get_args

from ttview import columns, times
from ttview.glyphs import Glyphs, sparkline
from ttview.marking import Fragment, hidden
from ttview.rows import Row, clipped
from ttview.sanitise import visible
from ttview.style import key_class
from ttwire.state import JobState, QueueState, State, States, WorkerState

ListName = Literal["jobs", "workers", "queues"]
LISTS: Final[tuple[ListName, ...]] = get_args(ListName)

SortName = Literal["recent", "trouble", "errors", "rate", "name"]
SORTS: Final[tuple[SortName, ...]] = get_args(SortName)

MAX_ENTRIES: Final = 20_000
"""Of each list; the sink's own bound is lower. The least recently changed go first."""

MAX_ROWS_KEPT: Final = 1_000
"""Rows of the list kept from frame to frame; a screen shows far fewer."""

SPARK_CELLS: Final = 6
DETAIL_ROWS: Final = 5
MIN_DETAILED_ROWS: Final = 18

_TROUBLE: Final[Mapping[str, int]] = {
    state: rank
    for rank, state in enumerate(
        ("failed", "silent", "retrying", "running", "queued", "unknown", "cancelled", "succeeded")
    )
}

Listed = JobState | WorkerState | QueueState


class Held(NamedTuple):
    """What is known, by key."""

    jobs: dict[str, JobState]
    workers: dict[str, WorkerState]
    queues: dict[str, QueueState]


@dataclass(slots=True)
class Side:
    """`selected` is a key, not an index. `order` stands still while the reader is in the list."""

    shown: bool = True
    list: ListName = "jobs"
    sort: SortName = "recent"
    filter: str = ""
    selected: str | None = None
    top: int = 0
    entered: bool = False
    held: Held = field(default_factory=lambda: Held({}, {}, {}))
    drawn: dict[str, tuple[object, Row]] = field(default_factory=dict)
    _order: tuple[str, ...] = ()
    _stale: bool = True

    def take(self, states: States, *, whole: bool) -> None:
        """What the sink says of jobs, workers and queues now; `whole`: there are no others."""
        parts: tuple[tuple[dict[str, Any], Sequence[Any]], ...] = (
            (self.held.jobs, states.jobs),
            (self.held.workers, states.workers),
            (self.held.queues, states.queues),
        )
        for known, changed in parts:
            if whole:
                known.clear()
            for one in changed:
                known.pop(one.key, None)
                known[one.key] = one
            for key in list(known)[: max(len(known) - MAX_ENTRIES, 0)]:
                del known[key]
        self._stale = True

    def entries(self) -> Mapping[str, Listed]:
        if self.list == "jobs":
            return self.held.jobs
        return self.held.workers if self.list == "workers" else self.held.queues

    def keys(self) -> tuple[str, ...]:
        """The keys shown, in order."""
        if self._stale:
            self._stale = False
            known = self.entries()
            wanted = self.filter.casefold()
            chosen = [one for one in known.values() if wanted in one.key.casefold()]
            _sort(chosen, self.sort)
            found = [one.key for one in chosen]
            if self.entered:
                still = set(found)
                kept = [key for key in self._order if key in still]
                old = set(kept)
                found = kept + [key for key in found if key not in old]
            self._order = tuple(found)
        return self._order

    def resort(self) -> None:
        """Sorts anew, also while the reader is in the list."""
        self._order = ()
        self._stale = True

    def index(self) -> int:
        keys = self.keys()
        return keys.index(self.selected) if self.selected in keys else 0

    def current(self) -> Listed | None:
        keys = self.keys()
        return self.entries().get(keys[self.index()]) if keys else None

    def move(self, by: int) -> None:
        keys = self.keys()
        if keys:
            self.selected = keys[min(max(self.index() + by, 0), len(keys) - 1)]

    def show(self, name: ListName) -> None:
        self.list = name
        self.selected = None
        self.top = 0
        self.resort()


def _errors(one: Any) -> int:
    return one.failed if isinstance(one, QueueState) else one.errors


def _rate(one: Any) -> float:
    return one.per_minute if isinstance(one, QueueState) else one.rate


def _trouble(one: Any) -> tuple[int, int]:
    return 0 if isinstance(one, QueueState) else _TROUBLE[one.state], -_errors(one)


_SORTS: Final[Mapping[SortName, Callable[[Any], Any] | None]] = {
    "recent": None,
    "trouble": _trouble,
    "errors": lambda one: -_errors(one),
    "rate": lambda one: -_rate(one),
    "name": lambda one: one.key,
}
"""What each order looks at first; equal ones stand with the newest first, then by name."""


def _sort(entries: list[Any], name: SortName) -> None:
    entries.sort(key=lambda one: one.key)
    if name != "name":
        entries.sort(key=lambda one: one.last or "", reverse=True)
        first = _SORTS[name]
        if first is not None:
            entries.sort(key=first)


class Drawing(NamedTuple):
    """What drawing needs beside the list itself. `scope` is the key whose stream is shown."""

    width: int
    height: int
    now: float
    glyphs: Glyphs
    focused: bool
    scope: str | None
    share: bool = False


def rows(side: Side, drawing: Drawing) -> list[Row]:
    """The pane, exactly `height` rows of `width` cells."""
    width, height = drawing.width, drawing.height
    keys = side.keys()
    detail = DETAIL_ROWS if height >= MIN_DETAILED_ROWS else 0
    room = max(height - 1 - detail, 1)
    at = side.index()
    side.top = min(max(side.top, at - room + 1), at) if drawing.focused else side.top
    side.top = min(max(side.top, 0), max(len(keys) - room, 0))
    made = [_titles(side, drawing)]
    entries = side.entries()
    for number, key in enumerate(keys[side.top : side.top + room], start=side.top):
        is_cursor = number == at and drawing.focused
        made.append(_kept(side, entries[key], drawing, is_cursor=is_cursor))
    if not keys:
        text = f" no {side.list} match" if side.filter else f" no {side.list} yet"
        made.append(Row(clipped([("class:dim", text)], width, drawing.glyphs.more)))
    made += [Row([("", " " * width)]) for _ in range(height - detail - len(made))]
    if detail:
        current = side.current() if drawing.focused or not drawing.scope else None
        shown = current or entries.get(drawing.scope or "")
        made += _details(shown, drawing)
    return made[:height]


def _titles(side: Side, drawing: Drawing) -> Row:
    made: list[Fragment] = []
    counts = [len(side.held.jobs), len(side.held.workers), len(side.held.queues)]
    for name, count in zip(LISTS, counts, strict=True):
        chosen = name == side.list
        style = "class:tab.on" if chosen else "class:tab"
        made += [(style, f" {name} {count}"), ("", " ")]
    told = f"/{side.filter}" if side.filter else f"{drawing.glyphs.down}{side.sort}"
    used = sum(len(text) for _, text in made)
    if used + len(told) + 1 <= drawing.width:
        made.append(("class:dim", told.rjust(drawing.width - used - 1)))
    return Row(clipped(made, drawing.width, drawing.glyphs.more))


def _kept(side: Side, one: Listed, drawing: Drawing, *, is_cursor: bool) -> Row:
    """The row made for an earlier frame, where nothing in it changed."""
    age = _age(one.last, drawing.now)
    look = (one, drawing.width, drawing.glyphs, age, is_cursor, one.key == drawing.scope)
    found = side.drawn.get(one.key)
    if found is not None and found[0] == look:
        return found[1]
    if len(side.drawn) > MAX_ROWS_KEPT:
        side.drawn.clear()
    row = _entry(one, drawing, is_cursor=is_cursor)
    side.drawn[one.key] = (look, row)
    return row


def _entry(one: Listed, drawing: Drawing, *, is_cursor: bool) -> Row:
    width, glyphs = drawing.width, drawing.glyphs
    if isinstance(one, QueueState):
        return _queue(one, drawing, is_cursor=is_cursor)
    wide = width >= 34
    tail: list[Fragment] = []
    if wide:
        tail.append(("class:spark", f" {sparkline(one.history, SPARK_CELLS, glyphs)}"))
    errors = f" {_count(one.errors)}e" if one.errors else ""
    tail.append(("class:errors", errors.rjust(4)))
    tail.append(("class:dim", _age(one.last, drawing.now).rjust(4)))
    room = width - 3 - sum(len(text) for _, text in tail)
    attempts = one.attempts[-1].number if isinstance(one, JobState) and one.attempts else 1
    retry = f" {glyphs.states['retrying']}{attempts}" if attempts > 1 else ""
    name = visible(one.key, 200)
    chosen = "class:here " if one.key == drawing.scope else ""
    made = [
        (f"class:state.{one.state}", f" {glyphs.states[one.state]} "),
        (f"{chosen}{key_class(one.key)}", columns.middle(name, room - len(retry), glyphs.more)),
        ("class:state.retrying", retry),
        *tail,
    ]
    return _row(made, drawing, is_cursor=is_cursor)


def _queue(one: QueueState, drawing: Drawing, *, is_cursor: bool) -> Row:
    counts = f"{_count(one.queued)}q {_count(one.running)}r"
    failed = f" {_count(one.failed)}x" if one.failed else ""
    pace = f" {one.per_minute:.0f}/min".rjust(8)
    room = drawing.width - 3 - len(counts) - len(failed) - len(pace)
    made = [
        ("", "   "),
        (key_class(one.key), columns.cut(visible(one.key, 200), room, drawing.glyphs.more)),
        ("class:value", counts),
        ("class:errors", failed),
        ("class:dim", pace),
    ]
    return _row(made, drawing, is_cursor=is_cursor)


def _row(made: list[Fragment], drawing: Drawing, *, is_cursor: bool) -> Row:
    made = clipped(made, drawing.width, drawing.glyphs.more)
    if is_cursor:
        made = [(f"{style} class:cursor", text) for style, text in made]
    return Row(made)


def _details(one: Listed | None, drawing: Drawing) -> list[Row]:
    """What is known of the chosen entry: how it stands, how much it said, its last line."""
    width, glyphs = drawing.width, drawing.glyphs
    made: list[list[Fragment]] = [[("class:border", glyphs.line * width)]]
    if isinstance(one, QueueState):
        wait = "" if one.wait_seconds is None else f", waits {times.age(one.wait_seconds)}"
        made.append([("", f" {one.queued} queued, {one.running} running{wait}")])
        made.append([("", f" {one.succeeded} done, {one.retrying} retrying, {one.failed} failed")])
        made.append([("class:dim", f" {one.per_minute:.1f} a minute")])
    elif one is not None:
        told = f" {glyphs.states[one.state]} {_told(one, drawing.now)}"
        made.append([(f"class:state.{one.state}", told)])
        counts = f" {one.records:,} records, {one.errors:,} errors, {one.rate:.1f}/s"
        made.append([("class:value", counts)])
        made.append([("class:dim", f" {_whereabouts(one)}")])
        last = one.error if one.state == "failed" and one.error else one.message
        text = visible((last or "").strip()[: 4 * width], 4 * width)
        if drawing.share:  # before it is cut: half an address is not told from a word
            text = hidden(text, glyphs.hidden)
        made.append([("", f" {text}")])
    made += [[("", "")] for _ in range(DETAIL_ROWS - len(made))]
    return [Row(clipped(line, width, glyphs.more)) for line in made]


def _told(one: JobState | WorkerState, now: float) -> str:
    told: State = one.state
    words = [f"{told}?" if one.inferred else told]
    if isinstance(one, JobState):
        if one.attempts:
            words.append(f"attempt {one.attempts[-1].number}")
        if one.duration_seconds is not None:
            words.append(f"took {times.age(one.duration_seconds)}")
    if one.state == "silent" and one.silent_after_seconds is not None:
        words.append(
            f"no line for {_age(one.last, now)}, usual {times.age(one.silent_after_seconds)}"
        )
    return ", ".join(words)


def _whereabouts(one: JobState | WorkerState) -> str:
    if isinstance(one, JobState):
        names = [*one.workers[:2], *([f"queue {one.queue}"] if one.queue else [])]
    else:
        names = [*one.queues[:2], *one.jobs[:2]]
    lost = [f"{_count(one.capped)} capped"] if one.capped else []
    return visible(", ".join(names + lost), 200)


def _age(last: str | None, now: float) -> str:
    at = times.epoch_seconds(last) if last else None
    return "" if at is None else times.coarse(now - at)


def _count(number: int) -> str:
    """At most four characters."""
    if number < 1_000:
        return str(number)
    if number < 10_000:
        return f"{number / 1_000:.1f}k"
    return f"{number // 1_000}k" if number < 1_000_000 else f"{number // 1_000_000}M"
