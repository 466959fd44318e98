r"""Words that a line must hold for its record to match a filter, so that most need not be read.

Of a filter only what is plain ASCII and would stand in the line as it is, whatever dialect the
line is in. It would not where JSON spells it with `\u00xx` escapes, or where another letter folds
to ASCII (the Kelvin sign to `k`): stretches that hold such are read whole.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ttwire.term import And, Contains, Match, Node, Text

MIN_CHARACTERS: Final = 3
"""A shorter word is in nearly every line."""

_RUN: Final = re.compile(r"[A-Za-z0-9]+")
# Of a message all that JSON writes as it is; `/` may be `\\/`.
_MESSAGE_RUN: Final = re.compile(r"[ !#-.0-\[\]-~]+")
# Escapes of ASCII, and of the three other letters that fold to ASCII; the letters themselves.
_ESCAPED: Final = re.compile(rb"\\u(?:00[2-7]|212[aA]|017[fF]|0130)")
_FOLDED: Final = (b"\xe2\x84\xaa", b"\xc5\xbf", b"\xc4\xb0")
_SPELLED_OUT: Final = frozenset({"job", "worker", "queue", "message"})


class Needle(NamedTuple):
    """`any_case`: `word` is lower case and the line is to be lowered."""

    word: bytes
    any_case: bool


def needles(tree: Node) -> tuple[Needle, ...]:
    """Longest first; empty where the filter names no word that every match must hold."""
    found = {needle for term in _terms(tree) if (needle := _needle(term)) is not None}
    return tuple(sorted(found, key=lambda needle: -len(needle.word)))


def _terms(tree: Node) -> Sequence[Node]:
    return tree.terms if isinstance(tree, And) else (tree,)


def _needle(term: Node) -> Needle | None:
    if isinstance(term, Text):
        return _longest(_MESSAGE_RUN, term.pattern.parts, any_case=True)
    if isinstance(term, Contains) and term.field == "message":
        return _longest(_MESSAGE_RUN, (term.value,), any_case=True)
    if isinstance(term, Contains) and _spelled_out(term.field):
        return _longest(_RUN, (term.value,), any_case=True)
    if isinstance(term, Match) and _spelled_out(term.field):
        return _longest(_RUN, term.pattern.parts, any_case=False)
    return None


def _spelled_out(field: str) -> bool:
    return field in _SPELLED_OUT or field.startswith("@")


def _longest(runs: re.Pattern[str], parts: Sequence[str], *, any_case: bool) -> Needle | None:
    # The number of a field may be written in other ways than the filter's: 1.50, 15e-1.
    found = [
        run
        for part in parts
        for run in runs.findall(part)
        if runs is _MESSAGE_RUN or not run.isdigit()
    ]
    longest = max(found, key=len, default="")
    if len(longest) < MIN_CHARACTERS:
        return None
    return Needle((longest.lower() if any_case else longest).encode(), any_case)


def _spelled_otherwise(content: bytes) -> bool:
    if b"\\u" in content and _ESCAPED.search(content):
        return True
    return not content.isascii() and any(letter in content for letter in _FOLDED)


def lines_with(words: Sequence[Needle], content: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that hold all the words, each with its offset and line feed."""
    if _spelled_otherwise(content):
        yield 0, content
        return
    lowered = content.lower() if any(word.any_case for word in words) else content

    def times(word: Needle) -> int:
        return (lowered if word.any_case else content).count(word.word)

    # The rarest word is looked for, the others only in its lines.
    first, *others = sorted(words, key=times) if len(words) > 1 else words
    haystack = lowered if first.any_case else content
    at = haystack.find(first.word)
    while at >= 0:
        start = content.rfind(b"\n", 0, at) + 1
        end = content.find(b"\n", at) + 1 or len(content)
        if all(
            (lowered if word.any_case else content).find(word.word, start, end) >= 0
            for word in others
        ):
            yield start, content[start:end]
        at = haystack.find(first.word, end)
