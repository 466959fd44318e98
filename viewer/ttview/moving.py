"""Commands that move the reader through the log."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from ttview import halving, times
from ttview.effects import Ask, Effect
from ttview.entry import Entry, Hole, Item
from ttview.feed import PageRequest
from ttview.model import Model
from ttview.rows import UNFILLABLE
from ttview.window import Window
from ttwire.level import ERROR_RANK, WARN_RANK, rank
from ttwire.record import Record

Command = Callable[[Model], list[Effect] | None]


def _mover(move: Callable[[Model], None]) -> Command:
    def command(model: Model) -> None:
        move(model)

    return command


def _finder(wanted: Callable[[Model, Record, Record | None], bool], what: str, way: int) -> Command:
    """A hop to the next record of a kind; `way` is +1 or -1."""

    def command(model: Model) -> None:
        here = model.window.record()

        def test(item: Item) -> bool:
            return isinstance(item, Entry) and wanted(model, item.record, here)

        if not _find(model.window, test, forward=way > 0):
            model.say(f"no {'later' if way > 0 else 'earlier'} {what} among the records held")

    return command


def _find(window: Window, wanted: Callable[[Item], bool], *, forward: bool) -> bool:
    """Moves to the next item that is wanted; False leaves all as it is."""
    low, high = window.bounds()
    at = window.cursor_index()
    if at is None:
        return False
    indexes = range(at + 1, high) if forward else range(at - 1, low - 1, -1)
    for index in indexes:
        if wanted(window.held.items[index]):
            window.go(index)
            return True
    return False


def _is_error(_: Model, record: Record, __: Record | None) -> bool:
    return rank(record.level) >= ERROR_RANK


def _is_warning(_: Model, record: Record, __: Record | None) -> bool:
    return rank(record.level) == WARN_RANK


def _same_job(_: Model, record: Record, here: Record | None) -> bool:
    return here is not None and here.job is not None and record.job == here.job


def _same_trace(_: Model, record: Record, here: Record | None) -> bool:
    return here is not None and here.trace_id is not None and record.trace_id == here.trace_id


def _is_hit(model: Model, record: Record, _: Record | None) -> bool:
    return model.is_hit(record)


def _is_marked(model: Model, record: Record, _: Record | None) -> bool:
    return record.id in model.rows.marked


def _by_time(seconds: float) -> Command:
    def command(model: Model) -> list[Effect] | None:
        record = model.window.record()
        at = times.epoch_seconds(record.timestamp or record.received) if record else None
        if at is not None:
            return go_to_time(model, at + seconds)
        return None

    return command


def go_to_time(model: Model, at: float) -> list[Effect]:
    """Puts the cursor on the first record at or after a moment; the source is asked for older."""
    target = times.text(at)
    window = model.window
    low, high = window.bounds()
    items = window.held.items
    best: int | None = None
    for index in range(low, high):
        item = items[index]
        if isinstance(item, Entry) and (item.record.timestamp or item.record.received) >= target:
            best = index
            break
    if best is None:
        window.to_bottom()
        return []
    earlier = any(isinstance(item, Entry) for item in items[low:best])
    window.go(best)
    known = window.held.first_record()
    if earlier or window.cleared or window.held.top == "oldest" or known is None:
        return []
    begun = halving.begin(target, known)
    if begun is None or begun.done:
        return []
    model.halving = begun
    return [Ask(begun.request)]


def parse_time(text: str, *, now: float, zone_name: str) -> float:
    """Epoch seconds from `14:03`, `14:03:22`, `-5m`, or an RFC 3339 text.

    Raises:
        ValueError: says what would be right.
    """
    text = text.strip()
    units = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
    if text[:1] == "-" and text[-1:] in units and text[1:-1].isdigit():
        return now - int(text[1:-1]) * units[text[-1]]
    zone = times.zone("utc" if zone_name == "utc" else "local")
    if text.replace(":", "").isdigit() and 1 <= text.count(":") <= 2:
        hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
        moment = datetime.fromtimestamp(now, UTC).astimezone(zone)
        try:
            moment = moment.replace(hour=hours, minute=minutes, second=seconds, microsecond=0)
        except ValueError:
            raise ValueError(f'"{text}" is no time of day') from None
        return (moment - timedelta(days=moment.timestamp() > now)).timestamp()
    found = times.epoch_seconds(text)
    if found is None:
        raise ValueError(f'"{text}" is no time: 14:03, 14:03:22, -5m, or 2026-01-02T03:04:05Z')
    return found


def top(model: Model) -> list[Effect] | None:
    """The oldest record held; once there, the oldest of the sink."""
    window = model.window
    first = window.bounds()[0]
    if window.cursor_index() == first and window.held.top != "oldest" and not model.paging:
        model.paging = True
        return [Ask(PageRequest(model.query.text, before=window.held.reach))]
    if window.cursor_index() == first and window.held.top == "oldest":
        model.say("the oldest record the sink holds")
    window.to_top()
    return None


def fill(model: Model) -> list[Effect] | None:
    """Asks the sink for what a hole lacks."""
    item = model.window.cursor()
    if not isinstance(item, Hole):
        return None
    if item.asked or item.start is None or item.reason in UNFILLABLE:
        model.say("the sink no longer has these records")
        return None
    model.filling = True
    return [Ask(PageRequest(model.query.text, after=item.start))]


def toggle_follow(model: Model) -> None:
    if model.window.follow:
        model.window.stop()
    else:
        model.window.to_bottom()


COMMANDS: Final[dict[str, Command]] = {
    "down": _mover(lambda model: model.window.move(1)),
    "up": _mover(lambda model: model.window.move(-1)),
    "scroll_down": _mover(lambda model: model.window.scroll(1)),
    "scroll_up": _mover(lambda model: model.window.scroll(-1)),
    "wheel_down": _mover(lambda model: model.window.scroll(3)),
    "wheel_up": _mover(lambda model: model.window.scroll(-3)),
    "page_down": _mover(lambda model: model.window.page(1.0)),
    "page_up": _mover(lambda model: model.window.page(-1.0)),
    "half_down": _mover(lambda model: model.window.page(0.5)),
    "half_up": _mover(lambda model: model.window.page(-0.5)),
    "top": top,
    "bottom": _mover(lambda model: model.window.to_bottom()),
    "follow": _mover(toggle_follow),
    "next_hit": _finder(_is_hit, "match", 1),
    "previous_hit": _finder(_is_hit, "match", -1),
    "next_error": _finder(_is_error, "error", 1),
    "previous_error": _finder(_is_error, "error", -1),
    "next_warning": _finder(_is_warning, "warning", 1),
    "previous_warning": _finder(_is_warning, "warning", -1),
    "next_of_job": _finder(_same_job, "record of this job", 1),
    "previous_of_job": _finder(_same_job, "record of this job", -1),
    "next_of_trace": _finder(_same_trace, "record of this trace", 1),
    "previous_of_trace": _finder(_same_trace, "record of this trace", -1),
    "next_mark": _finder(_is_marked, "marked record", 1),
    "previous_mark": _finder(_is_marked, "marked record", -1),
    "minute_back": _by_time(-60),
    "minute_on": _by_time(60),
    "hour_back": _by_time(-3_600),
    "hour_on": _by_time(3_600),
}
