"""What stands where a value stood: its kind, and a keyed digest that still joins.

The digest is HMAC-SHA-256 under a key of this installation: the same value gives the same
mark in every job, and nobody without the key can try a dictionary of values against it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Literal

Mode = Literal["mark", "mask", "drop", "off"]

MASK = "****"
MASK_KEEP_CHARS = 4
MASK_MIN_CHARS = 12
"""A shorter value is masked whole: four of eight characters would be half of it."""

BLOCK_BYTES = 64
"""Of SHA-256: a longer key is digested first, a shorter one filled up."""

_CASELESS = frozenset({"email"})
_NOT_ALNUM = re.compile(rb"[^0-9A-Za-z]+")
_NOT_TAIL = re.compile(r"[^0-9A-Za-z]")


class Marker:
    """Makes the marks of one installation; `digits` hex digits of the digest are shown."""

    def __init__(
        self, key: bytes, digits: int, modes: Mapping[str, Mode], numbers: Iterable[str]
    ) -> None:
        self._key = key
        self._keyed: dict[str, tuple[hashlib._Hash, hashlib._Hash]] = {}
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
        inner, outer = self._keyed.get(kind) or self._of_kind(kind)
        inner = inner.copy()
        inner.update(self.normal(kind, value))
        outer = outer.copy()
        outer.update(inner.digest())
        return f"[{kind}:{outer.hexdigest()[: self._digits]}]".encode()

    def _of_kind(self, kind: str) -> tuple["hashlib._Hash", "hashlib._Hash"]:
        """HMAC (RFC 2104) up to where a value comes in, which is the same for all of a kind.

        A batch may hold a million values, and `hmac.digest` takes the key in for each anew.
        """
        key = self._key if len(self._key) <= BLOCK_BYTES else hashlib.sha256(self._key).digest()
        key = key.ljust(BLOCK_BYTES, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + kind.encode() + b"\0")
        outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
        self._keyed[kind] = inner, outer
        return inner, outer

    def normal(self, kind: str, value: bytes) -> bytes:
        """The value as it is digested: case of an e-mail and joints of a number do not count."""
        if kind in _CASELESS:
            if value.isascii():
                return value.lower()
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
