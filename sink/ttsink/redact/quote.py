"""The quotes a mark needs to stay JSON where it takes the place of a bare number."""

import re

from ttsink.redact.view import View

_BLANKS = re.compile(rb"\s*")
_WHITE = frozenset(b" \t\n\r\f\v")
_OPENS = frozenset(b"{[")
_BEFORE = frozenset(b":,[")
_AFTER = frozenset(b",}]")


def missing_quote(source: bytes, skip: int, view: View, start: int, end: int) -> bytes:
    """The quote a mark needs where a bare number stood in JSON inside a string; often none.

    `start` and `end` are the number's bounds in the view, `skip` what was put before the text.
    It is written as deep in escapes as the nearest quote before it. Nothing of the text is
    copied: there may be a number every twenty bytes of it.
    """
    text = view.text
    if _next(text, skip) not in _OPENS:
        return b""
    before = start - 1
    while before >= skip and text[before] in _WHITE:
        before -= 1
    if before < skip or text[before] not in _BEFORE or _next(text, end) not in _AFTER:
        return b""
    at = text.rfind(b'"', skip, start)
    if at < 0:
        return b'"'
    first, last = view.source(at, at + 1)
    while source[first - 1 : first] == b"\\":
        first -= 1
    quote = source[first:last]
    if _next(text, at + 1, start) in _OPENS:
        # It opens the string that holds this JSON: one layer less deep than what is needed.
        return quote[:-1] * 2 + b'\\"'
    return quote


def _next(text: bytes, start: int, end: int | None = None) -> int:
    """The first byte that is not blank, or -1."""
    size = len(text) if end is None else end
    at = _BLANKS.match(text, start, size).end()  # type: ignore[union-attr]  # it always matches
    return text[at] if at < size else -1
