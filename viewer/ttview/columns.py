"""Which columns a row has, and how wide each is."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from prompt_toolkit.utils import get_cwidth


class Column(NamedTuple):
    """`width` 0 lets it grow with what was seen, up to `most`. `@path` names any field."""

    name: str
    width: int = 0

    @property
    def title(self) -> str:
        return self.name.removeprefix("@").rpartition(".")[2]


class Fitted(NamedTuple):
    """A column with its cells on this screen."""

    name: str
    title: str
    width: int


DEFAULT: Final = tuple(map(Column, ("time", "level", "job", "worker", "message", "trace")))

KNOWN: Final = (
    *("time", "level", "job", "worker", "queue", "attempt", "message", "trace", "span", "agent"),
)
"""Members of a record that can be a column; any other is `@path`."""

_FIXED: Final = {"level": 5, "trace": 8, "span": 8, "attempt": 3}
_LEAST: Final = {"job": 8, "worker": 6, "queue": 5, "agent": 5}
_MOST: Final = {"job": 28, "worker": 16, "queue": 14, "agent": 12}
_FIELD_LEAST: Final = 6
_FIELD_MOST: Final = 20

MIN_MESSAGE_CELLS: Final = 32
"""Other columns shrink, then go, before the message gets fewer cells."""

_FIRST_TO_GO: Final = ("agent", "span", "attempt", "trace", "queue", "worker", "job", "time")

SEPARATOR_CELLS: Final = 2


def parse(words: Sequence[str]) -> tuple[Column, ...]:
    """Columns from words like `time job:30 @customer.tier message`.

    Raises:
        ValueError: a name that is no member, a width that is no number; says which.
    """
    made: list[Column] = []
    for word in words:
        name, colon, width = word.rpartition(":") if ":" in word else (word, "", "")
        if name not in KNOWN and not name.startswith("@"):
            raise ValueError(f'no column "{name}": one of {", ".join(KNOWN)}, or @field')
        if colon and not (width.isdigit() and 0 < int(width) <= 200):
            raise ValueError(f'"{width}" is no width for {name}: 1 to 200')
        made.append(Column(name, int(width or 0)))
    if not made:
        raise ValueError("name at least one column")
    return tuple(made)


def spell(columns: Sequence[Column]) -> str:
    """The text `parse` reads back."""
    return " ".join(f"{name}:{width}" if width else name for name, width in columns)


def fit(
    columns: Sequence[Column], width: int, seen: Mapping[str, int], time_cells: int
) -> tuple[Fitted, ...]:
    """Widths that fill `width` cells with the message taking what is left.

    `seen` is the widest value met in a column. Where room is short, columns give up their
    least important members first: optional ones go, then grown ones shrink.
    """
    chosen = [one for one in columns if one.name != "time" or time_cells]
    wanted = {one.name: _wanted(one, seen, time_cells) for one in chosen}
    going = [name for name in _FIRST_TO_GO if name in wanted]
    while going and _used(wanted) + MIN_MESSAGE_CELLS > width:
        name = going[0]
        least = _LEAST.get(name, wanted[name])
        short = _used(wanted) + MIN_MESSAGE_CELLS - width
        if wanted[name] - short >= least:
            wanted[name] -= short
        else:
            del wanted[name]
            going.pop(0)
    if "message" in wanted:
        wanted["message"] = max(width - _used(wanted), 1)
    return tuple(
        Fitted(one.name, one.title, wanted[one.name]) for one in chosen if one.name in wanted
    )


def _used(wanted: Mapping[str, int]) -> int:
    """Cells of all but the message, with a separator after each."""
    return sum(width + SEPARATOR_CELLS for name, width in wanted.items() if name != "message")


def _wanted(column: Column, seen: Mapping[str, int], time_cells: int) -> int:
    name = column.name
    if name == "message":
        return 0
    if column.width:
        return column.width
    if name == "time":
        return time_cells
    if name in _FIXED:
        return _FIXED[name]
    least = _LEAST.get(name, _FIELD_LEAST)
    most = _MOST.get(name, _FIELD_MOST)
    return min(max(seen.get(name, 0), least, len(column.title)), most)


def cells(text: str) -> int:
    """Display width; text is printable, as `sanitise.visible` leaves it.

    Summed by character: prompt_toolkit keeps the width of every longer text it was ever asked.
    """
    return len(text) if text.isascii() else sum(map(get_cwidth, text))


def cut(text: str, width: int, more: str) -> str:
    """Exactly `width` cells: padded, or cut with a sign that there is more."""
    if width <= 0:
        return ""
    size = cells(text)
    if size <= width:
        return text + " " * (width - size)
    kept = take(text, 0, width - 1)
    return kept + " " * (width - 1 - cells(kept)) + more


def middle(text: str, width: int, more: str, tail: int = 6) -> str:
    """As `cut`, but with the end kept: names of jobs differ there."""
    size = cells(text)
    if size <= width or width < 2 * tail:
        return cut(text, width, more)
    end = text[-tail:]
    return cut(take(text, 0, width - 1 - cells(end)) + more + end, width, more)


def take(text: str, offset: int, width: int) -> str:
    """The part of `text` that stands at cells `offset` up to `offset + width`, not padded.

    A wide character cut by an edge becomes a space.
    """
    if text.isascii():
        return text[offset : offset + width]
    out: list[str] = []
    at = 0
    for character in text:
        size = get_cwidth(character)
        if at >= offset + width and size:
            break
        if at >= offset and (at < offset + width or not size):
            out.append(character if at + size <= offset + width else " ")
        elif at < offset < at + size:
            out.append(" " * (at + size - offset))
        at += size
    return "".join(out)


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken after a space near the edge, else hard."""
    lines: list[str] = []
    while cells(text) > width:
        line = text[: max(_fitting(text, width), 1)]
        space = line.rfind(" ")
        if space > len(line) * 3 // 4:
            line = line[: space + 1]
        lines.append(line)
        text = text[len(line) :]
    lines.append(text)
    return lines


def _fitting(text: str, width: int) -> int:
    """How many characters from the start fit into `width` cells, with the marks they bear."""
    if text.isascii():
        return width
    used = 0
    for at, character in enumerate(text):
        used += get_cwidth(character)
        if used > width:
            return at
    return len(text)
