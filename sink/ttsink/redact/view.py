r"""A text as the layers of encoding inside it show it, with the way back to the source.

JSON nested in a string escapes its quotes and may write `@` as `\u0040`; a URL writes it as
`%40`, a URL in a URL as `%2540`. Each layer is undone once and searched; what is found there
is cut out of the source by position, so that everything around it stays byte for byte.
Colours are left out of what is searched: loggers put them right before a value.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ttsink.redact.rule import MARKED

MAX_LAYERS = 4
"""Layers of encoding that are undone: JSON in JSON in a URL in a URL, and no deeper. Every
layer costs another pass over a line that was already suspect."""

_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|x1b|033|[^\n])|%[0-9a-fA-F]{2}")
_COLOUR = re.compile(rb"\x1b\[[0-9;]{0,16}m")
COLOUR_SCAN = rb"(?:u001b|x1b|\\033)\["
COLOUR_ENCODED = re.compile(rb"\\+(?:u001b|x1b|033)\[[0-9;]{0,16}m")
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class _Piece(NamedTuple):
    """From `at` on, the text is the source from `source` on, or stands for all up to the next."""

    at: int
    source: int
    literal: bool


Edit = tuple[int, int, bytes]
"""Bounds of what is left out of a text, and what stands there instead."""


class View:
    """`text` is what patterns see; `source` gives the bounds in the text it was made from.

    Most views hold no value, so the way back is only worked out when it is asked for: by
    making the `edits` to the text of the `inner` view again.
    """

    __slots__ = ("_edits", "_inner", "_pieces", "_starts", "text")

    def __init__(
        self,
        text: bytes,
        inner: "View | None" = None,
        edits: Callable[[bytes], Iterator[Edit]] | None = None,
    ) -> None:
        self.text = text
        self._inner = inner
        self._edits = edits
        self._pieces: list[_Piece] = []
        self._starts: list[int] = []

    def source(self, start: int, end: int) -> tuple[int, int]:
        if self._inner is None or self._edits is None:
            return start, end
        if not self._pieces:
            self._pieces = _pieces(self._edits(self._inner.text))
            self._starts = [piece.at for piece in self._pieces]
        first = self._pieces[bisect_right(self._starts, start) - 1]
        begin = first.source + (start - first.at if first.literal else 0)
        index = bisect_right(self._starts, end - 1) - 1
        last = self._pieces[index]
        finish = last.source + (end - last.at) if last.literal else self._pieces[index + 1].source
        return self._inner.source(begin, finish)


def _pieces(edits: Iterator[Edit]) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = done = 0
    for start, end, instead in edits:
        if start > done:
            pieces.append(_Piece(at, done, literal=True))
            at += start - done
        pieces.append(_Piece(at, start, literal=False))
        at += len(instead)
        done = end
    pieces.append(_Piece(at, done, literal=True))
    return pieces


def _unescaped(found: re.Match[bytes]) -> bytes:
    return _meant(found[0])


@lru_cache(maxsize=1024)
def _meant(escape: bytes) -> bytes:
    """What one escape stands for; a single character, so that it can be remembered."""
    if escape[0] == 0x25:
        byte = int(escape[1:], 16)
        return b"\xef\xbf\xbd" if byte == MARKED[0] else bytes((byte,))
    if len(escape) == 4:
        return b"\x1b"
    if len(escape) == 6 and escape[1] == 0x75:
        return chr(int(escape[-4:], 16)).encode("utf-8", "surrogatepass")
    letter = escape[1:]
    return MARKED if letter == MARKED else _SHORT.get(letter, letter)


def _escapes(text: bytes) -> Iterator[Edit]:
    for found in _ESCAPE.finditer(text):
        yield found.start(), found.end(), _meant(found[0])


def _colours(text: bytes) -> Iterator[Edit]:
    return ((found.start(), found.end(), b"") for found in _COLOUR.finditer(text))


def _plain(view: View) -> View:
    if b"\x1b[" not in view.text:
        return view
    return View(_COLOUR.sub(b"", view.text), view, _colours)


def views(text: bytes, marks: re.Pattern[bytes]) -> Iterator[View]:
    """The text itself with every mark as one opaque byte, then layer after layer undone."""

    def marked(text: bytes) -> Iterator[Edit]:
        return ((found.start(), found.end(), MARKED) for found in marks.finditer(text))

    view = View(text)
    if b"[" in text:
        plain = marks.sub(MARKED, text)
        if plain != text:
            view = View(plain, view, marked)
        view = _plain(view)
    yield view
    for _ in range(MAX_LAYERS):
        if b"\\" not in view.text and b"%" not in view.text:
            return
        inner = _ESCAPE.sub(_unescaped, view.text)
        if inner == view.text:
            return
        view = _plain(View(inner, view, _escapes))
        yield view
