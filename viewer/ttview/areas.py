"""How the screen is divided: header, side pane, log, record pane, filter line, status line."""

from typing import Final, NamedTuple

HEADER_ROWS: Final = 1
FOOTER_ROWS: Final = 2
"""The filter line and the status line."""

SIDE_CELLS: Final = 44
"""Of the side pane at its widest, its border included."""

MIN_BESIDE_CELLS: Final = 100
"""Narrower screens show the side pane only while it has the keys: the log needs the room."""

MIN_HEADED_ROWS: Final = 12
"""Screens lower than this have no column headings."""


class Areas(NamedTuple):
    """Cells and rows of each part. `side` includes its border; `body` are the log's own rows.

    `peek` includes its title row. `middle` is all between header and footer.
    """

    width: int
    height: int
    side: int
    log: int
    strip: int
    heading: int
    body: int
    peek: int
    middle: int


def arrange(
    width: int,
    height: int,
    *,
    side: bool,
    in_side: bool,
    peek: bool,
    full: bool,
    strip: bool = False,
) -> Areas:
    """Divides `width` x `height`; a part that finds no room is left out.

    `in_side`: the side pane has the keys.
    """
    middle = max(height - HEADER_ROWS - FOOTER_ROWS, 1)
    side_cells = 0
    if side and not full:
        if width >= MIN_BESIDE_CELLS:
            side_cells = min(SIDE_CELLS, width * 28 // 100)
        elif in_side:
            side_cells = min(SIDE_CELLS, max(width // 2, width - 24))
    heading = 1 if middle >= MIN_HEADED_ROWS else 0
    strip_rows = heading if strip else 0
    peek_rows = 0
    if peek and middle >= 6:
        peek_rows = max(middle * 45 // 100, 4)
    return Areas(
        width=width,
        height=height,
        side=side_cells,
        log=max(width - side_cells, 1),
        strip=strip_rows,
        heading=heading,
        body=max(middle - strip_rows - heading - peek_rows, 1),
        peek=peek_rows,
        middle=middle,
    )
