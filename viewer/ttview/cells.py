"""Rows of text as prompt_toolkit's cells, made once for each row."""

from collections.abc import Callable, Sequence
from typing import Final

from prompt_toolkit.layout.screen import Char

from ttview.frame import Piece
from ttview.rows import Row
from ttwire.record import Record

MAX_CELLS_KEPT: Final = 100_000
"""Distinct characters in distinct styles. prompt_toolkit's own cache holds ten times as many,
which log text in many scripts would fill."""

BLANK: Final = Char(" ", "")
"""What stands where nothing does; the one cell of a space without style."""

_cells: Final[dict[tuple[str, str], Char]] = {(" ", ""): BLANK}

LinkToken = Callable[[Record], str]
"""The style token that makes cells a link to a record's trace; empty where there is none."""


def cell(character: str, style: str) -> Char:
    """The one cell of this character and style, so that equal cells are the same object."""
    key = (character, style)
    found = _cells.get(key)
    if found is None:
        if len(_cells) >= MAX_CELLS_KEPT:
            _cells.clear()
            _cells[" ", ""] = BLANK
        found = _cells[key] = Char(character, style)
    return found


def cells_of(row: Row) -> list[Char]:
    """One cell for each column; a wide character is followed by an empty one."""
    made = row.cells
    if made is None:
        made = []
        known = _cells
        for style, text in row.fragments:
            for character in text:
                one = known.get((character, style)) or cell(character, style)
                width = one.width
                if width == 1:
                    made.append(one)
                elif width:
                    made.append(one)
                    made.extend([cell("", style)] * (width - 1))
                elif made:  # a combining mark belongs to the cell before it
                    made[-1] = cell(made[-1].char + character, made[-1].style)
        row.cells = made
    return made


def pieced(piece: Piece, link_token: LinkToken | None) -> list[Char]:
    """A piece's cells, with what is not part of its row: link, cursor style, gutter."""
    cells = cells_of(piece.row)
    link = piece.row.link
    token = link_token(link.record) if link is not None and link_token is not None else ""
    if not token and not piece.style and not piece.gutter:
        return cells
    cells = list(cells)
    if token and link is not None:
        for at in range(link.start, min(link.end, len(cells))):
            cells[at] = cell(cells[at].char, f"{cells[at].style} {token}")
    if piece.gutter and cells:
        cells[0] = cell(piece.gutter, "class:accent")
    if piece.style:
        cells = [cell(one.char, one.style + piece.style) for one in cells]
    return cells


def joined(pieces: Sequence[Piece], width: int, link_token: LinkToken | None) -> list[Char]:
    """The cells of a whole screen row; pieces come from left to right."""
    made: list[Char] = []
    for piece in pieces:
        if piece.x > len(made):
            made += [BLANK] * (piece.x - len(made))
        made += pieced(piece, link_token)
    if len(made) != width:
        made = made[:width] + [BLANK] * (width - len(made))
    return made
