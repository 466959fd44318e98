"""The rows above and below: header, column headings, filter line, status line."""

from typing import Final

from ttview import columns, times
from ttview.entry import Entry
from ttview.marking import Fragment
from ttview.model import Model
from ttview.rows import GUTTER_CELLS, Row, clipped
from ttview.sanitise import visible
from ttwire.level import LEVELS

WIDE_CELLS: Final = 100
"""On narrower screens the status line leaves out what the rings evicted, as they always do."""

_HINTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "log": (("/", "filter"), ("s", "jobs"), ("Enter", "record"), ("?", "help"), ("q", "quit")),
    "side": (("Enter", "open"), ("w", "worker"), ("s", "sort"), ("/", "find"), ("Esc", "back")),
    "peek": (("i", "filter by"), ("y", "copy"), ("n", "next"), ("gx", "trace"), ("Esc", "close")),
    "help": (("j", "down"), ("Esc", "close")),
    "pane": (
        *(("Enter", "fold"), ("e", "error"), ("d", "details"), ("i", "its log")),
        *(("gx", "browser"), ("?", "help"), ("Esc", "close")),
    ),
}


def header(model: Model) -> Row:
    """Where the records come from, what is shown, and whether the screen follows."""
    left: list[Fragment] = [("", " "), *_connection(model)]
    title = model.pane.title if model.pane is not None else model.view.title
    if title:
        left += [("class:dim", f"  {model.glyphs.bar}  "), ("class:title", visible(title, 200))]
    right = _follow(model)
    if model.connection.state in {"waiting", "refused"}:
        right = [("class:badge.error", " OFFLINE "), ("", " "), *right]
    if model.share:
        right = [("class:badge.share", " SHARE "), ("", " "), *right]
    return _spread(left, right, model.width, model)


def _connection(model: Model) -> list[Fragment]:
    found, glyphs = model.connection, model.glyphs
    name = visible(model.source_name, 80)
    if found.state == "live":
        return [("class:good", f"{glyphs.live} "), ("", name)]
    if found.state == "ended":
        return [("class:dim", f"{glyphs.live} "), ("", name), ("class:dim", " ended")]
    style = "class:bad" if found.state == "refused" else "class:warn"
    told = visible(found.detail, 120)
    words = f" {found.state}"
    if found.state == "waiting" and found.next_try_seconds is not None:
        left = found.next_try_seconds - (model.now - model.connection_since)
        words = f" not connected, next try in {times.until(left)}"
    made = [(style, f"{glyphs.waiting} "), ("", name), (style, words)]
    return [*made, ("class:dim", f": {told}")] if told else made


def _follow(model: Model) -> list[Fragment]:
    """The state that must never be guessed: does this screen move by itself?"""
    window = model.window
    made: list[Fragment] = []
    if window.unseen:
        made.append(("", f" {window.unseen:,} {'held' if window.frozen else 'new'}"))
        if window.unseen_rank:
            worst = LEVELS[window.unseen_rank - 1]
            made.append((f"class:level.{worst}", f" {worst.upper()}"))
        made.append(("", " "))
    if window.frozen:
        made.append(("class:badge.frozen", " FROZEN "))
    elif window.follow:
        made.append(("class:badge.follow", " FOLLOW "))
    else:
        made.append(("class:badge.paused", " PAUSED "))
    return made


def title(model: Model) -> str:
    """Of the terminal's window: what is shown, and whether it moves."""
    view = model.view
    shown = " ".join(word for word in (view.title, view.query) if word) or model.source_name
    state = "frozen" if model.window.frozen else "follow" if model.window.follow else "paused"
    return f"ttview: {visible(shown, 120)} [{state}]"


def heading(model: Model) -> Row:
    """The names of the columns."""
    look = model.rows.look
    made: list[Fragment] = [("", " " * GUTTER_CELLS)]
    gap = " " * columns.SEPARATOR_CELLS
    for column in look.fitted:
        title = column.title
        if column.name == "message" and look.offset:
            title = f"{title} {look.glyphs.left}{look.offset}"
        text = columns.cut(visible(title, 40), column.width, look.glyphs.more)
        if column.name == "time":
            text = title[: column.width].rjust(column.width)
        made.append(("class:heading", f"{text}{gap}"))
    return Row(clipped(made, look.width, ""))


def filter_line(model: Model) -> Row:
    """The query in force, what it leaves out, and what was said last."""
    view = model.view
    made: list[Fragment] = []
    if model.notice is not None:
        style = "class:prompt.error" if model.notice.is_error else "class:notice"
        made = [(style, f" {visible(model.notice.text, 400)}")]
        return Row(clipped(made, model.width, model.glyphs.more))
    if view.query:
        style = "class:dim" if view.off else "class:prompt"
        made.append(("class:dim", " filter "))
        made.append((style, visible(view.query, 400)))
        if view.off:
            made.append(("class:notice", "  set aside, X takes it up"))
    else:
        made.append(("class:dim", " no filter"))
    if view.mode == "context" and view.context is not None:
        told = f"  with all of {view.context.kind} {visible(view.context.key, 80)}"
        made.append(("class:accent", told))
    elif view.mode == "all":
        made.append(("class:accent", "  with everything else"))
    for number, mark in enumerate(model.marks, start=1):
        made += [("", "  "), (f"class:mark{number}", f" {visible(mark, 40)} ")]
    right: list[Fragment] = []
    hidden = model.hidden()
    if hidden:
        right.append(("class:dim", f"{hidden:,} hidden "))
    if model.window.cleared:
        right.append(("class:notice", " cleared, C shows all "))
    return _spread(made, right, model.width, model)


def status(model: Model) -> Row:
    """Pace, lag, how much is held, any loss on the way; and the keys of this place."""
    held = model.window.held
    rate = model.meter.rate(model.now)
    left: list[Fragment] = [("", f" {rate:,.0f}/s" if rate >= 10 else f" {rate:.1f}/s")]
    left += _lag(model)
    left.append(("class:dim", f"  {held.records:,} held"))
    if held.order == "time":
        left.append(("class:accent", "  by record time"))
    left += _losses(model)
    item = model.window.cursor()
    if not model.window.follow and isinstance(item, Entry) and held.evicted:
        left.append(("class:dim", f"  {held.evicted:,} let go"))
    used = sum(columns.cells(text) for _, text in left)
    hints = list(_HINTS[model.focus])
    while hints and used + sum(len(key) + len(told) + 3 for key, told in hints) + 2 > model.width:
        hints.pop(-2 if len(hints) > 1 else -1)
    right: list[Fragment] = []
    for key, told in hints:
        right += [("class:key", key), ("class:dim", f" {told}  ")]
    return _spread(left, right, model.width, model)


def _lag(model: Model) -> list[Fragment]:
    meter = model.meter
    if meter.lag_seconds is None or meter.last is None:
        return []
    quiet = model.now - meter.last
    if quiet > 5:
        return [("class:dim", f"  quiet {times.coarse(quiet)}")]
    style = "class:warn" if meter.lag_seconds > 5 else "class:dim"
    return [(style, f"  lag {times.age(meter.lag_seconds)}")]


def _losses(model: Model) -> list[Fragment]:
    """Every kind of loss, with the job it happened to most."""
    made: list[Fragment] = []
    for loss in model.losses:
        if loss.name == "evicted" and model.width < WIDE_CELLS:
            continue
        whose = f" ({visible(loss.job, 24)})" if loss.job and loss.name != "evicted" else ""
        style = "class:dim" if loss.name == "evicted" else "class:warn"
        made.append((style, f"  {loss.records:,} {loss.name}{whose}"))
    if model.gap_records:
        made.append(("class:warn", f"  {model.gap_records:,} in gaps"))
    return made


def _spread(left: list[Fragment], right: list[Fragment], width: int, model: Model) -> Row:
    """Left and right on one row; the left gives way, then hints on the right."""
    more = model.glyphs.more
    used = sum(columns.cells(text) for _, text in right)
    if used > width * 2 // 3:
        return Row(clipped([*left], width, more))
    return Row([*clipped(left, width - used, more), *right])
