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
    """A pattern over UTF-8 bytes: over texts, the library counts characters for every match.

    Raises re2.error, with RE2's reason, where the pattern does not compile.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_MEMORY_BYTES
    options.case_sensitive = not ignore_case
    options.never_capture = True
    return re2.compile(pattern.encode(), options)


def regex(pattern: str, *, ignore_case: bool) -> Test:
    # Not RE2::Set, though it is faster: out of memory, it says "no match".
    search = compiled(pattern, ignore_case=ignore_case).search
    return lambda text: search(text.encode("utf-8", "replace")) is not None


def spans(pattern: Any, text: str) -> list[tuple[int, int]]:
    """Where a compiled pattern matches more than nothing, as `[start, end)` in characters."""
    encoded = text.encode("utf-8", "replace")
    found = [match.span() for match in pattern.finditer(encoded)]
    if len(encoded) == len(text):
        return [span for span in found if span[0] < span[1]]
    at_byte = [at for at, character in enumerate(text) for _ in range(_utf8_bytes(character))]
    at_byte.append(len(text))
    return [(at_byte[start], at_byte[end]) for start, end in found if start < end]


def _utf8_bytes(character: str) -> int:
    point = ord(character)
    if 0xD800 <= point <= 0xDFFF:  # a lone surrogate, encoded as a question mark
        return 1
    return 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4


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
        return True

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
