"""Commands of what stands beside the log: side pane, record pane, help."""

from typing import Final

from ttview.effects import Copy, Effect, Quit
from ttview.model import Model
from ttview.moving import Command, fill
from ttview.peek import Leaf, Peek
from ttview.side import LISTS, SORTS
from ttview.taking import refuses
from ttview.trace import link as tracelink
from ttview.view import ScopeKind
from ttview.viewing import add_term, scope_to
from ttwire import record as wire
from ttwire.account import Account
from ttwire.filter import FilterError, parse
from ttwire.term import Match, Pattern

_KINDS: Final[dict[str, ScopeKind]] = {"jobs": "job", "workers": "worker", "queues": "queue"}


def enter(model: Model) -> list[Effect] | None:
    """The record pane, or for a hole, its records."""
    record = model.window.record()
    if record is None:
        return fill(model)
    model.window.stop()
    if model.peek is None:
        model.peek = Peek(record)
    model.focus = "peek"
    return None


def next_part(model: Model) -> None:
    """Hands the keys to the next part of the screen that is shown."""
    parts = ["log"]
    if model.side.shown and not model.full:
        parts.append("side")
    if model.peek is not None:
        parts.append("peek")
    at = parts.index(model.focus) if model.focus in parts else 0
    to = parts[(at + 1) % len(parts)]
    _leave_side(model)
    if to == "side":
        _enter_side(model)
    elif to == "peek":
        model.focus = "peek"
    else:
        model.focus = "log"


def to_side(model: Model) -> None:
    """Shows the side pane and hands it the keys."""
    model.side.shown = True
    model.full = False
    _enter_side(model)


def _enter_side(model: Model) -> None:
    model.focus = "side"
    model.side.keys()
    model.side.entered = True
    if model.side.selected is None and model.view.scope is not None:
        model.side.selected = model.view.scope.key


def _leave_side(model: Model) -> None:
    if model.side.entered:
        model.side.entered = False
        model.side.resort()
    model.focus = "log"


def toggle_side(model: Model) -> None:
    model.side.shown = not model.side.shown
    if not model.side.shown:
        _leave_side(model)


def toggle_full(model: Model) -> None:
    """The log alone on the screen, and back."""
    model.full = not model.full
    if model.full:
        _leave_side(model)


def show_help(model: Model) -> None:
    model.help_of = model.focus
    model.focus = "help"
    model.help_top = 0


def escape(model: Model) -> None:
    """One step back towards the plain log; never quits and never loses what was typed."""
    if model.focus == "help":
        model.focus = model.help_of
    elif model.peek is not None:
        model.peek, model.focus = None, "log"
    elif model.focus == "side":
        _leave_side(model)
    elif model.pane is not None:
        model.pane, model.focus = None, "log"
    elif model.notice is None:
        model.marks = ()
    model.notice = None


def quit_or_back(model: Model) -> list[Effect] | None:
    """Closes what is open; with nothing open, ends the program."""
    if model.focus == "log" and model.peek is None and model.pane is None:
        return [Quit()]
    escape(model)
    return None


# -- the side pane -----------------------------------------------------------------------------


def _side_moved(by: int) -> Command:
    def command(model: Model) -> None:
        model.side.move(by)

    return command


def _side_paged(pages: int) -> Command:
    def command(model: Model) -> None:
        model.side.move(pages * max(model.areas.middle - 8, 1))

    return command


def side_enter(model: Model) -> list[Effect] | None:
    """The stream of the chosen job, worker or queue."""
    current = model.side.current()
    if current is None:
        return None
    _leave_side(model)
    model.side.selected = current.key
    return scope_to(model, _KINDS[model.side.list], current.key, live=True)


def side_worker(model: Model) -> list[Effect] | None:
    """The stream of the worker that runs the chosen job."""
    current = model.side.current()
    workers = getattr(current, "workers", ())
    if model.side.list == "workers":
        return side_enter(model)
    if not workers:
        model.say("no worker is known of this entry")
        return None
    _leave_side(model)
    return scope_to(model, "worker", workers[-1], live=True)


def _side_listed(by: int) -> Command:
    def command(model: Model) -> None:
        at = LISTS.index(model.side.list)
        model.side.show(LISTS[(at + by) % len(LISTS)])

    return command


def side_sort(model: Model) -> None:
    side = model.side
    side.sort = SORTS[(SORTS.index(side.sort) + 1) % len(SORTS)]
    side.resort()


# -- the record pane ---------------------------------------------------------------------------


def account(model: Model, job: str | None) -> Account | None:
    """The ledger's line for a job, once the ledger came."""
    return None if model.ledger is None else model.ledger.jobs.get(job or "")


def leaves(model: Model, peek: Peek) -> list[Leaf]:
    """The lines of the record pane."""
    url = tracelink.url(peek.record, model.about)
    return peek.leaves(model.rows.look, account(model, peek.record.job), url)


def _leaf(model: Model) -> Leaf | None:
    if model.peek is None:
        return None
    found = leaves(model, model.peek)
    return found[min(model.peek.at, len(found) - 1)] if found else None


def _peek_moved(by: int) -> Command:
    def command(model: Model) -> None:
        if model.peek is not None:
            found = leaves(model, model.peek)
            model.peek.move(by, len(found))

    return command


def _peek_record(by: int) -> Command:
    """The next or previous record, in the same pane."""

    def command(model: Model) -> None:
        model.window.move(by)

    return command


def peek_fold(model: Model) -> None:
    leaf = _leaf(model)
    if model.peek is not None and leaf is not None and leaf.folds:
        model.peek.fold(leaf.folds)


def peek_copy(model: Model) -> list[Effect] | None:
    """The value of this line."""
    leaf = _leaf(model)
    if leaf is None or refuses(model):
        return None
    return [Copy(leaf.value or leaf.text, leaf.name or "value")]


def peek_copy_record(model: Model) -> list[Effect] | None:
    if model.peek is None or refuses(model):
        return None
    return [Copy(wire.encode(model.peek.record).decode(), "record")]


def _by_value(*, exclude: bool) -> Command:
    """Filters by the value of this line."""

    def command(model: Model) -> list[Effect] | None:
        leaf = _leaf(model)
        if leaf is None or not leaf.path or leaf.folds:
            model.say("this line is no field to filter by")
            return None
        if leaf.path == "message":
            model.say("the message is searched with words: / asks for them")
            return None
        node = Match(leaf.path, Pattern((leaf.value,)))
        if leaf.path in {"level", "trace", "span", "attempt", "timestamp"}:
            name = "since" if leaf.path == "timestamp" else leaf.path
            try:
                made = parse(f'{name}:"{leaf.value}"', now=model.now).tree
            except FilterError as error:
                model.say(str(error), is_error=True)
                return None
            return add_term(model, made, exclude=exclude)
        return add_term(model, node, exclude=exclude)

    return command


def _help_moved(by: int) -> Command:
    def command(model: Model) -> None:
        model.help_top = max(model.help_top + by, 0)

    return command


COMMANDS: Final[dict[str, Command]] = {
    "enter": enter,
    "next_part": next_part,
    "to_side": to_side,
    "toggle_side": toggle_side,
    "full": toggle_full,
    "help": show_help,
    "escape": escape,
    "quit": quit_or_back,
    "side_down": _side_moved(1),
    "side_up": _side_moved(-1),
    "side_page_down": _side_paged(1),
    "side_page_up": _side_paged(-1),
    "side_top": _side_moved(-(1 << 30)),
    "side_bottom": _side_moved(1 << 30),
    "side_enter": side_enter,
    "side_worker": side_worker,
    "side_next_list": _side_listed(1),
    "side_previous_list": _side_listed(-1),
    "side_sort": side_sort,
    "peek_down": _peek_moved(1),
    "peek_up": _peek_moved(-1),
    "peek_page_down": _peek_moved(10),
    "peek_page_up": _peek_moved(-10),
    "peek_top": _peek_moved(-(1 << 30)),
    "peek_bottom": _peek_moved(1 << 30),
    "peek_next": _peek_record(1),
    "peek_previous": _peek_record(-1),
    "peek_fold": peek_fold,
    "peek_copy": peek_copy,
    "peek_copy_record": peek_copy_record,
    "peek_include": _by_value(exclude=False),
    "peek_exclude": _by_value(exclude=True),
    "help_down": _help_moved(1),
    "help_up": _help_moved(-1),
    "help_page_down": _help_moved(15),
    "help_page_up": _help_moved(-15),
}
