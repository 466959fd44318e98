"""Where a moment of a trace stands on the screen.

Idle stretches that would leave no room for the work (the hours a job waited in its queue) are
broken: they take a few cells, and say how long they are. Zoom and pan work on what is left.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

BREAK_FACTOR: Final = 2
"""An idle stretch over so many times the sum of all busy time is broken."""

BREAK_SHARE: Final = 0.12
"""Of the width, at most, for one break; three of them still leave two thirds to the work."""

MAX_BREAKS: Final = 3
MIN_ZOOM: Final = 1 / 4_096
TICK_CELLS: Final = 12
"""Between two ticks at least: a label and some room."""

_UNITS: Final = (
    (3_600_000_000, "h"),
    (60_000_000, "m"),
    (1_000_000, "s"),
    (1_000, "ms"),
    (1, "µs"),
)


class Piece(NamedTuple):
    """A stretch of time and where it stands, as shares of the whole; `is_break` for idle ones."""

    start: int
    end: int
    left: float
    right: float
    is_break: bool


class Tick(NamedTuple):
    x: int
    label: str


class Axis:
    """From the first to the last moment, microseconds; `left` and `span` are the zoom."""

    def __init__(self, first: int, last: int, busy: Sequence[tuple[int, int]] = ()) -> None:
        self.first = first
        self.last = max(last, first + 1)
        self.pieces = _pieces(self.first, self.last, busy)
        self._starts = [piece.start for piece in self.pieces]
        self.left = 0.0
        self.span = 1.0

    def share(self, moment: int) -> float:
        """0 at the first moment, 1 at the last; the zoom left aside."""
        moment = min(max(moment, self.first), self.last)
        piece = self.pieces[max(bisect_right(self._starts, moment) - 1, 0)]
        within = (moment - piece.start) / max(piece.end - piece.start, 1)
        return piece.left + within * (piece.right - piece.left)

    def x(self, moment: int, width: int) -> float:
        """The cell, with its fraction; outside of 0 to `width` where it is not on the screen."""
        return (self.share(moment) - self.left) / self.span * width

    def zoom(self, factor: float, around: float = 0.5) -> None:
        """`around` is a share of what is shown, and stays where it is."""
        at = self.left + around * self.span
        self.span = min(1.0, max(MIN_ZOOM, self.span * factor))
        self.left = min(max(at - around * self.span, 0.0), 1.0 - self.span)

    def pan(self, by: float) -> None:
        self.left = min(max(self.left + by * self.span, 0.0), 1.0 - self.span)

    def reset(self) -> None:
        self.left, self.span = 0.0, 1.0

    def breaks(self, width: int) -> list[tuple[int, int, int]]:
        """(first cell, cell after, microseconds) of each break that is on the screen."""
        found = []
        for piece in self.pieces:
            if not piece.is_break:
                continue
            begin = round((piece.left - self.left) / self.span * width)
            end = round((piece.right - self.left) / self.span * width)
            if end > 0 and begin < width:
                found.append((max(begin, 0), min(end, width), piece.end - piece.start))
        return found

    def ticks(self, width: int) -> list[Tick]:
        """Round moments in steps of 1, 2 or 5, counted from the start of each piece.

        One unit for all, no two equal labels side by side, none over another.
        """
        most = max(2, width // TICK_CELLS)
        working = [piece for piece in self.pieces if not piece.is_break]
        shown = sum(
            (piece.end - piece.start) * _overlap(piece, self.left, self.left + self.span)
            for piece in working
        )
        step = round_step(max(shown, 1.0) / most)
        unit, name = next((pair for pair in _UNITS if step >= pair[0]), _UNITS[-1])
        made: list[Tick] = []
        free = 0
        for number, piece in enumerate(working):
            count = 0
            low = max(piece.start, self.moment(self.left))
            count = max((low - piece.start) // step, 0)
            while (at := piece.start + count * step) <= piece.end:
                x = round(self.x(at, width))
                if x >= width:
                    break
                label = _label(count * step, unit, name)
                if number and not count:
                    label = f"+{spell(piece.start - self.first)}"
                if x >= free and x >= 0 and x + len(label) <= width:
                    made.append(Tick(x, label))
                    free = x + len(label) + 1
                count += 1
        return made

    def moment(self, share: float) -> int:
        """The other way round: the moment at a share of the whole."""
        for piece in self.pieces:
            if share <= piece.right:
                within = (share - piece.left) / max(piece.right - piece.left, 1e-12)
                return round(piece.start + min(max(within, 0.0), 1.0) * (piece.end - piece.start))
        return self.last


def _overlap(piece: Piece, left: float, right: float) -> float:
    both = min(piece.right, right) - max(piece.left, left)
    return max(0.0, both / max(piece.right - piece.left, 1e-12))


def _pieces(first: int, last: int, busy: Sequence[tuple[int, int]]) -> list[Piece]:
    idle = [(before[1], after[0]) for before, after in pairwise(busy) if before[1] < after[0]]
    total = sum(end - start for start, end in busy)
    broken = sorted(
        sorted(
            (stretch for stretch in idle if stretch[1] - stretch[0] > BREAK_FACTOR * max(total, 1)),
            key=lambda stretch: stretch[0] - stretch[1],
        )[:MAX_BREAKS]
    )
    working = (last - first) - sum(end - start for start, end in broken)
    room = 1.0 - BREAK_SHARE * len(broken)
    pieces: list[Piece] = []
    at, left = first, 0.0
    for start, end in [*broken, (last, last)]:
        right = left + room * ((start - at) / max(working, 1))
        pieces.append(Piece(at, start, left, right, is_break=False))
        if end > start:
            pieces.append(Piece(start, end, right, right + BREAK_SHARE, is_break=True))
            right += BREAK_SHARE
        at, left = end, right
    pieces[-1] = pieces[-1]._replace(right=1.0)
    return pieces


def round_step(least: float) -> int:
    """The smallest of 1, 2, 5 times a power of ten that is no smaller; minutes go by 60."""
    if least > 30_000_000:
        for unit in (60_000_000, 3_600_000_000):
            for count in (1, 2, 5, 10, 15, 30):
                if unit * count >= least:
                    return unit * count
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10


def _label(offset: int, unit: int, name: str) -> str:
    if not offset:
        return "0"
    number = offset / unit
    return f"{number:.0f}{name}" if number == int(number) else f"{number:g}{name}"


def spell(microseconds: int) -> str:
    """A duration in at most seven characters: `38ms`, `1.24s`, `3h12m`."""
    if microseconds < 0:
        return f"-{spell(-microseconds)}"
    if microseconds < 1_000:
        return f"{microseconds}µs"
    if microseconds < 1_000_000:
        return f"{_three(microseconds / 1_000)}ms"
    if microseconds < 60_000_000:
        return f"{_three(microseconds / 1_000_000)}s"
    seconds = microseconds // 1_000_000
    if seconds < 3_600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86_400:
        return f"{seconds // 3_600}h{seconds % 3_600 // 60:02d}m"
    return f"{seconds // 86_400}d{seconds % 86_400 // 3_600:02d}h"


def _three(number: float) -> str:
    """Three digits that count, without trailing zeros."""
    text = f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
