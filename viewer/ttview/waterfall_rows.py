"""The trace pane as rows: summary, axis, a bar a span, and the records or the facts of one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ttview import columns, times
from ttview.glyphs import Glyphs
from ttview.marking import Fragment
from ttview.rows import Row, clipped
from ttview.sanitise import visible
from ttview.spanbar import Bar, draw
from ttview.spantree import Node
from ttview.style import key_class
from ttview.timeaxis import Axis, spell
from ttview.times import epoch_seconds
from ttwire.record import Record
from ttwire.span import Span

if TYPE_CHECKING:
    from ttview.model import Model
    from ttview.waterfall import Waterfall

NAME_SHARE: Final = 0.4
NAME_LEAST: Final = 18
NAME_MOST: Final = 60
DURATION_CELLS: Final = 8
LOWER_SHARE: Final = 0.35
LOWER_LEAST: Final = 4
"""Rows of the list below the bars; a lower screen has the bars alone."""

MAX_FACT_CHARACTERS: Final = 2_000
INDENT: Final = 2
MAX_INDENT: Final = 24


def rows(pane: "Waterfall", width: int, height: int, model: "Model") -> list[Row]:
    """Exactly `height` rows, none wider than `width`."""
    glyphs = model.glyphs
    made = [_summary(pane, width, glyphs)]
    if not pane.shown:
        made += _nothing(pane, width, model)
        return (made + [Row([])] * height)[:height]
    names = min(max(int(width * NAME_SHARE), NAME_LEAST), NAME_MOST, width - DURATION_CELLS - 8)
    bars = width - names - DURATION_CELLS - 2
    lower = max(int(height * LOWER_SHARE), LOWER_LEAST) if height > 3 * LOWER_LEAST else 0
    upper = height - len(made) - 1 - lower
    if lower and len(pane.shown) + 1 < upper:
        lower, upper = lower + upper - len(pane.shown) - 1, len(pane.shown) + 1
    made.append(_axis_row(pane.axis, names + DURATION_CELLS + 2, bars, glyphs))
    pane.page_rows = max(upper - 1, 1)
    pane.top = min(max(pane.top, pane.at - upper + 1), pane.at)
    pane.top = max(min(pane.top, len(pane.shown) - upper), 0)
    gaps = [(start, end) for start, end, _ in pane.axis.breaks(bars)]
    for place in range(pane.top, pane.top + upper):
        if place >= len(pane.shown):
            made.append(Row([]))
            continue
        made.append(_span_row(pane, pane.shown[place], names, bars, gaps, glyphs, place == pane.at))
    if lower:
        made += _lower(pane, width, lower, model)
    return made[:height]


def _nothing(pane: "Waterfall", width: int, model: "Model") -> list[Row]:
    if pane.refused:
        told = f"the trace could not be read: {pane.refused}"
    elif pane.trace is None:
        told = "asking for the trace" + model.glyphs.more
    else:
        told = "neither a span nor a record of this trace is here (yet)"
    found = [Row(clipped([("class:strong", f"  {told}")], width, model.glyphs.more))]
    for source in pane.trace.sources if pane.trace is not None else ():
        text = f"  {visible(source.name, 40)}: {source.detail or source.state}"
        found.append(Row(clipped([("class:dim", visible(text, 200))], width, model.glyphs.more)))
    return found


def _summary(pane: "Waterfall", width: int, glyphs: Glyphs) -> Row:
    forest = pane.forest
    made: list[Fragment] = [("class:trace", f" {pane.trace_id} ")]
    if pane.trace is not None and forest.nodes:
        count = sum(node.span is not None for node in forest.nodes)
        words = [f" {count} span{'s' if count != 1 else ''}"]
        if forest.first is not None and forest.last is not None:
            broken = sum(p.end - p.start for p in pane.axis.pieces if p.is_break)
            words.append(spell(forest.last - forest.first - broken))
            if broken:
                words.append(f"+ {spell(broken)} waiting")
        made.append(("class:dim", "  ".join(words)))
        if forest.failed:
            made.append(("class:level.error", f"  {forest.failed} failed"))
        if pane.is_told:
            made.append(("class:gap", "  drawn from records: no span has come yet"))
        elif len(pane.shown) < len(forest.nodes):
            made.append(("class:dim", f"  {len(forest.nodes) - len(pane.shown)} folded"))
        if pane.find or pane.least_us:
            wanted = pane.find or f">{spell(pane.least_us)}"
            made.append(("class:hit", f" {visible(wanted, 40)} "))
    bad = (
        [s for s in pane.trace.sources if s.state not in {"ok", "not_found"}] if pane.trace else []
    )
    if bad:
        text = f"  {visible(bad[0].name, 30)}: {visible(bad[0].detail or bad[0].state, 80)}"
        made.append(("class:level.warn", text))
    if pane.refused:
        made.append(("class:level.warn", f"  not renewed: {pane.refused}"))
    return Row(clipped(made, width, glyphs.more))


def _axis_row(axis: Axis, left: int, width: int, glyphs: Glyphs) -> Row:
    cells = [" "] * width
    for tick in axis.ticks(width):
        for offset, char in enumerate(tick.label):
            cells[tick.x + offset] = char
    for start, end, length in axis.breaks(width):
        label = f"{spell(length)} idle"
        room = end - start
        text = label if len(label) <= room else spell(length) if len(spell(length)) <= room else ""
        for x in range(start, end):
            cells[x] = glyphs.gap
        for offset, char in enumerate(text):
            cells[start + (room - len(text)) // 2 + offset] = char
    return Row([("class:heading", " " * left + "".join(cells))])


def _span_row(
    pane: "Waterfall",
    node: Node,
    names: int,
    width: int,
    gaps: Sequence[tuple[int, int]],
    glyphs: Glyphs,
    is_cursor: bool,
) -> Row:
    style = service_style(node)
    failed = node.failed
    is_folded = bool(node.children) and pane.shown_folded(node)
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
    made.append(("class:duration", f"{_duration(node):>{DURATION_CELLS}} "))
    if is_cursor:
        made = [(f"{one} class:cursor", text) for one, text in made]
    made.append(("class:border", glyphs.bar))
    return Row(made + _bar(pane, node, width, gaps, glyphs, style))


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
    pane: "Waterfall",
    node: Node,
    width: int,
    gaps: Sequence[tuple[int, int]],
    glyphs: Glyphs,
    style: str,
) -> list[Fragment]:
    axis = pane.axis
    own = node.times
    if own is None and (node.first is None or node.last is None):
        return draw(Bar(-2, -1, style), width, glyphs, gaps)
    first, last = own if own is not None else (node.first or 0, node.last or 0)
    critical: list[tuple[float, float]] | None = None
    if pane.critical:
        critical = [(axis.x(begin, width), axis.x(end, width)) for begin, end in node.critical]
    told = pane.of_span.get(node.span_id, ()) if node.span is not None else ()
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
        after=f"{len(told)} log" if told else "",
        is_open=span is not None and span.open,
        is_failed=node.failed,
    )
    return draw(bar, width, glyphs, gaps)


def _lower(pane: "Waterfall", width: int, height: int, model: "Model") -> list[Row]:
    glyphs = model.glyphs
    node = pane.node
    span = node.span if node is not None else None
    if pane.detail and span is not None:
        title = f"{visible(span.name, 60)}: everything about it"
        facts_ = [
            clipped([(style, f" {visible(text, MAX_FACT_CHARACTERS)}")], width, glyphs.more)
            for style, text in facts(span, share=model.share)
        ]
        body = [Row(line) for line in facts_]
    else:
        found = pane.records()
        whose = "the trace" if pane.whole or span is None else f"{visible(span.name, 60)}"
        title = f"records of {whose}: {len(found)}"
        pane.records_top = min(pane.records_top, max(len(found) - height + 1, 0))
        shown = found[pane.records_top : pane.records_top + height - 1]
        body = [_record_row(record, width, model) for record in shown]
        if not found:
            told = " none with its span id; A shows all of the trace"
            body = [Row(clipped([("class:dim", told)], width, glyphs.more))]
    if pane.detail and span is not None:
        pane.records_top = min(pane.records_top, max(len(body) - height + 1, 0))
        body = body[pane.records_top :]
    rule = f"{glyphs.rule * 2} {title} "
    rule += glyphs.rule * max(width - columns.cells(rule), 0)
    head = Row(clipped([("class:border", rule)], width, glyphs.more))
    return ([head, *body] + [Row([])] * height)[:height]


def _record_row(record: Record, width: int, model: "Model") -> Row:
    zone = times.zone(model.zone)
    level = record.level or ""
    made: list[Fragment] = [
        ("class:time", f" {times.clock(record.timestamp, zone):<12} "),
        (f"class:level.{level}" if level else "", f"{level:<5} "),
    ]
    if record.job:
        made.append((key_class(record.job), f"{visible(record.job, 28)} "))
    text = visible(record.message.partition("\n")[0], 1_000)
    if model.share:
        text = model.glyphs.hidden * min(len(text), 24)
    made.append((f"class:message.{level}" if level in {"warn", "error"} else "", text))
    return Row(clipped(made, width, model.glyphs.more))


def facts(span: Span, *, share: bool = False) -> list[tuple[str, str]]:
    """Everything about a span, one fact a line: (style, text)."""
    made = [
        ("class:strong", f"{span.name}"),
        ("class:value", f"service: {span.service or '-'}   kind: {span.kind or '-'}"),
        ("class:value", f"took: {spell(span.duration_us)}"),
        ("class:value", f"span: {span.span_id}   parent: {span.parent_id or '-'}"),
    ]
    if span.status != "unset" or span.status_message:
        style = "class:level.error" if span.status == "error" else "class:value"
        made.append((style, f"status: {span.status} {span.status_message or ''}".rstrip()))
    for event in span.events:
        made.append(("class:value", f"at {spell(event.time - span.start)}: {event.name}"))
        made += [("class:field", f"    {line}") for line in _lines(event.attributes, share)]
    made += [("class:field", line) for line in _lines(span.attributes, share)]
    return made


def _lines(attributes: Mapping[str, Any], share: bool) -> Iterator[str]:
    for name, value in attributes.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        yield f"{name}: {'(hidden)' if share else text}"
