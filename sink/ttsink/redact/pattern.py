"""RE2 patterns asked without ceremony: where the next match is, as bounds and nothing else.

A batch in which every record holds values asks some ten times a record, and three quarters of
each answer was the making of a generator and of a match object around the engine's own.
"""

from collections.abc import Callable, Sequence
from functools import partial

import re2

Search = Callable[[bytes, int, int], Sequence[tuple[int, int]]]
"""From a text, a start and an end to the bounds of the match and of its groups."""

NOWHERE = (-1, -1)
"""The bounds of a match that is not there, and of a group that took no part."""


def search(pattern: re2._Regexp) -> Search:
    """The engine's own search, or the library's where a version of it keeps that elsewhere."""
    try:
        return partial(pattern._regexp.Match, re2._Anchor.UNANCHORED)  # noqa: SLF001
    except AttributeError:
        return partial(searched, pattern)


def searched(pattern: re2._Regexp, text: bytes, start: int, end: int) -> Sequence[tuple[int, int]]:
    """What `search` gives, by what the library promises; three times as slow."""
    match = pattern.search(text, start, end)
    groups = range(pattern.groups + 1)
    return [NOWHERE if match is None else match.span(group) for group in groups]


def matches(patterns: re2.Set) -> Callable[[bytes], Sequence[int]]:
    """Places of the patterns of a compiled set that match somewhere in a text."""
    own = getattr(patterns, "_set", patterns)
    found: Callable[[bytes], Sequence[int]] = own.Match
    return found
