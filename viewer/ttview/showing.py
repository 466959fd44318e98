"""Commands that change how the log is drawn."""

from typing import Final

from ttview import times
from ttview.model import Model
from ttview.moving import Command
from ttview.style import THEMES

PAN_CELLS: Final = 16
"""A key moves the text sideways by this much."""


def cycle_time(model: Model) -> None:
    forms = times.TIME_FORMS
    model.time_form = forms[(forms.index(model.time_form) + 1) % len(forms)]
    model.say(f"time: {model.time_form}")


def cycle_theme(model: Model) -> None:
    model.theme = THEMES[(THEMES.index(model.theme) + 1) % len(THEMES)]
    model.say(f"theme: {model.theme}")


def toggle_wrap(model: Model) -> None:
    model.wrap = not model.wrap


def pan(cells: int) -> Command:
    def command(model: Model) -> None:
        if model.wrap:
            model.say("wrapped rows have no sideways: w unwraps")
        else:
            model.offset = max(model.offset + cells, 0)

    return command


def widen(by: int) -> Command:
    """The job column wider or narrower."""

    def command(model: Model) -> None:
        fitted = {one.name: one.width for one in model.rows.look.fitted}
        model.columns = tuple(
            one._replace(width=min(max(fitted.get("job", 12) + by, 4), 80))
            if one.name == "job"
            else one
            for one in model.columns
        )

    return command


def toggle_order(model: Model) -> None:
    by_time = model.window.held.order == "arrival"
    model.window.reorder("time" if by_time else "arrival")
    model.say("ordered by record time" if by_time else "ordered by arrival")


def toggle_freeze(model: Model) -> None:
    if model.window.frozen:
        model.window.thaw()
    else:
        model.window.freeze()


def toggle_clear(model: Model) -> None:
    if model.window.cleared:
        model.window.restore()
        model.say("what was cleared is back")
    else:
        model.window.clear()
        model.say("only what comes from now on: C brings the rest back")


def toggle_mark(model: Model) -> None:
    record = model.window.record()
    if record is not None:
        model.rows.marked ^= {record.id}


def draw_rule(model: Model) -> None:
    stamp = times.clock(times.text(model.now), times.zone(model.zone))
    model.window.rule(f"mark {stamp[:8]}")


def toggle_open(model: Model) -> None:
    """Shows all lines of a record in place."""
    record = model.window.record()
    if record is not None:
        model.rows.opened ^= {record.id}
        model.rows.forget()
        model.window.stop()


def toggle_share(model: Model) -> None:
    model.share = not model.share
    if model.peek is not None:
        model.peek.forget()
    model.say("share mode: values are hidden" if model.share else "values are shown")


def toggle_strip(model: Model) -> None:
    model.strip.shown = not model.strip.shown


COMMANDS: Final[dict[str, Command]] = {
    "strip": toggle_strip,
    "time_form": cycle_time,
    "theme": cycle_theme,
    "wrap": toggle_wrap,
    "pan_left": pan(-PAN_CELLS),
    "pan_right": pan(PAN_CELLS),
    "narrower": widen(-2),
    "wider": widen(2),
    "order": toggle_order,
    "freeze": toggle_freeze,
    "clear": toggle_clear,
    "mark": toggle_mark,
    "rule": draw_rule,
    "unfold": toggle_open,
    "share": toggle_share,
}
