"""Texts to look for: wildcards, and patterns of linear time."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import re2

MAX_PATTERN_MEMORY_BYTES: Final = 2 * 1024 * 1024
"""What RE2 may hold for one compiled pattern and its states; past it, compiling fails."""

Test = Callable[[str], bool]


@lru_cache(maxsize=64)
def compiled(pattern: str, *, ignore_case: bool) -> Any:
    """Raises re2.error, with RE2's reason, where the pattern does not compile."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_MEMORY_BYTES
    options.case_sensitive = not ignore_case
    options.never_capture = True
    return re2.compile(pattern, options)


def regex(pattern: str, *, ignore_case: bool) -> Test:
    search = compiled(pattern, ignore_case=ignore_case).search
    return lambda text: search(text) is not None


def whole(parts: tuple[str, ...]) -> Test:
    """Whether a whole text is these parts with anything between them; linear time."""
    if len(parts) == 1:
        literal = parts[0]
        return lambda text: text == literal
    first, *middle, last = parts
    if not middle:
        ends = len(first) + len(last)
        if not last:
            return lambda text: text.startswith(first)
        if not first:
            return lambda text: text.endswith(last)
        return lambda text: len(text) >= ends and text.startswith(first) and text.endswith(last)

    def test(text: str) -> bool:
        if not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return at <= end

    return test


def within(parts: tuple[str, ...]) -> Test:
    """Whether a case-folded text holds these parts in this order; the parts are folded here."""
    folded = tuple(part.casefold() for part in parts if part)
    if not folded:
        return lambda _: True
    if len(folded) == 1:
        word = folded[0]
        return lambda text: word in text

    def test(text: str) -> bool:
        at = 0
        for part in folded:
            at = text.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True

    return test
