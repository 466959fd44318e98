"""Whether a batch is within the limits of its records, proved without a look at each of them."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ttsink.bodies import cut
from ttsink.bodies.limits import Limits

BOUNDARY: Final = b"}\n{"
"""Between two records, and nowhere else in JSON."""

# The least a member takes: `"":0,`.
_MIN_FIELD_BYTES: Final = 5

# A number written short grows by less when it is encoded: `1e15`.
_MAX_GROWTH: Final = 8

_raw = msgspec.json.Decoder(msgspec.Raw)
_encode = msgspec.json.Encoder().encode


def is_flat_usual(body: bytes, boundary: bytes, keys: Sequence[str], limits: Limits) -> bool:
    """Whether objects without objects or lists in them are surely within the limits.

    All have these keys; `boundary` stands between two of them and nowhere else. They are, if
    every stretch of a safe size has the end of one.
    """
    if len(keys) > limits.max_fields or limits.max_depth < 1:
        return False
    if any(len(key.encode()) > limits.max_key_bytes for key in keys):
        return False
    size = limits.max_record_bytes // _MAX_GROWTH
    start = 0
    while len(body) - start > size:
        end = body.rfind(boundary, start, start + size)
        if end < 0:
            return False
        start = end + 1
    return True


def over(pieces: bytes, values: Sequence[dict[str, Any]], limits: Limits) -> list[int]:
    """Places of the records that break a limit; a usual batch is proved to hold none."""
    # Records of this size break no limit but the depth's.
    small = min(limits.max_key_bytes, limits.max_record_bytes, limits.max_fields * _MIN_FIELD_BYTES)
    suspects = _suspects(pieces, small, limits.max_depth)
    if suspects and pieces.count(BOUNDARY) != len(values) - 1:
        pieces = b"\n".join(_raw.decode_lines(pieces))
        suspects = _suspects(pieces, small, limits.max_depth)
    found = []
    place = seen = 0
    for start, end in suspects:
        place += pieces.count(BOUNDARY, seen, start + 1)
        after = place + pieces.count(BOUNDARY, start, end)
        seen = start
        for i in range(place, after + 1):
            value = values[i]
            if cut.is_deep((value,), limits.max_depth) or cut.is_over(
                value, len(_encode(value)), limits
            ):
                found.append(i)
    return found


def _suspects(pieces: bytes, small: int, max_depth: int) -> list[tuple[int, int]]:
    """Stretches whose records may be larger than `small`, or nest more than `max_depth`.

    A record of a depth holds at least as many brackets, and `BOUNDARY` cannot stand within
    JSON: strings hold no raw newline, and objects are set apart by commas.
    """
    found = []
    has_arrays = b"[" in pieces
    start, length = 0, len(pieces)
    while start < length:
        end = length
        large = False
        if length - start > small:
            end = pieces.rfind(BOUNDARY, start, start + small)
            if large := end < 0:
                end = pieces.find(BOUNDARY, start + small - 2)
            end = end + 2 if end >= 0 else length
        if (
            large
            or pieces.count(b"{", start, end)
            + (pieces.count(b"[", start, end) if has_arrays else 0)
            > max_depth
        ):
            found.append((start, end))
        start = end
    return found
