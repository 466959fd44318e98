"""Objects that wrap a batch: `{"data":[...]}`, one or many in a body."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import msgspec

WRAPPERS: Final = frozenset(
    {"batch", "data", "entries", "events", "items", "lines", "logs", "messages", "records"}
)
"""Members under which a sender wraps its batch (Vector's payload_prefix and payload_suffix)."""

_NAMES: Final = "|".join(sorted(WRAPPERS))
_OPENING: Final = rf'\{{\s*"(?:{_NAMES})"\s*:\s*\[\s*(?=\{{)'

ARRAY: Final = re.compile(rf"\s*(?:{_OPENING}|\[\s*(?=\{{))".encode())
"""The start of an array of objects, wrapped or not."""

NEXT: Final = re.compile(rf"\s*\]\s*\}}[\s,]*{_OPENING}")
"""The end of one wrapper and the start of the next, between two of their records."""

MAX_MEMBERS: Final = 16
"""What a wrapper may say of itself; it is said of every record in it."""

MAX_TEXT_CHARS: Final = 256
"""Of one such member; a longer text is a record's."""

# A record has one of these; a wrapper has none.
_RECORD_MEMBERS: Final = frozenset(
    {"message", "msg", "log", "event", "short_message", "level", "severity", "timestamp", "time"}
)

_Object = dict[str, Any]

# A dictionary of its own for each record that is told something.
_OBJECT_BYTES: Final = 256

_encode = msgspec.json.Encoder().encode
_raw_lines = msgspec.json.Decoder(msgspec.Raw).decode_lines
_raw_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_raw_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def name(value: _Object) -> str | None:
    """The member that holds the records, if this is no record itself."""
    names = WRAPPERS.intersection(value)
    if len(names) != 1 or len(value) > MAX_MEMBERS or _RECORD_MEMBERS.intersection(value):
        return None
    (found,) = names
    records = value[found]
    if not isinstance(records, list) or not all(type(item) is dict for item in records):
        return None
    if any(
        isinstance(item, dict | list) or (isinstance(item, str) and len(item) > MAX_TEXT_CHARS)
        for key, item in value.items()
        if key != found
    ):
        return None
    return found


class Opener:
    """Opens the wrappers of one body; what they say is repeated within `max_bytes`.

    A few bytes of body could otherwise become many megabytes of records. Beyond it, what a
    wrapper says is said of the first of its records only.
    """

    def __init__(self, max_bytes: int) -> None:
        self._bytes_left = max_bytes

    def records(self, value: _Object) -> list[_Object] | None:
        """The records that an object wraps, each with what the wrapper says; None for a record."""
        found = name(value)
        return None if found is None else self._said(value, found)

    def unwrapped(
        self, pieces: bytes, values: Sequence[_Object]
    ) -> tuple[bytes, list[_Object]] | None:
        """`values` with the records of every wrapper in its place, and their JSON likewise.

        None where nothing is wrapped, which takes one pass over the names of the members.
        """
        if all(map(WRAPPERS.isdisjoint, values)):
            return None
        names = list(map(name, values))
        if not any(names):
            return None
        held: list[list[_Object]] = []
        raws: list[Sequence[msgspec.Raw]] = []
        for found, value, raw in zip(names, values, _raw_lines(pieces), strict=True):
            held.append([value] if found is None else self._said(value, found))
            raws.append([raw] if found is None else _raw_array(_raw_members(raw)[found]))
        return b"\n".join(chain.from_iterable(raws)), list(chain.from_iterable(held))

    def _said(self, value: _Object, found: str) -> list[_Object]:
        within: list[_Object] = value[found]
        rest = {key: item for key, item in value.items() if key != found}
        if not rest or not within:
            return within
        size = (len(_encode(rest)) + _OBJECT_BYTES) * len(within)
        if size > self._bytes_left:
            return [rest | within[0], *within[1:]]
        self._bytes_left -= size
        return [rest | record for record in within]
