"""What the source delivers, taken into the model."""

from collections.abc import Sequence

from ttview import halving, times
from ttview.effects import Ask, Effect, Refresh
from ttview.feed import (
    AboutSeen,
    Arrival,
    Arrived,
    Connection,
    Failed,
    GapSeen,
    LedgerSeen,
    PageLoaded,
    PageRequest,
    StatesChanged,
)
from ttview.halving import Halving
from ttview.meter import losses
from ttview.model import Model
from ttview.viewing import seek
from ttwire.about import About
from ttwire.record import Record

HOLD_BACK_SECONDS = 1.0
"""Ordered by record time, a record waits this long for earlier ones that come later."""


def take(model: Model, arrival: Arrival) -> list[Effect]:
    effects: list[Effect] = []
    match arrival:
        case Arrived(records):
            _records(model, records)
        case GapSeen(gap):
            model.window.gap(gap)
            model.gap_records += gap.lost or 0
        case StatesChanged(states, whole):
            model.side.take(states, whole=whole)
        case Connection():
            effects = _connection(model, arrival)
        case PageLoaded():
            effects = _page(model, arrival)
        case Failed(what, refusal, _):
            if what == "page":
                model.paging = model.filling = False
                model.seeking = model.halving = None
                if model.window.held.top == "more":
                    model.window.held.top = "asked"
            model.say(f"{what}: {refusal.detail}", is_error=True)
        case LedgerSeen(ledger):
            model.ledger, model.losses = ledger, losses(ledger)
            if model.peek is not None:
                model.peek.forget()
        case AboutSeen(about):
            _noticed(model, about)
            model.about = about
        case _:
            pass
    if model.pane is not None:
        effects += model.pane.take(arrival, model)
    return effects


def _records(model: Model, records: Sequence[Record]) -> None:
    if not records:
        return
    opened = times.text(model.connection_since)
    live = [one for one in records if (one.received or one.timestamp) >= opened]
    if live:  # what was replayed is neither pace nor lag
        model.meter.count(model.now, len(live), live[-1])
    else:
        model.meter.replayed(model.now, records[-1])
    model.saw(records)
    if model.window.held.order == "time":
        model.waiting.append((model.now, records))
    else:
        model.window.arrive(records)


def release(model: Model) -> None:
    """Ordered by record time: shows what has waited long enough."""
    while model.waiting and (
        model.window.held.order == "arrival" or model.waiting[0][0] <= model.now - HOLD_BACK_SECONDS
    ):
        model.window.arrive(model.waiting.popleft()[1])


def _connection(model: Model, found: Connection) -> list[Effect]:
    before = model.connection.state
    model.connection, model.connection_since = found, model.now
    if found.state != "live":
        model.paging = False
        model.halving = None
        return []
    if before == "waiting":
        model.say("connected again")
    return [Refresh()] if before != "live" else []


def _page(model: Model, loaded: PageLoaded) -> list[Effect]:
    if model.halving is not None and loaded.request == model.halving.request:
        return _halved(model, halving.answered(model.halving, loaded.page))
    if loaded.request.filter != model.query.text:
        return []
    if loaded.request.after is None:
        model.paging = False
    model.saw(loaded.page.records)
    added = model.window.load(loaded.request, loaded.page)
    if loaded.request.after is not None and model.seeking is not None:
        _sought(model, model.seeking, loaded.page.records)
        model.seeking = None
    elif loaded.request.after is not None and model.filling:
        newer = loaded.page.newer
        if not added and newer is not None:  # the sink looked at many that do not match
            return [Ask(loaded.request._replace(after=newer))]
        model.filling = False
        if not added:
            model.say("the sink has nothing more for this gap")
    return []


def _sought(model: Model, place: str, found: Sequence[Record]) -> None:
    if model.window.go_to(place):
        return
    if model.query.asked.keeps_everything:
        model.say("this record is no longer in the sink", is_error=True)
    elif found and model.window.go_to(found[0].id):
        model.say("the next record from there that the filter keeps")
    else:
        model.say("the filter keeps no record near there", is_error=True)


def _halved(model: Model, found: Halving) -> list[Effect]:
    if not found.done:
        model.halving = found
        return [Ask(found.request)]
    model.halving = None
    if found.at_oldest:
        model.say("nothing older than this is retained")
    first = model.window.held.first_record()
    return [] if first is not None and first.id == found.found else seek(model, found.found)


def wants(model: Model) -> list[Effect]:
    """Asks for older records where the screen is near the oldest one held."""
    if model.paging or model.halving is not None or model.connection.state not in {"live", "ended"}:
        return []
    if not model.window.wants_older():
        return []
    model.paging = True
    return [Ask(PageRequest(model.query.text, before=model.window.held.reach))]


def _noticed(model: Model, about: About) -> None:
    """Says what the sink noticed since it was last asked: an agent's mistake tells no agent."""
    known = {(each.code, each.detail) for each in model.about.notices} if model.about else set()
    fresh = [each for each in about.notices if (each.code, each.detail) not in known]
    if fresh:
        more = f" (and {len(fresh) - 1} more: ttview doctor)" if len(fresh) > 1 else ""
        model.say(f"the sink noticed{more}: {fresh[-1].detail}", is_error=True)
