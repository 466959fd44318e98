"""One span as a bar in a row of cells, to an eighth of a cell, with its records as dots on it."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ttview.glyphs import Glyphs
from ttview.marking import Fragment

_ENDS: Final = " ▏▎▍▌▋▊▉█"
_STARTS: Final = " ▕▐█"
_RANKS: Final[Mapping[str | None, int]] = {
    None: 0, "trace": 1, "debug": 2, "info": 3, "warn": 4, "error": 5, "fatal": 6
}  # fmt: skip
_SHADED: Final = "▒"
_DOTS: Final = ("•", ".")
MAX_COUNTED: Final = 9


class Bar(NamedTuple):
    """Cells from `start` to `end`, with fractions, before clipping; `style` of its service.

    `critical` are stretches of the critical path, drawn solid and all else shaded; None draws
    all of it solid. `dots` are (cell, level) of records, `after` is text for the free side,
    `is_open` runs on.
    """

    start: float
    end: float
    style: str
    critical: Sequence[tuple[float, float]] | None = None
    dots: Sequence[tuple[float, str | None]] = ()
    after: str = ""
    is_open: bool = False
    is_failed: bool = False


def draw(bar: Bar, width: int, glyphs: Glyphs, breaks: Sequence[tuple[int, int]]) -> list[Fragment]:
    """Exactly `width` cells."""
    cells: list[Fragment] = [("", " ")] * width
    for start, end in breaks:
        for x in range(start, end):
            cells[x] = ("class:dim", glyphs.gap)
    if bar.end >= 0 and bar.start < width:
        is_ascii = glyphs.rule == "-"
        _fill(cells, bar, width, is_ascii=is_ascii)
        _mark(cells, bar, width, _DOTS[is_ascii])
    return _joined(cells)


def _fill(cells: list[Fragment], bar: Bar, width: int, *, is_ascii: bool) -> None:
    start, end = max(bar.start, 0.0), min(bar.end, float(width))
    first = min(int(start), width - 1)
    last = min(max(int(end - 1e-9), first), width - 1)
    for x in range(first, last + 1):
        is_solid = bar.critical is None or any(a < x + 1 and b > x for a, b in bar.critical)
        if is_ascii:
            char = ("#" if bar.critical is not None else "=") if is_solid else "-"
        else:
            char = _cell(x, start, end) if is_solid else _SHADED
        cells[x] = (bar.style, char)
    if is_ascii and bar.is_failed:
        cells[last] = (bar.style, "x")
    if bar.is_open:
        for x in range(max(last - 1, first), min(last + 2, width)):
            cells[x] = (bar.style, ">")
        last = min(last + 1, width - 1)
    _label(cells, bar.after, first, last, width)


def _cell(x: int, start: float, end: float) -> str:
    """What of one cell is covered; never nothing."""
    left, right = max(start - x, 0.0), min(end - x, 1.0)
    if left <= 0:
        return _ENDS[max(1, round(right * 8))]
    if right >= 1:
        return _STARTS[1 if left > 0.7 else 2 if left > 0.25 else 3]
    return "▎" if left < 0.5 else "▕"


def _label(cells: list[Fragment], text: str, first: int, last: int, width: int) -> None:
    """On the side with room, or nowhere."""
    if not text:
        return
    if last + 2 + len(text) <= width:
        at = last + 2
    elif first - 1 - len(text) >= 0:
        at = first - 1 - len(text)
    else:
        return
    if any(char != " " for _, char in cells[at : at + len(text)]):
        return
    for offset, char in enumerate(text):
        cells[at + offset] = ("class:dim", char)


def _mark(cells: list[Fragment], bar: Bar, width: int, dot: str) -> None:
    """Records as dots; of several in one cell the worst level, and how many."""
    held: dict[int, tuple[int, int, str | None]] = {}
    for at, level in bar.dots:
        if not 0 <= at <= width:
            continue
        x = min(int(at), width - 1)
        rank = _RANKS.get(level, 0)
        count, worst, name = held.get(x, (0, -1, None))
        held[x] = (count + 1, max(rank, worst), level if rank > worst else name)
    for x, (count, _, name) in held.items():
        char = dot if count == 1 else str(min(count, MAX_COUNTED))
        cells[x] = (f"class:level.{name or 'info'}", char)


def _joined(cells: list[Fragment]) -> list[Fragment]:
    """Neighbours of one style as one fragment."""
    made: list[Fragment] = []
    for style, char in cells:
        if made and made[-1][0] == style:
            made[-1] = (style, made[-1][1] + char)
        else:
            made.append((style, char))
    return made
