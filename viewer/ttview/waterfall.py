"""One trace in place of the log: spans as bars, their records below."""

from collections.abc import Callable, Sequence
from typing import Final

from ttview import tracetold, waterfall_rows
from ttview.effects import AskTrace, Copy, Edit, Effect, Open
from ttview.feed import Arrival, Failed, TraceLoaded
from ttview.model import Model, Prompt
from ttview.rows import Row
from ttview.sanitise import visible
from ttview.spantree import Forest, Node
from ttview.timeaxis import Axis, spell
from ttwire import trace as traces
from ttwire.record import Record
from ttwire.span import Trace

REFRESH_SECONDS: Final = 2.0
"""Between two questions while the trace is open: spans come when they end."""

SETTLED_SECONDS: Final = 60.0
"""Without news for so long the questions come ten times as far apart."""

MANY_SPANS: Final = 500
"""A trace with more opens folded to its first levels, but for the ways to what failed."""

OPEN_LEVELS: Final = 2
ZOOM: Final = 0.5
PAN: Final = 0.25


class Waterfall:
    """The state of the pane.

    `trace` is None until the first answer; `refused` says why it stays so.
    `shown` are the nodes on rows now: what is folded, or filtered out by `find` and `least_us`,
    is not among them. `whole`: the records below are the trace's, not the span's.
    """

    def __init__(self, trace_id: str, span_id: str | None, now: float) -> None:
        self.trace_id = trace_id
        self.title = f"trace {traces.short(trace_id)}"
        self.trace: Trace | None = None
        self.refused = ""
        self.forest = Forest(())
        self.axis = Axis(0, 1)
        self.is_told = False
        self.folded: set[tuple[str, str]] = set()
        self.shown: list[Node] = []
        self.at = 0
        self.top = 0
        self.records_top = 0
        self.page_rows = 10
        self.critical = False
        self.whole = False
        self.detail = False
        self.find = ""
        self.least_us = 0
        self.of_span: dict[str, list[Record]] = {}
        self._wanted_span = span_id
        self._asked = now
        self._news = now
        self._known: set[str] = set()

    @property
    def node(self) -> Node | None:
        return self.shown[self.at] if self.shown else None

    def rows(self, width: int, height: int, model: Model) -> list[Row]:
        return waterfall_rows.rows(self, width, height, model)

    def take(self, arrival: Arrival, model: Model) -> list[Effect]:
        match arrival:
            case TraceLoaded(trace) if trace.trace_id == self.trace_id:
                self.load(trace, model.now)
            case Failed("trace", refusal):
                self.refused = visible(refusal.detail or refusal.error, 200)
            case _:
                pass
        return []

    def tick(self, now: float) -> list[Effect]:
        """Asks again while it is open: often while there is news."""
        pause = REFRESH_SECONDS * (10 if now - self._news > SETTLED_SECONDS else 1)
        if now - self._asked < pause:
            return []
        self._asked = now
        return [AskTrace(self.trace_id)]

    def load(self, trace: Trace, now: float) -> None:
        """A first or a newer answer; fold, cursor and zoom stay with their spans."""
        old = self.node
        if self.trace is not None and _size(trace) != _size(self.trace):
            self._news = now
        self.refused = ""
        self.is_told = not trace.spans
        spans = trace.spans or tuple(tracetold.spans(trace.records, now=now))
        same = self.trace is not None and spans == self.trace.spans
        self.trace = trace
        self._place_records([span.span_id for span in spans])
        if same and self.shown:
            return
        self.forest = Forest(spans)
        zoom = (self.axis.left, self.axis.span)
        if self.forest.first is not None and self.forest.last is not None:
            self.axis = Axis(self.forest.first, self.forest.last, self.forest.busy())
            self.axis.left, self.axis.span = zoom
        self._fold_new()
        self._reshow(_key(old) if old is not None else None)
        if self._wanted_span is not None:
            self._stand_on(lambda node: node.span_id == self._wanted_span)
            self._wanted_span = None

    def _place_records(self, span_ids: Sequence[str]) -> None:
        known = frozenset(span_ids)
        self.of_span = {}
        records = self.trace.records if self.trace is not None else ()
        for record in records:
            span_id = tracetold.span_id(record, known) if self.is_told else record.span_id
            if span_id in known and span_id is not None:
                self.of_span.setdefault(span_id, []).append(record)

    def _fold_new(self) -> None:
        """Folds what a large trace cannot show at once; what was seen before stays as it is."""
        if len(self.forest.nodes) > MANY_SPANS:
            for node in self.forest.nodes:
                if node.span_id in self._known or not node.children:
                    continue
                if node.depth >= OPEN_LEVELS - 1 and not node.failed_below:
                    self.folded.add(_key(node))
        self._known = {node.span_id for node in self.forest.nodes}

    def records(self) -> Sequence[Record]:
        """What the list below shows."""
        if self.trace is None:
            return ()
        node = self.node
        if self.whole or node is None or node.span is None:
            return self.trace.records
        return self.of_span.get(node.span_id, ())

    def _reshow(self, stay: tuple[str, str] | None) -> None:
        """The rows anew; the cursor stays on its span, or goes to the nearest shown above it."""
        shown: list[Node] = []
        hidden_under: int | None = None
        for node in self.forest.nodes:
            if hidden_under is not None and node.depth > hidden_under:
                continue
            hidden_under = node.depth if _key(node) in self.folded else None
            shown.append(node)
        if self.find or self.least_us:
            shown = [node for node in self.forest.nodes if self._is_found(node)]
        self.shown = shown
        self.at = min(self.at, max(len(shown) - 1, 0))
        if stay is not None:
            self._stand_on(lambda node: _key(node) == stay)

    def _is_found(self, node: Node) -> bool:
        span = node.span
        if span is None or span.duration_us < self.least_us:
            return False
        text = f"{span.service or ''} {span.name} {span.status_message or ''}".lower()
        return self.find in text

    def _stand_on(self, wanted: Callable[[Node], bool]) -> bool:
        for place, node in enumerate(self.shown):
            if wanted(node):
                self.at = place
                self.records_top = 0
                return True
        return False

    def search(self, text: str) -> None:
        """`>200ms` keeps what took at least so long, other text what has it in its name.

        Raises:
            ValueError: after `>` stands no duration; or nothing is found.
        """
        text = text.strip().lower()
        find, least_us = ("", parse_duration(text[1:])) if text.startswith(">") else (text, 0)
        before = (self.find, self.least_us)
        self.find, self.least_us = find, least_us
        stay = _key(self.node) if self.node is not None else None
        self._reshow(stay)
        if not self.shown and (find or least_us):
            self.find, self.least_us = before
            self._reshow(stay)
            raise ValueError(f'no span with "{text}"')

    # -- keys ---------------------------------------------------------------------------------

    def act(self, name: str, model: Model) -> list[Effect] | None:
        if name == "escape" and (self.find or self.least_us):
            self.search("")
            return []
        command = PANE_COMMANDS.get(name)
        return None if command is None else command(self, model) or []

    def move(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), max(len(self.shown) - 1, 0))
        self.records_top = 0

    def shown_folded(self, node: Node) -> bool:
        """Whether its children are left out; a search shows none of them folded."""
        return _key(node) in self.folded and not (self.find or self.least_us)

    def fold(self) -> None:
        node = self.node
        if node is None or not node.children:
            return
        self.folded ^= {_key(node)}
        self._reshow(_key(node))

    def fold_all(self) -> None:
        node = self.node
        self.folded = {_key(one) for one in self.forest.nodes if one.children}
        root = node
        while root is not None and root.parent is not None:
            root = root.parent
        self._reshow(_key(root) if root is not None else None)

    def unfold_all(self) -> None:
        node = self.node
        self.folded.clear()
        self._reshow(_key(node) if node is not None else None)

    def unfold_to(self, wanted: Node) -> None:
        parent = wanted.parent
        while parent is not None:
            self.folded.discard(_key(parent))
            parent = parent.parent
        self._reshow(_key(wanted))

    def next_failed(self, model: Model, step: int) -> None:
        here = self.node
        nodes = self.forest.nodes
        start = nodes.index(here) if here is not None else -1
        places = range(start + 1, len(nodes)) if step > 0 else range(start - 1, -1, -1)
        found = next((nodes[place] for place in places if nodes[place].failed), None)
        if found is None:
            model.say("no failed span further on" if step > 0 else "no failed span before")
            return
        self.unfold_to(found)


def _size(trace: Trace) -> tuple[int, int]:
    return len(trace.spans), len(trace.records)


def _key(node: Node) -> tuple[str, str]:
    """Two spans may share an id; their kinds differ."""
    return node.span_id, (node.span.kind or "") if node.span is not None else "?"


def parse_duration(text: str) -> int:
    """Microseconds of `200ms`, `1.5s`, `2m`; a bare number is milliseconds.

    Raises:
        ValueError: it is none.
    """
    text = text.lstrip("= ").strip()
    for unit, factor in (
        ("ms", 1e3),
        ("us", 1.0),
        ("µs", 1.0),
        ("s", 1e6),
        ("m", 6e7),
        ("h", 3.6e9),
    ):
        if text.endswith(unit):
            text, scale = text.removesuffix(unit), factor
            break
    else:
        scale = 1e3
    try:
        return round(float(text) * scale)
    except (ValueError, OverflowError):
        raise ValueError("after > stands a duration such as 200ms or 1.5s") from None


def open_waterfall(model: Model) -> list[Effect] | None:
    """`T`: the trace of the record under the cursor."""
    record = model.peek.record if model.peek is not None else model.window.record()
    if record is None or record.trace_id is None:
        model.say("this row has no trace id")
        return None
    pane = Waterfall(record.trace_id, record.span_id, model.now)
    model.pane, model.focus, model.peek = pane, "pane", None
    return [AskTrace(record.trace_id)]


def search(model: Model, text: str) -> list[Effect]:
    """What the prompt of the pane does. Raises ValueError: nothing is found, or no duration."""
    if isinstance(model.pane, Waterfall):
        model.pane.search(text)
    return []


def _ask(pane: Waterfall, model: Model) -> list[Effect]:
    model.prompt = Prompt("span", "span, or >200ms")
    return [Edit(pane.find)]


def _copy_id(pane: Waterfall, _: Model) -> list[Effect]:
    return [Copy(pane.trace_id, "trace id")]


def _copy_span(pane: Waterfall, model: Model) -> list[Effect]:
    node = pane.node
    if node is None or node.span is None:
        return []
    if model.share:
        model.say("share mode hides values; S ends it")
        return []
    lines = [text for _, text in waterfall_rows.facts(node.span)]
    return [Copy("\n".join(lines), "span")]


def _open(pane: Waterfall, _: Model) -> list[Effect]:
    records = pane.trace.records if pane.trace is not None else ()
    node = pane.node
    span_id = node.span_id if node is not None and not pane.is_told else None
    held = records[0] if records else Record()
    record = Record(timestamp=held.timestamp, job=held.job, trace_id=pane.trace_id, span_id=span_id)
    return [Open(pane.trace_id, record)]


def _say_critical(pane: Waterfall, model: Model) -> None:
    pane.critical = not pane.critical
    if pane.critical:
        nodes = pane.forest.nodes
        total = sum(end - start for node in nodes for start, end in node.critical)
        model.say(f"the critical path is {spell(total)} of work")


Act = Callable[[Waterfall, Model], list[Effect] | None]


def _records(by: int) -> Act:
    def act(pane: Waterfall, _: Model) -> None:
        pane.records_top = max(pane.records_top + by, 0)

    return act


PANE_COMMANDS: Final[dict[str, Act]] = {
    "span_down": lambda pane, _: pane.move(1),
    "span_up": lambda pane, _: pane.move(-1),
    "wheel_down": lambda pane, _: pane.move(3),
    "wheel_up": lambda pane, _: pane.move(-3),
    "span_page_down": lambda pane, _: pane.move(pane.page_rows),
    "span_page_up": lambda pane, _: pane.move(-pane.page_rows),
    "span_first": lambda pane, _: pane.move(-len(pane.shown)),
    "span_last": lambda pane, _: pane.move(len(pane.shown)),
    "span_fold": lambda pane, _: pane.fold(),
    "span_fold_all": lambda pane, _: pane.fold_all(),
    "span_unfold_all": lambda pane, _: pane.unfold_all(),
    "span_next_error": lambda pane, model: pane.next_failed(model, 1),
    "span_previous_error": lambda pane, model: pane.next_failed(model, -1),
    "span_zoom_in": lambda pane, _: pane.axis.zoom(ZOOM, _around(pane)),
    "span_zoom_out": lambda pane, _: pane.axis.zoom(1 / ZOOM, _around(pane)),
    "span_zoom_reset": lambda pane, _: pane.axis.reset(),
    "span_left": lambda pane, _: pane.axis.pan(-PAN),
    "span_right": lambda pane, _: pane.axis.pan(PAN),
    "span_critical": _say_critical,
    "span_whole": lambda pane, _: setattr(pane, "whole", not pane.whole),
    "span_detail": lambda pane, _: setattr(pane, "detail", not pane.detail),
    "span_find": _ask,
    "span_copy_trace": _copy_id,
    "span_copy": _copy_span,
    "span_open": _open,
    "span_records_down": _records(1),
    "span_records_up": _records(-1),
}


def _around(pane: Waterfall) -> float:
    """Zoom keeps the span under the cursor where it is, as far as it is on the screen."""
    node = pane.node
    if node is None or node.first is None:
        return 0.5
    at = (pane.axis.share(node.first) - pane.axis.left) / pane.axis.span
    return min(max(at, 0.0), 1.0)
