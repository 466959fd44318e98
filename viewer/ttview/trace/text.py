"""A trace as lines of text, for output without a screen."""

from collections.abc import Iterator
from typing import Final

from ttview import line
from ttview.glyphs import Glyphs
from ttview.marking import Fragment
from ttview.rows import clipped
from ttview.sanitise import visible
from ttview.trace.rows import bars, summary
from ttview.trace.waterfall import Waterfall
from ttwire.record import Record
from ttwire.span import Trace

LEAST_CELLS: Final = 60
"""A narrower terminal would have no room for bars; its lines are wrapped by it."""

MAX_SPANS: Final = 2_000
"""Printed as bars; the summary counts all."""

_SGR: Final = {
    "class:level.error": "31",
    "class:level.fatal": "31",
    "class:level.warn": "33",
    "class:message.error": "31",
    "class:gap": "33",
    "class:dim": "2",
    "class:heading": "2",
    "class:border": "2",
    "class:field": "2",
    "class:duration": "36",
    "class:trace": "34",
    "class:state.running": "32",
    **{f"class:key{n}": code for n, code in enumerate(("36", "32", "35", "34") * 2)},
}


def text(
    trace: Trace,
    *,
    now: float,
    width: int,
    glyphs: Glyphs,
    color: bool = False,
    records: int | None = None,
) -> Iterator[str]:
    """The waterfall, what failed, and the newest `records` (all for None) with their spans.

    No line holds a control, but colours where asked for.
    """
    fall = Waterfall(trace.trace_id)
    fall.load(trace, now)
    fall.unfold_all()
    width = max(width, LEAST_CELLS)
    yield _shown(summary(fall, "", width, glyphs).fragments, color)
    shown = min(len(fall.shown), MAX_SPANS)
    for row in bars(fall, range(shown), width, glyphs, cursor=-1):
        yield _shown(row.fragments, color)
    if shown < len(fall.shown):
        yield f" {glyphs.more} {len(fall.shown) - shown:,} more spans"
    yield from _failed(fall, width, glyphs, color)
    yield from _records(fall, records, glyphs, color)


def _shown(fragments: list[Fragment], color: bool) -> str:
    if not color:
        return "".join(text for _, text in fragments).rstrip()
    made = ""
    for style, text in fragments:
        code = next((_SGR[word] for word in style.split() if word in _SGR), "")
        made += f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text
    return made.rstrip()


def _failed(fall: Waterfall, width: int, glyphs: Glyphs, color: bool) -> Iterator[str]:
    """The words of failed spans, which no bar has room for."""
    told = [node.span for node in fall.forest.nodes if node.failed and node.span is not None]
    told = [span for span in told if span.status_message and not fall.is_told]
    if told:
        yield ""
    for span in told[:MAX_SPANS]:
        words = f"{visible(span.name, 60)}: {visible(span.status_message or '', 500)}"
        sign: Fragment = ("class:level.error", f"{glyphs.states['failed']} ")
        yield _shown(clipped([sign, ("", words)], width, glyphs.more), color)


def _records(fall: Waterfall, most: int | None, glyphs: Glyphs, color: bool) -> Iterator[str]:
    found = fall.trace.records if fall.trace is not None else ()
    kept = found if most is None else found[len(found) - min(most, len(found)) :]
    if not kept:
        return
    yield ""
    if len(kept) < len(found):
        yield f" {glyphs.more} {len(found) - len(kept):,} older records: see --lines"
    names = {
        id(record): visible(node.span.name, 60)
        for node in fall.forest.nodes
        if node.span is not None and not fall.is_told
        for record in fall.of_span.get(node.span_id, ())
    }
    for record in kept:
        yield _record(record, names.get(id(record)), color)


def _record(record: Record, span: str | None, color: bool) -> str:
    """Without the trace id, which all have, and with the name of its span."""
    bare = Record(
        **{
            name: getattr(record, name)
            for name in record.__struct_fields__
            if name not in {"trace_id", "fields"}
        }
    )
    first, *rest = line.text(bare, color=color).split("\n")
    return "\n".join([f"{first} span={span}" if span else first, *rest])
