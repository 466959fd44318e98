"""One request's records on their way through the log."""

from collections.abc import Sequence

import msgspec

from ttwire.record import Record, encode_lines


class Batch(msgspec.Struct, frozen=True):
    """`records` and `lines` are parallel; a line is a record's JSON without an id or newline.

    The lines are what is kept: bytes of their own right size, never slices of a view.
    """

    records: list[Record]
    lines: list[bytes]

    def __len__(self) -> int:
        return len(self.lines)


class Stored(msgspec.Struct, frozen=True):
    """A batch with its place: the first record has position `first`, the others follow.

    `stored_at` is epoch seconds. `positions` is set only where a journal gave back what is left
    of a batch: ascending, parallel to the records, the first being `first`.
    """

    first: int
    batch: Batch
    stored_at: float
    positions: Sequence[int] | None = None

    @property
    def last(self) -> int:
        """Of the newest record; `first - 1` for an empty batch.

        An empty batch tells that all that the log has up to there was given.
        """
        return self.positions[-1] if self.positions else self.first + len(self.batch) - 1


def of_records(records: list[Record]) -> Batch:
    """A batch of records that are to be stored as they stand."""
    return Batch(records, encode_lines(records).split(b"\n")[:-1])
