"""What stands out in a text: ids, numbers, durations, paths, addresses, quotes, and matches."""

import re
from collections.abc import Callable, Sequence
from typing import Final

Fragment = tuple[str, str]
"""Style and text, as prompt_toolkit takes them."""

Span = tuple[int, int, str]
"""Start, end, style; in characters."""

_KINDS: Final = re.compile(
    r"""
      (?P<quoted>"[^"\n]{1,200}"|(?<!\w)'[^'\n]{1,200}'(?!\w)|`[^`\n]{1,200}`)
    | (?P<masked>\[[a-z][a-z0-9_-]{1,30}:(?:[0-9a-f]{4,16}|\*{4}\w{0,4})\])
    | (?P<address>\b[a-z][a-z0-9+.-]{1,12}://[^\s<>"']+
        | [\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+
        | \b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b)
    | (?P<id>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b
        | \b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b
        | \#\d{2,}\b)
    | (?P<path>(?<![\w/.])(?:~|\.{1,2})?/[\w.@+-]+(?:/[\w.@+-]*)*(?::\d+)?)
    | (?P<duration>\b\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|min|m|h|d|[KMG]i?B|bytes|%)(?!\w))
    | (?P<number>(?<![\w.-])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w]))
    | (?P<field>(?<![\w.])[A-Za-z_][\w.]{0,40}=(?=\S))
    """,
    re.VERBOSE,
)

_STYLES: Final = {
    name: f"class:{name}"
    for name in ("quoted", "masked", "address", "id", "path", "duration", "number", "field")
}

_PRIVATE: Final = frozenset({"quoted", "address", "id", "path", "number"})
"""What share mode hides in a message: what may name a person or a thing."""


def kinds(text: str) -> list[Span]:
    """Where something of a known kind stands; in order, not overlapping."""
    return [
        (*found.span(), _STYLES[found.lastgroup])
        for found in _KINDS.finditer(text)
        if found.lastgroup is not None
    ]


def hidden(text: str, sign: str) -> str:
    """The text with every value that could tell about someone replaced, at the same width."""

    def mask(found: re.Match[str]) -> str:
        if found.lastgroup not in _PRIVATE:
            return found.group()
        return "".join(" " if one == " " else sign for one in found.group())

    return _KINDS.sub(mask, text)


def painted(
    text: str, base: str, spans: Sequence[Span], over: Sequence[Span] = ()
) -> list[Fragment]:
    """The text in fragments: `base`, changed by `spans`, changed again by `over`.

    Each list is in order and does not overlap itself.
    """
    if not over:
        return _flat(text, base, spans)
    made: list[Fragment] = []
    at = 0
    for start, end, style in over:
        if start > at:
            made += _flat(text[at:start], base, _clipped(spans, at, start))
        if end > start:
            made.append((style, text[start:end]))
        at = max(at, end)
    if at < len(text):
        made += _flat(text[at:], base, _clipped(spans, at, len(text)))
    return made


def _flat(text: str, base: str, spans: Sequence[Span]) -> list[Fragment]:
    made: list[Fragment] = []
    at = 0
    for start, end, style in spans:
        if start > at:
            made.append((base, text[at:start]))
        made.append((style, text[start:end]))
        at = end
    if at < len(text):
        made.append((base, text[at:]))
    return made


def _clipped(spans: Sequence[Span], low: int, high: int) -> list[Span]:
    return [
        (max(start, low) - low, min(end, high) - low, style)
        for start, end, style in spans
        if start < high and end > low
    ]


def terms(
    text: str, marks: Sequence[str], hits: Callable[[str], list[tuple[int, int]]] | None
) -> list[Span]:
    """Where the filter's words and the reader's highlight terms stand, merged in order."""
    found: list[Span] = []
    if hits is not None:
        found += [(start, end, "class:hit") for start, end in hits(text)]
    if marks:
        folded = text.lower()
        for number, mark in enumerate(marks, start=1):
            at = folded.find(mark)
            while at >= 0:
                found.append((at, at + len(mark), f"class:mark{number}"))
                at = folded.find(mark, at + len(mark))
    if len(found) < 2:
        return found
    found.sort()
    kept: list[Span] = []
    for span in found:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
