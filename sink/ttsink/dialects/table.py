"""The records of one batch, whatever holds them: their members as columns, and their lines."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from ttwire.record import Record, encode_lines


def lines_of(records: Sequence[Record]) -> bytes:
    r"""One line of JSON a record, each ended by `\n`: what `encode_lines` makes of them."""
    return encode_lines(records if isinstance(records, list) else list(records))


def column(records: Sequence[Record], member: str) -> Sequence[Any]:
    """One member of every record, in their order; not to be changed."""
    return list(map(attrgetter(member), records))


def replaced(records: Sequence[Record], changed: Mapping[int, Record]) -> Sequence[Record]:
    """The records with others at these places; the given ones where there are none."""
    if not changed:
        return records
    return [changed.get(place, record) for place, record in enumerate(records)]
