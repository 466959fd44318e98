"""The whole screen as rows of text: which piece stands where."""

from typing import Final, NamedTuple

from ttview import bars, columns, helping, peek, side, strip, times
from ttview.beside import account
from ttview.entry import Entry
from ttview.keys import ALL, Key
from ttview.model import Model
from ttview.rows import Row, clipped
from ttview.trace import link as tracelink
from ttview.window import Line

LABEL_CELLS: Final = 2
"""Around the label of a prompt."""


class Piece(NamedTuple):
    """A row of text at a column; `style` is added to all of it, `gutter` stands at its start."""

    x: int
    row: Row
    style: str = ""
    gutter: str = ""


Frame = list[list[Piece]]
"""For each screen row the pieces on it, which do not overlap."""


def draw(model: Model, bound: tuple[Key, ...] = ALL) -> Frame:
    """Every row of the screen, `model.height` of them."""
    areas = model.areas
    frame: Frame = [[Piece(0, bars.header(model))]]
    if model.focus == "help":
        rows, model.help_top = helping.rows(
            bound,
            model.help_of,
            model.help_top,
            width=areas.width,
            height=areas.middle,
            glyphs=model.glyphs,
        )
        frame += [[Piece(0, row)] for row in rows]
    else:
        frame += _middle(model)
    frame += [[Piece(0, bars.filter_line(model))], [Piece(0, _last(model))]]
    return frame[: model.height]


def _middle(model: Model) -> Frame:
    areas = model.areas
    if model.pane is not None:
        found = model.pane.rows(areas.log, areas.middle, model)
        main = [[Piece(areas.side, row)] for row in found]
    else:
        main = _log(model)
        if model.peek is not None and areas.peek:
            main += [
                [Piece(areas.side, row)]
                for row in peek.rows(
                    model.peek,
                    model.rows.look,
                    account(model, model.peek.record.job),
                    tracelink.url(model.peek.record, model.about),
                    width=areas.log,
                    height=areas.peek,
                    focused=model.focus == "peek",
                )
            ]
    main += [[] for _ in range(areas.middle - len(main))]
    if areas.side:
        return [[*_side, *pieces] for _side, pieces in zip(_side_pane(model), main, strict=True)]
    return main


def _side_pane(model: Model) -> Frame:
    areas = model.areas
    scope = model.view.scope
    focused = model.focus == "side"
    drawing = side.Drawing(
        width=areas.side - 1,
        height=areas.middle,
        now=model.now,
        glyphs=model.glyphs,
        focused=focused,
        scope=scope.key if scope is not None else None,
        share=model.share,
    )
    border = Row([("class:border.focus" if focused else "class:border", model.glyphs.bar)])
    return [
        [Piece(0, row), Piece(areas.side - 1, border)] for row in side.rows(model.side, drawing)
    ]


def _log(model: Model) -> Frame:
    areas = model.areas
    made: Frame = [[Piece(areas.side, _strip(model))]] if areas.strip else []
    if areas.heading:
        made.append([Piece(areas.side, bars.heading(model))])
    lines = model.window.lines()
    if not lines:
        made += _empty(model)
    above: Line | None = None
    for number, line in enumerate(lines):
        if line is None:
            is_edge = number + 1 < len(lines) and lines[number + 1] is not None
            made.append([Piece(areas.side, _edge(model))] if is_edge else [])
            continue
        row = model.rows.row(
            line.item,
            line.part,
            now=model.now,
            above=None if above is None or above.item is line.item else above.item,
        )
        made.append([_log_piece(model, line, row, is_first=number == 0)])
        above = line
    made += [[] for _ in range(areas.strip + areas.heading + areas.body - len(made))]
    return made


def _strip(model: Model) -> Row:
    drawing = strip.Drawing(model.areas.log, model.now, model.glyphs, times.zone(model.zone))
    return model.strip.row(model.window.shown(), model.window.record(), drawing)


def _log_piece(model: Model, line: Line, row: Row, *, is_first: bool) -> Piece:
    x = model.areas.side
    if not line.is_cursor or (model.window.follow and model.peek is None):
        return Piece(x, row)
    if line.part and not is_first:
        return Piece(x, row)
    style = " class:cursor" if model.focus == "log" else " class:here"
    marked = isinstance(line.item, Entry) and line.item.record.id in model.rows.marked
    return Piece(x, row, style, model.glyphs.mark if marked else model.glyphs.cursor)


def _edge(model: Model) -> Row:
    told = {
        "more": "older records are on their way",
        "asked": "older records could not be had: g asks again",
        "oldest": "the oldest record the sink holds",
    }[model.window.held.top]
    glyphs = model.glyphs
    text = f"{glyphs.rule * 6} {told} {glyphs.rule * 6}"
    return Row(clipped([("class:edge", text)], model.areas.log, glyphs.more))


def _empty(model: Model) -> Frame:
    """Why there is nothing to see, and what to do about it."""
    told, hint = _reason(model)
    width = model.areas.log
    made: Frame = [[] for _ in range(max(model.areas.body // 3, 0))]
    for style, text in (("class:strong", told), ("class:dim", hint)):
        padded = " " * max((width - columns.cells(text)) // 2, 1) + text
        made.append([Piece(model.areas.side, Row(clipped([(style, padded)], width, "")))])
    return made[: model.areas.body]


def _reason(model: Model) -> tuple[str, str]:
    state = model.connection.state
    if model.window.cleared:
        return "cleared", "what comes from now on is shown; C brings the rest back"
    if state == "connecting":
        return "connecting", model.source_name
    if state in {"waiting", "refused"}:
        return "not connected", model.connection.detail or "^R tries again at once"
    if not model.query.asked.keeps_everything:
        return "no record matches", "u drops the filter, x shows what is around matches"
    if state == "ended":
        return "there is no record in this input", model.source_name
    return "no records yet", "they appear here as soon as the agent sends them"


def _last(model: Model) -> Row:
    """The status line; while a prompt is wrong, what is wrong with it and where."""
    prompt = model.prompt
    if prompt is None or not prompt.error:
        return bars.status(model)
    style = "class:prompt.error"
    if prompt.error_column is None:
        return Row(clipped([(style, f" {prompt.error}")], model.width, model.glyphs.more))
    at = min(len(prompt.label) + LABEL_CELLS + prompt.error_column - 1, model.width - 1)
    told = prompt.error
    text = f"{' ' * at}^ {told}"
    if columns.cells(text) > model.width and len(told) < at:
        text = f"{told.rjust(at - 1)} ^"
    return Row(clipped([(style, text)], model.width, model.glyphs.more))
