"""Commands that change which records are shown: filter, scope, level, time span, history."""

from typing import Final

from ttview.effects import Ask, Effect, Follow
from ttview.entry import Entry, Item, Key
from ttview.feed import PageRequest, StreamRequest
from ttview.model import MAX_VIEWS, VIEWS_HELD, Left, Model, Pane
from ttview.moving import Command
from ttview.view import LEVEL_STEPS, SINCE_STEPS, Mode, Query, Scope, ScopeKind, View, ready
from ttwire import cursor
from ttwire.filter import Filter, FilterError
from ttwire.term import And, Node, Or

_MODES: Final[dict[Mode, Mode]] = {"matches": "context", "context": "all", "all": "matches"}


def change(model: Model, view: View, *, remember: bool = True, live: bool = False) -> list[Effect]:
    """Goes to another view; what is read stays where it is if it is in that view too.

    With `live`, the screen goes to the newest of the other view instead and follows.

    Raises:
        FilterError: the view's query is no filter; nothing has changed.
    """
    query = ready(view, now=model.now)
    if remember and view != model.view:
        leave(model)
    effects = _enter(model, query, live=live)
    model.view, model.query = view, query
    _put_pane(model, None)
    model.settle()
    return effects


def _put_pane(model: Model, pane: Pane | None) -> None:
    """The keys go where something is shown."""
    model.pane = pane
    if pane is not None:
        model.focus = "pane"
    elif model.focus == "pane":
        model.focus = "log"


def leave(model: Model) -> None:
    """Remembers the view that is shown, to come back to."""
    model.back.append(_left(model))
    model.forward.clear()
    _forget_old(model)


def _left(model: Model) -> Left:
    record = None if model.window.follow else model.window.record()
    place = record.id if record is not None else None
    return Left(model.view, model.window, place, model.pane)


def _forget_old(model: Model) -> None:
    del model.back[:-MAX_VIEWS]
    for index, left in enumerate(model.back[:-VIEWS_HELD]):
        model.back[index] = left._replace(window=None)


def _enter(model: Model, query: Query, *, live: bool) -> list[Effect]:
    old = model.window
    made = model.window = old.emptied()
    if live:
        made.to_bottom()
    model.paging = False
    newest = old.held.last_record()
    if newest is not None and _narrower(query.asked, model.query.asked):
        kept = [item for item in old.held.items if _stays(item, query.asked)]
        made.held.seed(kept, old.held.reach, old.held.top)
        return [Follow(StreamRequest(query.text, since=newest.id))]
    here = None if made.follow else old.cursor()
    if isinstance(here, Entry):
        stays = here if query.asked.matches(here.record) else None
        return _around(model, query.text, here.record.id, stays)
    return [Follow(StreamRequest(query.text))]


def _around(model: Model, text: str, place: str, stays: Entry | None) -> list[Effect]:
    """Asks for what stands before and after a record, and for the newest."""
    model.window.held.plant(stays, place, place)
    model.paging = True
    return [
        Follow(StreamRequest(text)),
        Ask(PageRequest(text, before=place)),
        Ask(PageRequest(text, after=before(place))),
    ]


def before(place: str) -> str:
    """The id right before this one, so that a page after it begins with this one."""
    found = cursor.parse(place)
    if found is None or found.position == 0:
        return place
    return str(found._replace(position=found.position - 1))


def _stays(item: Item, asked: Filter) -> bool:
    return not isinstance(item, Entry) or asked.matches(item.record)


def _narrower(new: Filter, old: Filter) -> bool:
    """Whether all that the new filter keeps was kept by the old one already, as far as seen."""
    return set(_terms(old.tree)) <= set(_terms(new.tree))


def _terms(node: Node) -> tuple[Node, ...]:
    return node.terms if isinstance(node, And) else (node,)


def seek(model: Model, place: str) -> list[Effect]:
    """Opens on a record by its id."""
    model.window = model.window.emptied()
    model.window.stand(entry_key(model, place))
    model.seeking = place
    return _around(model, model.query.text, place, None)


def entry_key(model: Model, place: str) -> Key:
    epoch, position = model.epochs.place(place, older=True)
    return ("", epoch, position, 0)


def _go(model: Model, source: list[Left], target: list[Left]) -> list[Effect]:
    if not source:
        model.say("no further view in this direction")
        return []
    left = source.pop()
    target.append(_left(model))
    _forget_old(model)
    query = ready(left.view, now=model.now)
    model.view = left.view
    _put_pane(model, left.pane)
    if left.window is not None:
        model.window, model.query = left.window, query
        model.paging = False
        newest = left.window.held.last_record()
        effects: list[Effect] = [
            Follow(StreamRequest(query.text, since=newest.id if newest else None))
        ]
    else:
        effects = _enter(model, query, live=False)
        model.query = query
        if left.place is not None:
            effects = seek(model, left.place)
    model.settle()
    return effects


def back(model: Model) -> list[Effect]:
    return _go(model, model.back, model.forward)


def forward(model: Model) -> list[Effect]:
    return _go(model, model.forward, model.back)


def scope_to(model: Model, kind: ScopeKind, key: str, *, live: bool) -> list[Effect]:
    """The stream of one job, worker, queue or trace; a query typed before is dropped."""
    model.focus = "log"
    model.say("H goes back")
    return change(model, View(scope=Scope(kind, key), level=model.view.level), live=live)


def _scope_of_record(kind: ScopeKind) -> Command:
    def command(model: Model) -> list[Effect] | None:
        record = model.window.record()
        key = None if record is None else _key(record, kind)
        if key is None:
            model.say(f"this row has no {kind}")
            return None
        return scope_to(model, kind, key, live=False)

    return command


def _key(record: object, kind: ScopeKind) -> str | None:
    found = getattr(record, "trace_id" if kind == "trace" else kind)
    return found if isinstance(found, str) else None


def cycle_level(model: Model) -> list[Effect]:
    steps = LEVEL_STEPS
    at = steps.index(model.view.level) if model.view.level in steps else 0
    level = steps[(at + 1) % len(steps)]
    model.say(f"level {level} or worse" if level else "every level")
    return change(model, model.view._replace(level=level))


def cycle_mode(model: Model) -> list[Effect] | None:
    """Matches only, then with their job's or trace's other records, then everything."""
    view = model.view
    if not view.query and not view.level:
        model.say("there is no filter to show the surroundings of: / sets one")
        return None
    mode = _MODES[view.mode]
    record = model.window.record()
    context: Scope | None = None
    if mode == "context":
        if record is not None and record.trace_id:
            context = Scope("trace", record.trace_id)
        if record is not None and record.job:
            context = Scope("job", record.job)
        if context is None:
            mode = "all"
    words = {
        "matches": "matches only",
        "context": f"matches, and all of {context.kind} {context.key}" if context else "",
        "all": "everything, matches bright: n and N go through them",
    }
    model.say(words[mode])
    return change(model, view._replace(mode=mode, context=context))


def toggle_filter(model: Model) -> list[Effect] | None:
    """Sets the query aside and takes it up again, at the same place."""
    if not model.view.query:
        model.say("there is no filter to set aside: / sets one")
        return None
    return change(model, model.view._replace(off=not model.view.off), remember=False)


def _since(digit: str) -> Command:
    def command(model: Model) -> list[Effect]:
        return change(model, model.view._replace(since_seconds=SINCE_STEPS[digit]))

    return command


def unfilter(model: Model) -> list[Effect] | None:
    """Back to everything, or to all of the scope."""
    view = model.view
    if view == View():
        return None
    scope = view.scope if view.query or view.level or view.since_seconds else None
    return change(model, View(scope=scope))


def query_for(model: Model, text: str) -> list[Effect]:
    """A query typed by the person.

    Raises:
        FilterError: it is no filter.
    """
    view = model.view._replace(query=text.strip(), off=False, mode="matches", context=None)
    return change(model, view)


def add_term(model: Model, node: Node, *, exclude: bool) -> list[Effect]:
    """Narrows the query by one term, or excludes it."""
    term = f"({Filter(node)})" if isinstance(node, And | Or) else str(Filter(node))
    if exclude:
        term = f"-{term}"
    query = model.view.query
    joined = f"({query}) {term}" if " OR " in query else f"{query} {term}".strip()
    try:
        return query_for(model, joined)
    except FilterError as error:
        model.say(str(error), is_error=True)
        return []


COMMANDS: Final[dict[str, Command]] = {
    "this_job": _scope_of_record("job"),
    "this_worker": _scope_of_record("worker"),
    "this_trace": _scope_of_record("trace"),
    "level": cycle_level,
    "context": cycle_mode,
    "toggle_filter": toggle_filter,
    "unfilter": unfilter,
    "view_back": back,
    "view_forward": forward,
    **{f"since_{digit}": _since(digit) for digit in SINCE_STEPS},
}
