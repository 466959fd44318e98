"""What a body holds, before any dialect has looked at it."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ttwire.span import Span

Shape = Literal[
    "empty",
    "json_lines",
    "json_array",
    "json_wrapper",
    "json_values",
    "mixed",
    "text",
    "msgpack",
    "otlp",
]


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """Text that was meant to be a record and could not be read as one; kept as it came.

    Bytes that are no UTF-8 are U+FFFD.  `truncated` says that `text` was cut and ends in a mark.
    """

    text: str
    truncated: bool = False


# An object; text that could not be read as one; a bare JSON value or a line of plain text, whose
# message is the text itself.
Value = dict[str, Any] | Malformed | str


class Split(msgspec.Struct, frozen=True):
    """A body's records and spans; every value can be encoded by `msgspec.json`.

    Args:
        values: In the body's order.
        shape: What the body was; `text` and `msgpack` where JSON was meant are worth a notice.
        spans: Of trace events and OTLP that came along.
        cut: Places in `values`, ascending, of objects and texts that were shortened to fit the
            limits: their records are flagged `truncated`.
        malformed: How many of `values` are `Malformed`.
        repaired: Objects that were read after replacing bytes or characters JSON does not allow.
        rejected: Records and spans over `max_records`, and spans without ids or times; in none
            of the lists.
        metrics: How many of `values` are metrics.
    """

    values: Sequence[Value]
    shape: Shape
    spans: list[Span] = []
    cut: tuple[int, ...] = ()
    malformed: int = 0
    repaired: int = 0
    rejected: int = 0
    metrics: int = 0
