"""Every change of the screen's state has a name here."""

from typing import Final, NamedTuple

from ttview import arriving, beside, moving, prompting, showing, taking, viewing
from ttview.effects import Effect, Follow
from ttview.feed import Arrival, StreamRequest
from ttview.model import Model
from ttview.moving import Command
from ttview.trace import pane as tracepane


class Do(NamedTuple):
    """A command by its name in the key table."""

    name: str


class Typed(NamedTuple):
    """The text of the prompt changed."""

    text: str


class Submitted(NamedTuple):
    """Enter in the prompt."""

    text: str


class Cancelled(NamedTuple):
    """Esc in the prompt."""


class Resized(NamedTuple):
    width: int
    height: int


class Tick(NamedTuple):
    """The clock moved; epoch seconds."""

    now: float


Action = Do | Typed | Submitted | Cancelled | Resized | Tick | Arrival

COMMANDS: Final[dict[str, Command]] = {
    **moving.COMMANDS,
    **viewing.COMMANDS,
    **showing.COMMANDS,
    **taking.COMMANDS,
    **beside.COMMANDS,
    **prompting.COMMANDS,
    "waterfall": tracepane.open_trace,
}


def start(model: Model) -> list[Effect]:
    """What to ask for first."""
    if model.seeking is not None:
        return viewing.seek(model, model.seeking)
    return [Follow(StreamRequest(model.query.text))]


def update(model: Model, action: Action) -> list[Effect]:
    """Changes the model by one action; returns what is to be done outside of it."""
    effects = _apply(model, action)
    if model.seeking is None and model.window.pin() and model.notice is None:
        model.say("what you were on is not in this view: this is what comes after it")
    if model.peek is not None and (record := model.window.record()) is not None:
        model.peek.show(record)
    model.settle()
    return effects + arriving.wants(model)


def _apply(model: Model, action: Action) -> list[Effect]:
    match action:
        case Do(name):
            return _do(model, name)
        case Typed(text):
            prompting.typed(model, text)
        case Submitted(text):
            return prompting.submitted(model, text)
        case Cancelled():
            prompting.cancelled(model)
        case Resized(width, height):
            model.width, model.height = width, height
        case Tick(now):
            model.now = now
            arriving.release(model)
            if model.notice is not None and model.notice.until <= now:
                model.notice = None
            return model.pane.tick(now) if model.pane is not None else []
        case _:
            return arriving.take(model, action)
    return []


def _do(model: Model, name: str) -> list[Effect]:
    if model.pane is not None:
        effects = model.pane.act(name, model)
        if effects is not None:
            return effects
    return COMMANDS[name](model) or []
