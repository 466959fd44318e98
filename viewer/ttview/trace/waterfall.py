"""The state of a trace on the screen: its forest, what is folded, where the reader is."""

from collections.abc import Callable
from typing import Final

from ttview.times import text
from ttview.trace import link as tracelink
from ttview.trace import told as tracetold
from ttview.trace.axis import Axis
from ttview.trace.tree import Forest, Node
from ttwire.record import Record
from ttwire.span import Trace

MANY_SPANS: Final = 500
"""A trace with more opens folded to its first levels, but for the ways to what failed."""

OPEN_LEVELS: Final = 2


OPEN_SHARE: Final = 0.05
"""Of the trace's length, room after its end for the sign that it runs on."""


class Waterfall:
    """`trace` is None until the first answer.

    `shown` are the nodes on rows now: what is folded, or filtered out by `find` and `least_us`,
    is not among them. `of_span` has the records of each span.
    """

    def __init__(self, trace_id: str, span_id: str | None = None) -> None:
        self.trace_id = trace_id
        self.trace: Trace | None = None
        self.forest = Forest(())
        self.axis = Axis(0, 1)
        self.is_told = False
        self.folded: set[tuple[str, str]] = set()
        self.shown: list[Node] = []
        self.at = 0
        self.top = 0
        self.page_rows = 10
        self.critical = False
        self.find = ""
        self.least_us = 0
        self.of_span: dict[str, list[Record]] = {}
        self._wanted_span = span_id
        self._known: set[str] = set()

    @property
    def node(self) -> Node | None:
        return self.shown[self.at] if self.shown else None

    @property
    def record(self) -> Record:
        """Stands for the trace and the span under the cursor where a link is made."""
        records = self.trace.records if self.trace is not None else ()
        node = self.node
        span = node.span if node is not None else None
        of_span = self.of_span.get(node.span_id, ()) if node is not None else ()
        held = next(iter(of_span), records[0] if records else Record())
        spans = self.trace.spans if self.trace is not None else ()
        fields = held.fields
        if span is not None and span.service and not self.is_told:
            fields = {"service": span.service}
        return Record(
            timestamp=held.timestamp or self._start(),
            job=held.job,
            trace_id=tracelink.widened(self.trace_id, spans[0].trace_id if spans else ""),
            span_id=span.span_id if span is not None and not self.is_told else None,
            fields=fields,
        )

    def _start(self) -> str:
        return "" if self.forest.first is None else text(self.forest.first / 1e6)

    def load(self, trace: Trace, now: float) -> None:
        """A first or a newer answer; fold, cursor and zoom stay with their spans."""
        old = self.node
        self.is_told = not trace.spans
        spans = trace.spans or tuple(tracetold.spans(trace.records, now=now))
        same = self.trace is not None and spans == self.trace.spans
        self.trace = trace
        self._place_records(frozenset([span.span_id for span in spans]))
        if same and self.shown:
            return
        self.forest = Forest(spans)
        zoom = (self.axis.left, self.axis.span)
        if self.forest.first is not None and self.forest.last is not None:
            last = self.forest.last
            if any(span.open for span in spans):
                last += round((last - self.forest.first) * OPEN_SHARE)
            self.axis = Axis(self.forest.first, last, self.forest.busy())
            self.axis.left, self.axis.span = zoom
        self._fold_new()
        self._reshow(_key(old) if old is not None else None)
        wanted = next((n for n in self.forest.nodes if n.span_id == self._wanted_span), None)
        if wanted is not None:
            self.unfold_to(wanted)
            self._wanted_span = None

    def _place_records(self, known: frozenset[str]) -> None:
        self.of_span = {}
        records = self.trace.records if self.trace is not None else ()
        for record in records:
            ids = tracetold.span_ids(record) if self.is_told else (record.span_id,)
            for span_id in ids:
                if span_id is not None and span_id in known:
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

    def move(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), max(len(self.shown) - 1, 0))

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

    def next_failed(self, step: int) -> bool:
        """To the next failed span, or the one before; False where there is none."""
        here = self.node
        nodes = self.shown if self.find or self.least_us else self.forest.nodes
        start = nodes.index(here) if here is not None else -1
        places = range(start + 1, len(nodes)) if step > 0 else range(start - 1, -1, -1)
        found = next((nodes[place] for place in places if nodes[place].failed), None)
        if found is not None:
            self.unfold_to(found)
        return found is not None


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
