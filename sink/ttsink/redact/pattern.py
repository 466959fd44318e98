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
    """The engine's own search; `test_redact_cut.py` says which of its parts this leans on."""
    found: Search = partial(pattern._regexp.Match, re2._Anchor.UNANCHORED)  # noqa: SLF001
    return found


def matches(patterns: re2.Set) -> Callable[[bytes], Sequence[int]]:
    """Places of the patterns of a compiled set that match somewhere in a text."""
    found: Callable[[bytes], Sequence[int]] = patterns._set.Match  # noqa: SLF001
    return found
