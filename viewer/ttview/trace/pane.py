"""One trace in place of the log: its keys, and the questions it asks while it is open."""

from collections.abc import Callable
from typing import Final

from ttview.effects import AskTrace, Copy, Edit, Effect, Open
from ttview.feed import Arrival, Failed, TraceLoaded
from ttview.model import Model, Prompt
from ttview.rows import Row, clipped
from ttview.sanitise import visible
from ttview.taking import traced
from ttview.trace import link as tracelink
from ttview.trace import rows as waterfall_rows
from ttview.trace.axis import spell
from ttview.trace.below import Below
from ttview.trace.facts import facts
from ttview.trace.waterfall import Waterfall
from ttview.viewing import add_term
from ttwire import trace as traces

REFRESH_SECONDS: Final = 2.0
"""Between two questions while the trace is open: spans come when they end."""

SPANS_A_PAUSE: Final = 2_000
"""For each so many spans the questions come as much further apart: an answer is some MB."""

SETTLED_SECONDS: Final = 60.0
"""Without news for so long the questions come ten times as far apart."""

LOWER_SHARE: Final = 0.35
LOWER_LEAST: Final = 4
"""Rows of the list below the bars; a lower screen has the bars alone."""

ZOOM: Final = 0.5
PAN: Final = 0.25


class TracePane:
    """`refused` says why the newest answer is missing."""

    def __init__(self, trace_id: str, span_id: str | None, now: float) -> None:
        self.title = f"trace {traces.short(trace_id)}"
        self.fall = Waterfall(trace_id, span_id)
        self.below = Below()
        self.refused = ""
        self._asked = now
        self._news = now

    def rows(self, width: int, height: int, model: Model) -> list[Row]:
        """Exactly `height` rows, none wider than `width`."""
        fall, glyphs = self.fall, model.glyphs
        made = [waterfall_rows.summary(fall, self.refused, width, glyphs)]
        if not fall.shown:
            made += self._nothing(width, model)
            return (made + [Row([])] * height)[:height]
        lower = max(int(height * LOWER_SHARE), LOWER_LEAST) if height > 3 * LOWER_LEAST else 0
        upper = height - len(made) - 1 - lower
        if lower and len(fall.shown) + 1 < upper:
            lower, upper = lower + upper - len(fall.shown) - 1, len(fall.shown) + 1
        fall.page_rows = max(upper - 1, 1)
        fall.top = min(max(fall.top, fall.at - upper + 1), fall.at)
        fall.top = max(min(fall.top, len(fall.shown) - upper), 0)
        places = range(fall.top, fall.top + upper)
        made += waterfall_rows.bars(fall, places, width, glyphs, cursor=fall.at)
        if lower:
            made += self.below.rows(fall, width, lower, model)
        return made[:height]

    def _nothing(self, width: int, model: Model) -> list[Row]:
        trace = self.fall.trace
        if self.refused:
            told = f"the trace could not be read: {self.refused}"
        elif trace is None:
            told = "asking for the trace" + model.glyphs.more
        else:
            told = "neither a span nor a record of this trace is here (yet)"
        found = [Row(clipped([("class:strong", f"  {told}")], width, model.glyphs.more))]
        for source in trace.sources if trace is not None else ():
            text = f"  {visible(source.name, 40)}: {visible(source.detail or source.state, 200)}"
            found.append(Row(clipped([("class:dim", text)], width, model.glyphs.more)))
        return found

    def take(self, arrival: Arrival, model: Model) -> list[Effect]:
        match arrival:
            case TraceLoaded(trace) if trace.trace_id == self.fall.trace_id:
                before = self.fall.trace
                if before is not None and (len(before.spans), len(before.records)) != (
                    len(trace.spans),
                    len(trace.records),
                ):
                    self._news = model.now
                self.refused = ""
                self.fall.load(trace, model.now)
            case Failed("trace", refusal):
                self.refused = visible(refusal.detail or refusal.error, 200)
            case _:
                pass
        return []

    def tick(self, now: float) -> list[Effect]:
        """Asks again while it is open: often while there is news."""
        spans = len(self.fall.trace.spans) if self.fall.trace is not None else 0
        pause = REFRESH_SECONDS * (1 + spans / SPANS_A_PAUSE)
        if now - self._news > SETTLED_SECONDS:
            pause *= 10
        if now - self._asked < pause:
            return []
        self._asked = now
        return [AskTrace(self.fall.trace_id)]

    def act(self, name: str, model: Model) -> list[Effect] | None:
        fall = self.fall
        if name == "escape" and (fall.find or fall.least_us):
            fall.search("")
            return []
        command = PANE_COMMANDS.get(name)
        if command is None:
            return None
        here = fall.node
        effects = command(self, model) or []
        if fall.node is not here:
            self.below.forget()
        return effects


def open_trace(model: Model) -> list[Effect] | None:
    """`T`: the trace of the record under the cursor."""
    record = traced(model)
    if record is None or record.trace_id is None:
        return None
    pane = TracePane(record.trace_id, record.span_id, model.now)
    model.pane, model.focus, model.peek = pane, "pane", None
    return [AskTrace(record.trace_id)]


def search(model: Model, text: str) -> list[Effect]:
    """What the prompt of the pane does. Raises ValueError: nothing is found, or no duration."""
    if isinstance(model.pane, TracePane):
        model.pane.fall.search(text)
    return []


def _ask(pane: TracePane, model: Model) -> list[Effect]:
    model.prompt = Prompt("span", "span, or >200ms")
    return [Edit(pane.fall.find)]


def _next_failed(step: int) -> "Act":
    def act(pane: TracePane, model: Model) -> None:
        if not pane.fall.next_failed(step):
            model.say("no failed span further on" if step > 0 else "no failed span before")

    return act


def _copy_id(pane: TracePane, _: Model) -> list[Effect]:
    return [Copy(pane.fall.record.trace_id or pane.fall.trace_id, "trace id")]


def _copy_link(pane: TracePane, model: Model) -> list[Effect]:
    url = tracelink.url(pane.fall.record, model.about)
    if url is None:
        model.say(tracelink.NO_LINK)
        return []
    return [Copy(url, "link of the trace")]


def _copy(pane: TracePane, model: Model) -> list[Effect]:
    """The fact under the cursor; with records below, all of the span."""
    node = pane.fall.node
    if node is None or node.span is None:
        return []
    if model.share:
        model.say("share mode hides values; S ends it", is_error=True)
        return []
    if pane.below.detail and (chosen := pane.below.chosen(pane.fall)) is not None:
        return [Copy(chosen.value, chosen.what)]
    return [Copy("\n".join(fact.text for fact in facts(node.span)), "span")]


def _include(pane: TracePane, model: Model) -> list[Effect]:
    """The log of what is chosen below; `H` leads back to the trace."""
    chosen = pane.below.chosen(pane.fall)
    if chosen is None or chosen.term is None:
        model.say("no record says this: nothing to filter by")
        return []
    effects = add_term(model, chosen.term, exclude=False)
    if model.pane is None:
        model.say("H leads back to the trace")
    return effects


def _open(pane: TracePane, _: Model) -> list[Effect]:
    record = pane.fall.record
    return [Open(record.trace_id or "", record)]


def _say_critical(pane: TracePane, model: Model) -> None:
    fall = pane.fall
    fall.critical = not fall.critical
    if fall.critical:
        total = sum(end - start for node in fall.forest.nodes for start, end in node.critical)
        model.say(f"the critical path is {spell(total)} of work")


def _whole(pane: TracePane, _: Model) -> None:
    pane.below.whole = not pane.below.whole
    pane.below.detail = False
    pane.below.forget()


def _detail(pane: TracePane, _: Model) -> None:
    pane.below.detail = not pane.below.detail
    pane.below.forget()


Act = Callable[[TracePane, Model], list[Effect] | None]

PANE_COMMANDS: Final[dict[str, Act]] = {
    "span_down": lambda pane, _: pane.fall.move(1),
    "span_up": lambda pane, _: pane.fall.move(-1),
    "wheel_down": lambda pane, _: pane.fall.move(3),
    "wheel_up": lambda pane, _: pane.fall.move(-3),
    "span_page_down": lambda pane, _: pane.fall.move(pane.fall.page_rows),
    "span_page_up": lambda pane, _: pane.fall.move(-pane.fall.page_rows),
    "span_first": lambda pane, _: pane.fall.move(-len(pane.fall.shown)),
    "span_last": lambda pane, _: pane.fall.move(len(pane.fall.shown)),
    "span_fold": lambda pane, _: pane.fall.fold(),
    "span_fold_all": lambda pane, _: pane.fall.fold_all(),
    "span_unfold_all": lambda pane, _: pane.fall.unfold_all(),
    "span_next_error": _next_failed(1),
    "span_previous_error": _next_failed(-1),
    "span_zoom_in": lambda pane, _: pane.fall.axis.zoom(ZOOM, _around(pane)),
    "span_zoom_out": lambda pane, _: pane.fall.axis.zoom(1 / ZOOM, _around(pane)),
    "span_zoom_reset": lambda pane, _: pane.fall.axis.reset(),
    "span_left": lambda pane, _: pane.fall.axis.pan(-PAN),
    "span_right": lambda pane, _: pane.fall.axis.pan(PAN),
    "span_critical": _say_critical,
    "span_whole": _whole,
    "span_detail": _detail,
    "span_find": _ask,
    "span_copy": _copy,
    "span_include": _include,
    "span_open": _open,
    "span_records_down": lambda pane, _: pane.below.move(1),
    "span_records_up": lambda pane, _: pane.below.move(-1),
    "copy_trace": _copy_id,
    "copy_link": _copy_link,
}


def _around(pane: TracePane) -> float:
    """Zoom keeps the span under the cursor where it is, as far as it is on the screen."""
    node = pane.fall.node
    if node is None or node.first is None:
        return 0.5
    axis = pane.fall.axis
    at = (axis.share(node.first) - axis.left) / axis.span
    return min(max(at, 0.0), 1.0)
