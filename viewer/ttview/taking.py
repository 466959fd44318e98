"""Commands that reach outside the screen: copies, links, the terminal, the connection."""

import shlex
from typing import Final

from ttview.effects import Copy, Effect, Mouse, Open, Quit, Retry, Suspend
from ttview.model import Model
from ttview.moving import Command
from ttview.trace import link as tracelink
from ttwire import record as wire
from ttwire.record import Record


def copy_record(model: Model) -> list[Effect] | None:
    found = model.window.record()
    if found is None or refuses(model):
        return None
    return [Copy(wire.encode(found).decode(), "record")]


def copy_message(model: Model) -> list[Effect] | None:
    found = model.window.record()
    if found is None or refuses(model):
        return None
    return [Copy(found.message, "message")]


def traced(model: Model) -> Record | None:
    """The record whose trace a key is about, or None, said."""
    found = model.peek.record if model.peek is not None else model.window.record()
    if found is None or found.trace_id is None:
        model.say("this row has no trace id")
        return None
    return found


def copy_trace(model: Model) -> list[Effect] | None:
    found = traced(model)
    return None if found is None or found.trace_id is None else [Copy(found.trace_id, "trace id")]


def copy_link(model: Model) -> list[Effect] | None:
    found = traced(model)
    if found is None:
        return None
    url = tracelink.url(found, model.about)
    if url is None:
        model.say(tracelink.NO_LINK)
        return None
    return [Copy(url, "link of the trace")]


def copy_command(model: Model) -> list[Effect]:
    """The command that opens this view again."""
    words = [model.settings.command]
    if not model.query.asked.keeps_everything:
        words.append(f"--filter {shlex.quote(model.query.text)}")
    found = model.window.record()
    if found is not None and not model.window.follow:
        words.append(f"--at {found.id}")
    return [Copy(" ".join(words), "command")]


def refuses(model: Model) -> bool:
    if model.share:
        model.say("share mode hides values; S ends it", is_error=True)
    return model.share


def toggle_mouse(model: Model) -> list[Effect]:
    model.mouse = not model.mouse
    model.say("mouse on: Shift selects text" if model.mouse else "mouse off")
    return [Mouse(model.mouse)]


def open_trace(model: Model) -> list[Effect] | None:
    found = traced(model)
    return None if found is None or found.trace_id is None else [Open(found.trace_id, found)]


def retry(model: Model) -> list[Effect]:
    model.say("trying again")
    return [Retry()]


COMMANDS: Final[dict[str, Command]] = {
    "copy_record": copy_record,
    "copy_message": copy_message,
    "copy_trace": copy_trace,
    "copy_link": copy_link,
    "copy_command": copy_command,
    "open_trace": open_trace,
    "mouse": toggle_mouse,
    "retry": retry,
    "suspend": lambda _: [Suspend()],
    "quit_now": lambda _: [Quit()],
}
