"""Lines of `key=value` pairs, as Go's loggers and many a library write them."""

import re
from typing import Final

MAX_PAIRS: Final = 256
"""A line of more pairs is left as text."""

MIN_PAIRS: Final = 2
"""One pair inside a sentence is not a logfmt line."""

_HEAD: Final = re.compile(r"[A-Za-z_@][\w.@/-]{0,63}=", re.ASCII)
_PAIR: Final = re.compile(
    r'([A-Za-z_@][\w.@/-]{0,63})(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"=]*)))?(?:\s+|$)', re.ASCII
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}


def parse(line: str) -> dict[str, str] | None:
    """The pairs of a line that is logfmt from end to end, or None.

    Every value stays text. A key that comes twice makes it no logfmt: one would be lost.
    """
    text = line.strip()
    if _HEAD.match(text) is None:
        return None
    pairs: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            return None
        key, quoted, bare = found.groups()
        if (quoted is None and bare is None) or key in pairs or len(pairs) >= MAX_PAIRS:
            return None
        pairs[key] = _ESCAPE.sub(_unescaped, quoted) if quoted is not None else bare
        at = found.end()
    return pairs if len(pairs) >= MIN_PAIRS else None


def _unescaped(found: re.Match[str]) -> str:
    letter = found[1]
    return _ESCAPED.get(letter, letter if letter in '"\\' else found[0])
