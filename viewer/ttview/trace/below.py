"""What stands below the bars: the records of a span or of the trace, or the facts of a span."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from ttview import columns, times
from ttview.glyphs import lettered
from ttview.marking import Fragment
from ttview.rows import Row, clipped
from ttview.sanitise import visible
from ttview.style import key_class
from ttview.trace.facts import Fact, facts, sources
from ttview.trace.waterfall import Waterfall
from ttwire.record import Record
from ttwire.term import IdIs, Match, Node, Pattern, every

if TYPE_CHECKING:
    from ttview.model import Model

MAX_MESSAGE_CHARACTERS: Final = 1_000


class Chosen(NamedTuple):
    """What the cursor stands on: the words for it, what a copy gives, what a filter keeps."""

    what: str
    value: str
    term: Node | None


class Below:
    """`at` is the reader's place in the list, `top` the first row shown.

    `whole`: the records are the trace's, not the span's. `detail`: facts in place of records.
    """

    def __init__(self) -> None:
        self.at = 0
        self.top = 0
        self.whole = False
        self.detail = False

    def move(self, by: int) -> None:
        self.at = max(self.at + by, 0)

    def forget(self) -> None:
        """Back to the first line, for another span."""
        self.at = self.top = 0

    def records(self, fall: Waterfall) -> Sequence[Record]:
        if fall.trace is None:
            return ()
        node = fall.node
        if self.whole or node is None or node.span is None:
            return fall.trace.records
        return fall.of_span.get(node.span_id, ())

    def facts(self, fall: Waterfall, *, share: bool) -> list[Fact] | None:
        """None where records are shown."""
        node = fall.node
        if not self.detail or node is None or node.span is None:
            return None
        told = fall.trace.sources if fall.trace is not None else ()
        return facts(node.span, share=share) + sources(told)

    def chosen(self, fall: Waterfall) -> Chosen | None:
        """The fact under the cursor; with records below, the span they are of."""
        found = self.facts(fall, share=False)
        if found is not None:
            fact = found[min(self.at, len(found) - 1)]
            return Chosen("value", fact.value, fact.term)
        node = fall.node
        if self.whole or node is None or node.span is None:
            return Chosen("trace id", fall.trace_id, IdIs("trace", fall.trace_id))
        if fall.is_told:
            return Chosen("span", node.span.name, _told_term(self.records(fall), node.depth))
        return Chosen("span", node.span.name, IdIs("span", node.span_id))

    def rows(self, fall: Waterfall, width: int, height: int, model: "Model") -> list[Row]:
        """Exactly `height` rows, a title first."""
        glyphs = model.glyphs
        node = fall.node
        span = node.span if node is not None else None
        name = visible(span.name, 60) if span is not None else ""
        known = self.facts(fall, share=model.share)
        found = self.records(fall) if known is None else ()
        count = len(found) if known is None else len(known)
        self.at = min(self.at, max(count - 1, 0))
        room = max(height - 1, 1)
        self.top = max(min(self.top, self.at, count - room), self.at - room + 1, 0)
        if known is not None:
            title = f"everything about {name}"
            lines = [
                [(fact.style, f" {lettered(fact.text, glyphs)}")]
                for fact in known[self.top : self.top + room]
            ]
        else:
            title = f"records of {'the trace' if self.whole or not name else name}: {count}"
            lines = [record(one, model) for one in found[self.top : self.top + room]]
            if not found:
                told = " none with its span id; A shows all of the trace"
                lines = [[("class:dim", told)]]
        body = [Row(clipped(line, width, glyphs.more)) for line in lines]
        if self.at and self.at - self.top < len(body):
            here = body[self.at - self.top]
            body[self.at - self.top] = Row(
                [(f"{s} class:here", t) for s, t in _pointed(here, model)]
            )
        rule = f"{glyphs.rule * 2} {title} "
        rule += glyphs.rule * max(width - columns.cells(rule), 0)
        head = Row(clipped([("class:border", rule)], width, glyphs.more))
        return ([head, *body] + [Row([])] * height)[:height]


def _pointed(row: Row, model: "Model") -> list[Fragment]:
    """With the sign of the cursor in its first cell, which every line leaves free."""
    (style, text), *rest = row.fragments
    return [("class:accent", model.glyphs.cursor), (style, text[1:]), *rest]


def _told_term(records: Sequence[Record], depth: int) -> Node | None:
    """What was drawn from records is its job's, or below that one attempt's on one worker."""
    if not records:
        return None
    one = records[0]
    terms: list[Node] = []
    if one.trace_id is not None:
        terms.append(IdIs("trace", one.trace_id))
    if one.job is not None:
        terms.append(Match("job", Pattern((one.job,))))
    if depth and one.worker is not None:
        terms.append(Match("worker", Pattern((one.worker,))))
    if depth and one.attempt is not None:
        terms.append(Match("attempt", Pattern((str(one.attempt),))))
    return every(terms)


def record(one: Record, model: "Model") -> list[Fragment]:
    """A record on a line of its own, shorter than in the log."""
    zone = times.zone(model.zone)
    level = one.level or ""
    made: list[Fragment] = [
        ("class:time", f" {times.clock(one.timestamp, zone):<12} "),
        (f"class:level.{level}" if level else "", f"{level:<5} "),
    ]
    if one.job:
        made.append((key_class(one.job), f"{visible(one.job, 28)} "))
    text = visible(one.message.partition("\n")[0], MAX_MESSAGE_CHARACTERS)
    if model.share:
        text = model.glyphs.hidden * min(len(text), 24)
    made.append((f"class:message.{level}" if level in {"warn", "error"} else "", text))
    return made
