"""What stands where a value stood: its kind, and a keyed digest that still joins.

The digest is HMAC-SHA-256 under a key of this installation: the same value gives the same
mark in every job, and nobody without the key can try a dictionary of values against it.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Literal

Mode = Literal["mark", "mask", "drop", "off"]

MASK = "****"
MASK_KEEP_CHARS = 4
MASK_MIN_CHARS = 12
"""A shorter value is masked whole: four of eight characters would be half of it."""

_CASELESS = frozenset({"email"})
_NOT_ALNUM = re.compile(rb"[^0-9A-Za-z]+")
_NOT_TAIL = re.compile(r"[^0-9A-Za-z]")


class Marker:
    """Makes the marks of one installation; `digits` hex digits of the digest are shown."""

    def __init__(
        self, key: bytes, digits: int, modes: Mapping[str, Mode], numbers: Iterable[str]
    ) -> None:
        self._key = key
        self._digits = digits
        self._modes = modes
        self._numbers = frozenset(numbers)

    def drops(self, kind: str) -> bool:
        return self._modes.get(kind) == "drop"

    def mark(self, kind: str, value: bytes) -> bytes:
        """What stands instead of a value; none is remembered, as a dump of the memory shows all."""
        mode = self._modes.get(kind, "mark")
        if mode == "drop":
            return b"[%b]" % kind.encode()
        if mode == "mask":
            return f"[{kind}:{MASK}{self._tail(value)}]".encode()
        plain = self.normal(kind, value)
        digest = hmac.digest(self._key, kind.encode() + b"\0" + plain, "sha256")
        return f"[{kind}:{digest.hex()[: self._digits]}]".encode()

    def normal(self, kind: str, value: bytes) -> bytes:
        """The value as it is digested: case of an e-mail and joints of a number do not count."""
        if kind in _CASELESS:
            return value.decode("utf-8", "replace").casefold().encode()
        if kind in self._numbers:
            return _NOT_ALNUM.sub(b"", value).upper()
        return value

    def _tail(self, value: bytes) -> str:
        text = value.decode("utf-8", "replace")
        if len(text) < MASK_MIN_CHARS:
            return ""
        tail = text[-MASK_KEEP_CHARS:]
        return "" if _NOT_TAIL.search(tail) else tail


def marks_of(kinds: Iterable[str]) -> re.Pattern[bytes]:
    """Every mark of these kinds, in any mode: what is never looked into again."""
    names = b"|".join(sorted((re.escape(kind.encode()) for kind in kinds), reverse=True))
    return re.compile(rb"\[(?:" + names + rb")(?::(?:[0-9a-f]{6,64}|\*\*\*\*[0-9A-Za-z]{0,4}))?\]")
