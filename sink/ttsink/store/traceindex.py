"""The eight bytes a trace id is indexed by: its low 64 bits, the part that Datadog shows, too."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

KEY_BYTES: Final = 8

NO_TRACE: Final = bytes(KEY_BYTES)

_NO_DIGITS: Final = "0" * 32
_DIGITS: Final = frozenset("0123456789abcdef")


def key(trace_id: str) -> bytes:
    """Of a whole id or of its low 64 bits, in hex; any other text has a key as well."""
    if len(trace_id) in {16, 32} and _DIGITS.issuperset(trace_id):
        return bytes.fromhex(trace_id[-16:])
    return blake2b(trace_id.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def column(trace_ids: Sequence[str | None]) -> bytes:
    """The keys of a batch, end to end."""
    if not any(trace_ids):
        return bytes(KEY_BYTES * len(trace_ids))
    ids = [trace_id or _NO_DIGITS for trace_id in trace_ids]
    if set(map(len, ids)) == {len(_NO_DIGITS)}:
        try:
            halves = bytes.fromhex("".join(ids))
        except ValueError:
            pass
        else:
            if len(halves) == 2 * KEY_BYTES * len(ids):  # blanks among the digits are skipped
                return memoryview(halves).cast("Q")[1::2].tobytes()
    return b"".join([key(trace_id) if trace_id else NO_TRACE for trace_id in trace_ids])
