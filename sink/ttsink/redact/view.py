r"""A text as the layers of encoding inside it show it, with the way back to the source.

JSON nested in a string escapes its quotes and may write `@` as `\u0040`; a URL writes it as
`%40`, a URL in a URL as `%2540`. Each layer is undone once and searched; what is found there
is cut out of the source by position, so that everything around it stays byte for byte.
Colours are left out of what is searched: loggers put them right before a value.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
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


class View:
    """`text` is what patterns see; `source` gives the bounds in the text it was made from."""

    __slots__ = ("_inner", "_pieces", "_starts", "text")

    def __init__(self, text: bytes, pieces: list[_Piece] | None, inner: "View | None") -> None:
        self.text = text
        self._pieces = pieces
        self._starts = [piece.at for piece in pieces] if pieces else []
        self._inner = inner

    def source(self, start: int, end: int) -> tuple[int, int]:
        if self._pieces:
            first = self._pieces[bisect_right(self._starts, start) - 1]
            begin = first.source + (start - first.at if first.literal else 0)
            index = bisect_right(self._starts, end - 1) - 1
            last = self._pieces[index]
            if last.literal:
                finish = last.source + (end - last.at)
            else:
                finish = self._pieces[index + 1].source
            start, end = begin, finish
        return self._inner.source(start, end) if self._inner else (start, end)


def _replaced(text: bytes, found: Iterator[tuple[int, int, bytes]], inner: View | None) -> View:
    pieces: list[_Piece] = []
    parts: list[bytes] = []
    at = done = 0
    for start, end, instead in found:
        if start > done:
            pieces.append(_Piece(at, done, literal=True))
            parts.append(text[done:start])
            at += start - done
        pieces.append(_Piece(at, start, literal=False))
        parts.append(instead)
        at += len(instead)
        done = end
    if not pieces:
        return View(text, None, inner)
    pieces.append(_Piece(at, done, literal=True))
    parts.append(text[done:])
    return View(b"".join(parts), pieces, inner)


def _unescaped(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    for found in _ESCAPE.finditer(text):
        start, end = found.span()
        if text[start] == 0x25:
            byte = int(text[start + 1 : end], 16)
            instead = b"\xef\xbf\xbd" if byte == MARKED[0] else bytes((byte,))
        elif end - start == 4:
            instead = b"\x1b"
        elif end - start == 6 and text[start + 1] == 0x75:
            instead = chr(int(text[start + 2 : end], 16)).encode("utf-8", "surrogatepass")
        else:
            letter = text[start + 1 : end]
            instead = MARKED if letter == MARKED else _SHORT.get(letter, letter)
        yield start, end, instead


def _plain(view: View) -> View:
    if b"\x1b[" not in view.text:
        return view
    found = ((m.start(), m.end(), b"") for m in _COLOUR.finditer(view.text))
    return _replaced(view.text, found, view)


def views(text: bytes, marks: re.Pattern[bytes]) -> Iterator[View]:
    """The text itself with every mark as one opaque byte, then layer after layer undone."""
    if b"[" in text:
        view = _replaced(text, ((m.start(), m.end(), MARKED) for m in marks.finditer(text)), None)
    else:
        view = View(text, None, None)
    view = _plain(view)
    yield view
    for _ in range(MAX_LAYERS):
        if b"\\" not in view.text and b"%" not in view.text:
            return
        inner = _replaced(view.text, _unescaped(view.text), view)
        if inner.text == view.text:
            return
        view = _plain(inner)
        yield view
