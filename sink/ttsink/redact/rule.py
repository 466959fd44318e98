"""What one redaction rule is, and the pieces its patterns are built of.

A rule has two patterns. `scan` runs over JSON as it was encoded, a whole batch at once, and
may hit too often but never too rarely; `find` runs over decoded text and says where the value
is. Both are RE2, so that no input makes either slower than linear, and both work on bytes in
Latin-1 mode: the engine's tables stay small and every byte of UTF-8 above ASCII is one class.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import re2

MARKED = b"\xff"
"""Stands for one mark in the text a `find` pattern sees; no UTF-8 text holds this byte."""

SCAN_MAX_MEM_BYTES = 64 << 20
"""Memory one pattern may use for its states. RE2 empties its table when it is full, and gives
up its fast engine when that happens often; the default of 8 MiB is too near to the need of the
combined pattern."""

Span = tuple[int, int]
Accept = Callable[[bytes, int, int], Sequence[Span]]
"""From a text and the bounds of a candidate to the bounds of the values in it, often none."""


class Rule(NamedTuple):
    """`find` has one group, the candidate. `number` rules never look at names of jobs.

    `accept` of a `thorough` rule looks at every place in the candidate; of any other it
    decides about the candidate as it is, and what starts inside a refused one is tried too.

    `scan` matches in any text in which `find` does, encoded or not; rules may share one.
    """

    kind: str
    scan: bytes
    find: bytes
    accept: Accept | None = None
    number: bool = False
    thorough: bool = False


def options() -> re2.Options:
    made = re2.Options()
    made.encoding = re2.Options.Encoding.LATIN1
    made.log_errors = False
    made.max_mem = SCAN_MAX_MEM_BYTES
    return made


def any_of(patterns: Iterable[bytes]) -> bytes:
    return b"|".join(b"(?:" + pattern + b")" for pattern in patterns)


# In encoded JSON a value may follow an escape, whose last character looks like a part of it.
START = rb"(?:^|[^0-9A-Za-z]|\\[nrtbf]|\\u[0-9a-f]{4}|%[0-9A-Fa-f]{2})"
END = rb"(?:[^0-9A-Za-z]|$)"
BEFORE = rb"(?:^|[^0-9A-Za-z])"

SEPARATOR = rb"(?:[ +.-]|%(?:25)*20|\xc2\xa0|\xe2\x80.)?"
"""What people put between the groups of a long number, as it stands in encoded JSON."""


def words(short: Sequence[str], long: Sequence[str] = ()) -> bytes:
    """A pattern for key words: `short` ones whole, or as the last hump of a camelCase name.

    A long word is distinctive and may stand anywhere, in compounds too; a space in a word is
    any joint.
    """
    joint = b"(?:[ _.-]|%(?:25)*20)?"
    # Each part is written once for all words: states of the scan are made of what is written.
    plain = any_of(joint.join(word.encode().split(b" ")) for word in short)
    humps = b"|".join(
        form for word in short for form in (word.capitalize().encode(), word.upper().encode())
    )
    patterns = [START + b"(?i:" + plain + b")", b"[a-z](?:" + humps + b")"] if plain else []
    if longer := any_of(joint.join(word.encode().split(b" ")) for word in long):
        patterns.append(b"(?i:" + longer + b")[a-z]*")
    return any_of(patterns)


_JOINT = rb"[^0-9A-Za-z\n\xff]{0,8}"
_LINKS = rb"(?:number|num|no|nr|is|was|to|of|for|from|sent|code|value|valid|invalid|id)"
GAP = _JOINT + b"(?:(?i:" + _LINKS + b")" + _JOINT + b"){0,3}"
_JOINT_ENCODED = rb"(?:[^0-9A-Za-z\n]|%(?:25)*[2357][0-9A-Fa-f]|\\[nrt])*"
GAP_ENCODED = _JOINT_ENCODED + b"(?:(?i:" + _LINKS + b")" + _JOINT_ENCODED + b")*"
"""What may stand between a key word and its number: punctuation and a few small words.

Any distance would do for recall; but `sms batch 5550123 done` is not a phone number.
"""


def with_context(context: bytes, number: bytes) -> bytes:
    """A number that counts only right after one of its key words."""
    return b"(?:" + context + b")" + GAP + b"(" + number + b")" + END
