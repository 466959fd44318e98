"""Takes the values out of a text: layer by layer, and again where a cut made new neighbours."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ttsink.redact.mark import Marker
from ttsink.redact.quote import missing_quote
from ttsink.redact.ruleset import Found, Ruleset
from ttsink.redact.view import View, views

MAX_PASSES: Final = 4
"""Times a text is searched again after something was cut from it."""
MAX_REMEMBERED: Final = 8_192
"""Texts that a cutter remembers; it goes with its batch, and they with it."""
MAX_REMEMBERED_CHARS: Final = 256
"""A longer text hardly comes twice in a batch."""


_ENDS_NOTHING = frozenset(b" \t\r\n\"'=:,;|([{<>")
_BEGINS_NOTHING = frozenset(b" \t\r\n\"',;|)]}<>\\")
"""What no value ends with, and none begins with: what stands on the other side of it has seen
the same neighbour before the cut and after it."""


class Dropped:
    """Stands for a field that is to go."""


DROPPED: Final = Dropped()


class Cut(NamedTuple):
    """One value as it was found in a text: bounds in the text's UTF-8, kind and replacement."""

    start: int
    end: int
    kind: str
    mark: bytes


_Searched = tuple[str | Dropped, Sequence[str]]
"""A text without the values, and their kinds."""
_CLEAN: Final[_Searched] = "", ()
_Cut = tuple[int, int, str, bytes]
_Candidate = tuple[int, int, int, int, View, Found]
"""Bounds in the source, the end negative: the longer of two comes first. Then the rule's
order and that of the finding, the view it was found in, and what was found."""


class Cutter:
    """Cuts the texts of one batch, and is thrown away with what it remembers of them.

    Keys, words and short texts come again and again within a batch.
    """

    def __init__(self, rules: Ruleset, marker: Marker, marks: re.Pattern[bytes]) -> None:
        self._rules = rules
        self._marker = marker
        self._marks = marks
        self._known: dict[tuple[str, str, bool], _Searched] = {}
        self.mark = marker.mark
        self.drops = marker.drops

    def text(self, text: str, key: str, kinds: list[str], *, numbers: bool = True) -> str | Dropped:
        """The same object where nothing was found; else `kinds` is told what was.

        `key` is the name of the field that holds the text, if one does.
        """
        place = (text, key, numbers)
        known = self._known.get(place)
        if known is None:
            known = self._searched(text, key, numbers=numbers)
            if len(text) <= MAX_REMEMBERED_CHARS and len(self._known) < MAX_REMEMBERED:
                self._known[place] = known
        if known is _CLEAN:
            return text
        shown, found = known
        kinds += found
        return shown

    def cuts(self, text: str, key: str, *, numbers: bool) -> list[Cut]:
        """What the first search finds."""
        prefix = _context(key)
        source = prefix + text.encode("utf-8", "surrogatepass")
        return [
            Cut(start - len(prefix), end - len(prefix), kind, mark)
            for start, end, kind, mark in self._cuts(source, len(prefix), numbers=numbers)[0]
        ]

    def _searched(self, text: str, key: str, *, numbers: bool) -> _Searched:
        prefix = _context(key)
        source = prefix + text.encode("utf-8", "surrogatepass")
        skip = len(prefix)
        kinds: list[str] = []
        for _ in range(MAX_PASSES):
            cuts, settled = self._cuts(source, skip, numbers=numbers)
            if not cuts:
                break
            parts: list[bytes] = []
            at = 0
            for start, end, kind, mark in cuts:
                kinds.append(kind)
                if key and self._marker.drops(kind):
                    return DROPPED, kinds
                parts += (source[at:start], mark)
                at = end
            parts.append(source[at:])
            source = b"".join(parts)
            if settled:
                break
        return (source[skip:].decode("utf-8", "surrogatepass"), kinds) if kinds else _CLEAN

    def _cuts(self, source: bytes, skip: int, *, numbers: bool) -> tuple[Sequence[_Cut], bool]:
        """What to cut from `source[skip:]`, in order and without overlaps.

        And whether that settles it. Where candidates overlapped, stood in several layers or
        touched other text, cutting one may have changed what another rule sees, and the text
        is searched again.
        """
        candidates: list[_Candidate] = []
        if b"[" in source or b"\\" in source or b"%" in source:
            for view in views(source, self._marks):
                for one in self._rules.find(view.text, numbers=numbers):
                    start, end = view.source(one[0], one[1])
                    if end > skip:
                        place = (max(start, skip), -end, one[2], len(candidates))
                        candidates.append((*place, view, one))
        else:
            view = View(source)
            for one in self._rules.find(source, numbers=numbers):
                start, end, order, _, _ = one
                if end > skip:
                    start = max(start, skip)
                    candidates.append((start, -end, order, len(candidates), view, one))
        if len(candidates) > 1:
            candidates.sort()
            return self._apart(source, skip, candidates), False
        if not candidates:
            return (), True
        start, end, _, _, view, one = candidates[0]
        alone = (start == skip or source[start - 1] in _ENDS_NOTHING) and (
            end == -len(source) or source[-end] in _BEGINS_NOTHING
        )
        return (self._cut(source, skip, start, -end, view, one),), alone

    def _apart(self, source: bytes, skip: int, candidates: list[_Candidate]) -> list[_Cut]:
        """Of those that overlap one cut is made, for the widest."""
        cuts = []
        start, end, order, _, view, best = candidates[0]
        end = -end
        widest = end - start
        for first, negative, other_order, _, other, one in candidates[1:]:
            last = -negative
            if first >= end:
                cuts.append(self._cut(source, skip, start, end, view, best))
                start, end, order, view, best = first, last, other_order, other, one
                widest = end - start
                continue
            end = max(end, last)
            if (last - first, -other_order) > (widest, -order):
                order, view, best, widest = other_order, other, one, last - first
        cuts.append(self._cut(source, skip, start, end, view, best))
        return cuts

    def _cut(
        self, source: bytes, skip: int, start: int, end: int, view: View, found: Found
    ) -> _Cut:
        first, last, _, kind, value = found
        mark = self.mark(kind, value)
        if value.isdigit():
            quote = missing_quote(source, skip, view, first, last)
            mark = quote + mark + quote
        return start, end, kind, mark


_CONTEXT_END = b" | "
"""Between a key and its value where a rule needs a word: nothing that makes them a pair, for
which names decide (`Names`)."""
_NOT_IN_CONTEXT = re.compile(rb"[^0-9A-Za-z_.\x80-\xf4-]")
MAX_CONTEXT_CHARS: Final = 128


def _context(key: str) -> bytes:
    if not key or len(key) > MAX_CONTEXT_CHARS:
        return b""
    return _NOT_IN_CONTEXT.sub(b" ", key.encode("utf-8", "surrogatepass")) + _CONTEXT_END
