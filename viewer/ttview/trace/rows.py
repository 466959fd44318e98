"""A trace as rows: one about all of it, the axis, and a bar a span."""

from collections.abc import Iterator, Sequence
from typing import Final

from ttview import columns
from ttview.glyphs import Glyphs, lettered
from ttview.marking import Fragment
from ttview.rows import Link, Row, clipped
from ttview.sanitise import visible
from ttview.style import key_class
from ttview.times import epoch_seconds
from ttview.trace.axis import Axis, spell
from ttview.trace.bar import Bar, draw
from ttview.trace.tree import Node
from ttview.trace.waterfall import Waterfall

NAME_SHARE: Final = 0.4
NAME_LEAST: Final = 18
NAME_MOST: Final = 60
DURATION_CELLS: Final = 8
INDENT: Final = 2
MAX_INDENT: Final = 24


def name_cells(width: int) -> int:
    """The width of the column of names in rows of `width` cells."""
    return min(max(int(width * NAME_SHARE), NAME_LEAST), NAME_MOST, width - DURATION_CELLS - 8)


def bars(fall: Waterfall, places: range, width: int, glyphs: Glyphs, *, cursor: int) -> list[Row]:
    """The axis, then a row for each place among the shown spans; empty ones past the last."""
    names = name_cells(width)
    room = width - names - DURATION_CELLS - 2
    made = [_axis_row(fall.axis, names + DURATION_CELLS + 2, room, glyphs)]
    gaps = [(start, end) for start, end, _ in fall.axis.breaks(room)]
    for place in places:
        if place < len(fall.shown):
            node = fall.shown[place]
            made.append(_span_row(fall, node, names, room, gaps, glyphs, place == cursor))
        else:
            made.append(Row([]))
    return made


def summary(fall: Waterfall, refused: str, width: int, glyphs: Glyphs) -> Row:
    """One row about the whole trace; its id is a link."""
    forest = fall.forest
    made: list[Fragment] = [("", " "), ("class:trace", fall.trace_id), ("", " ")]
    if fall.trace is not None and forest.nodes:
        count = sum(node.span is not None for node in forest.nodes)
        words = [f" {count} span{'s' if count != 1 else ''}"]
        if forest.first is not None and forest.last is not None:
            broken = sum(p.end - p.start for p in fall.axis.pieces if p.is_break)
            words.append(lettered(spell(forest.last - forest.first - broken), glyphs))
            if broken:
                words.append(f"+ {lettered(spell(broken), glyphs)} waiting")
        made.append(("class:dim", "  ".join(words)))
        if forest.failed:
            made.append(("class:level.error", f"  {forest.failed} failed"))
        if fall.is_told:
            made.append(("class:gap", "  drawn from records: no span has come yet"))
        elif len(fall.shown) < len(forest.nodes):
            why = "not shown" if fall.find or fall.least_us else "folded"
            made.append(("class:dim", f"  {len(forest.nodes) - len(fall.shown)} {why}"))
        if fall.find or fall.least_us:
            wanted = fall.find or f">{spell(fall.least_us)}"
            made.append(("class:hit", f" {visible(wanted, 40)} "))
    bad = (
        [s for s in fall.trace.sources if s.state not in {"ok", "not_found"}] if fall.trace else []
    )
    if bad:
        text = f"  {visible(bad[0].name, 30)}: {visible(bad[0].detail or bad[0].state, 80)}"
        text += f", and {len(bad) - 1} more (d)" if len(bad) > 1 else ""
        made.append(("class:level.warn", text))
    if refused and fall.trace is not None:
        made.append(("class:level.warn", f"  not renewed: {refused}"))
    return Row(clipped(made, width, glyphs.more), Link(1, 1 + len(fall.trace_id), fall.record))


def _axis_row(axis: Axis, left: int, width: int, glyphs: Glyphs) -> Row:
    cells = [" "] * width
    for tick in axis.ticks(width):
        for offset, char in enumerate(lettered(tick.label, glyphs)):
            cells[tick.x + offset] = char
    for start, end, length in axis.breaks(width):
        short = lettered(spell(length), glyphs)
        label = f"{short} idle"
        room = end - start
        text = label if len(label) <= room else short if len(short) <= room else ""
        for x in range(start, end):
            cells[x] = glyphs.gap
        for offset, char in enumerate(text):
            cells[start + (room - len(text)) // 2 + offset] = char
    return Row([("class:heading", " " * left + "".join(cells))])


def _span_row(
    fall: Waterfall,
    node: Node,
    names: int,
    width: int,
    gaps: Sequence[tuple[int, int]],
    glyphs: Glyphs,
    is_cursor: bool,
) -> Row:
    style = service_style(node)
    failed = node.failed
    is_folded = bool(node.children) and fall.shown_folded(node)
    flag = ("class:level.error", glyphs.states["failed"]) if failed else ("", " ")
    if not failed and node.failed_below:
        flag = ("class:level.error", "o" if glyphs.rule == "-" else "○")
    sign = (glyphs.fold if is_folded else glyphs.open) if node.children else " "
    depth = min(node.depth * INDENT, MAX_INDENT)
    name = clipped(
        [
            flag,
            (style, f"{_gutter(node)} "),
            ("class:tree", " " * depth + sign + " "),
            *_name(node, is_folded, failed),
        ],
        names,
        glyphs.more,
    )
    used = sum(columns.cells(text) for _, text in name)
    made = [*name, ("", " " * (names - used))]
    made.append(("class:duration", f"{lettered(_duration(node), glyphs):>{DURATION_CELLS}} "))
    if is_cursor:
        made = [(f"{one} class:cursor", text) for one, text in made]
    made.append(("class:border", glyphs.bar))
    return Row(made + _bar(fall, node, width, gaps, glyphs, style))


def service_style(node: Node) -> str:
    service = node.span.service if node.span is not None else None
    return key_class(service) if service else "class:dim"


def _gutter(node: Node) -> str:
    """Two letters of the service, so that it is told without colour too."""
    service = node.span.service if node.span is not None else None
    letters = [char for char in service or "" if char.isalnum() and char.isascii()]
    return "".join(letters[:2]).lower().ljust(2) if letters else "  "


def _name(node: Node, is_folded: bool, failed: bool) -> Iterator[Fragment]:
    span = node.span
    if span is None:
        yield "class:gap", f"(span {node.span_id[-8:]} never came)"
    else:
        if span.service:
            yield "class:field", f"{visible(span.service, 30)} "
        yield "class:message.error" if failed else "", visible(span.name, 100) or "(no name)"
        if span.open:
            yield "class:state.running", " runs"
    if node.is_cut:
        yield "class:gap", " (its parents go in a circle)"
    if node.is_skewed:
        yield "class:gap", " (clock)"
    if is_folded:
        told = f" +{node.below}"
        if node.failed_below:
            told += f", {node.failed_below} failed"
        yield "class:dim", told


def _duration(node: Node) -> str:
    span = node.span
    if span is None:
        return ""
    if node.times is None:
        return "no time"
    return spell(span.duration_us)


def _bar(
    fall: Waterfall,
    node: Node,
    width: int,
    gaps: Sequence[tuple[int, int]],
    glyphs: Glyphs,
    style: str,
) -> list[Fragment]:
    axis = fall.axis
    own = node.times
    if own is None and (node.first is None or node.last is None):
        return draw(Bar(-2, -1, style), width, glyphs, gaps)
    first, last = own if own is not None else (node.first or 0, node.last or 0)
    critical: list[tuple[float, float]] | None = None
    if fall.critical:
        critical = [(axis.x(begin, width), axis.x(end, width)) for begin, end in node.critical]
    told = fall.of_span.get(node.span_id, ()) if node.span is not None else ()
    dots = [
        (axis.x(round(at * 1e6), width), record.level)
        for record in told
        if (at := epoch_seconds(record.timestamp)) is not None
    ]
    span = node.span
    bar = Bar(
        axis.x(first, width),
        axis.x(last, width),
        style if own is not None else "class:dim",
        critical,
        dots,
        after=f"{len(told)} record{'s'[: len(told) != 1]}" if told else "",
        is_open=span is not None and span.open,
        is_failed=node.failed,
    )
    return draw(bar, width, glyphs, gaps)
