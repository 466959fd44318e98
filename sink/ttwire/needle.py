"""What a record's JSON must hold for a filter to keep it: most lines need no decoding."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ttwire.quantity import number
from ttwire.term import And, Contains, IdIs, Match, Node, Text
from ttwire.trace import low64

MayMatch = Callable[[bytes], bool]


class _Needle(NamedTuple):
    text: bytes
    any_case: bool


def may_match(node: Node) -> MayMatch:
    """False only of a line whose record the filter surely leaves out.

    A line is a record's JSON as `ttwire.record` encodes it: ASCII other than quotes, backslashes
    and controls stands for itself there. Other letters can fold to ASCII (the Kelvin sign to
    `k`), so that a word is looked for in lines of ASCII only.
    """
    needles = list(_needles(node))
    exact = tuple(needle.text for needle in needles if not needle.any_case)
    folded = tuple(needle.text for needle in needles if needle.any_case)
    if not needles:
        return lambda _: True

    def test(line: bytes) -> bool:
        for text in exact:
            if text not in line:
                return False
        if folded and line.isascii():
            lower = line.lower()
            for text in folded:
                if text not in lower:
                    return False
        return True

    return test


def _needles(node: Node) -> Iterator[_Needle]:
    match node:
        case And(terms):
            for term in terms:
                yield from _needles(term)
        case Text(pattern):
            for part in pattern.parts:
                yield from _plain(part.lower(), any_case=True)
        case Contains(field, value) if not field.startswith("@"):
            yield from _plain(value.lower(), any_case=True)
        case Match(field, pattern) if _is_text(field, pattern.literal):
            for part in pattern.parts:
                yield from _plain(part, any_case=False)
        case IdIs("trace", digits, start=False):
            yield from _plain(low64(digits), any_case=False)
        case IdIs(_, digits, _):
            yield from _plain(digits, any_case=False)
        case _:
            return


def _is_text(field: str, literal: str | None) -> bool:
    """Whether a match means these very letters: a number or a truth can be written otherwise."""
    if not field.startswith("@"):
        return field != "attempt"
    return literal is not None and number(literal) is None and literal not in {"true", "false"}


def _plain(text: str, *, any_case: bool) -> Iterator[_Needle]:
    if text and text.isascii() and text.isprintable() and not set(text) & {'"', "\\"}:
        yield _Needle(text.encode(), any_case)
