"""What the log is made of: records, holes between them, and rules the reader drew."""

from typing import Literal, NamedTuple

from ttwire import cursor, record
from ttwire.gap import GapReason
from ttwire.record import Record

Key = tuple[str, int, int, int]
"""Order on the screen: record time (empty when ordered by arrival), epoch, position, step.

A record has step 0; what stands right after it has a higher one.
"""

Place = tuple[int, int]
"""Order in the stream: epoch number, position."""

FIRST_KEY: Key = ("", -(1 << 62), 0, 0)
LOWEST: Place = (-(1 << 62), 0)
HIGHEST: Place = (1 << 62, 0)

AFTER_RECORD = 1
"""The step of a hole or a rule that follows a record."""

DEEP_BYTES = 64 * 1024
"""What a record that cannot be encoded counts for."""

HoleReason = GapReason | Literal["unheld"]
"""Why records are missing: what the sink said, or `unheld`: this viewer let them go."""


class Entry(NamedTuple):
    """A record in its place; `size` is the bytes of its JSON."""

    key: Key
    record: Record
    size: int

    @property
    def place(self) -> Place:
        return self.key[1:3]


class Hole(NamedTuple):
    """Records that are not here, after `start` up to and with `end` (ids, None where unknown).

    `lost` is their number where it is known. `asked`: the sink was asked and had no more.
    """

    key: Key
    reason: HoleReason
    start: str | None
    end: str | None
    lost: int | None
    exact: bool = True
    asked: bool = False


class Rule(NamedTuple):
    """A line the reader drew at a moment; `label` says when."""

    key: Key
    label: str


Item = Entry | Hole | Rule


class Epochs:
    """Numbers the lives of the stream in the order they were met, so that ids can be ordered.

    Guarantee: among ids of one epoch the order is that of their positions; an epoch met later in
    the stream comes later. An id that is no cursor comes after everything before it.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._strays = 0
        self._last = ("", 0)

    def place(self, record_id: str, *, older: bool = False) -> Place:
        """Epoch number and position; `older` puts an epoch not met before in front."""
        prefix, _, digits = record_id.rpartition("-")
        if prefix == self._last[0] and digits.isascii() and digits.isdigit():
            return (self._last[1], int(digits))
        found = cursor.parse(record_id)
        if found is None:
            self._strays += 1
            return (max(self._numbers.values(), default=0), (1 << 60) + self._strays)
        number = self._numbers.get(found.epoch)
        if number is None:
            known = self._numbers.values()
            number = min(known, default=1) - 1 if older else max(known, default=-1) + 1
            self._numbers[found.epoch] = number
        self._last = (found.epoch, number)
        return (number, found.position)


def entry(item: Record, epochs: Epochs, *, by_time: bool, older: bool = False) -> Entry:
    epoch, position = epochs.place(item.id, older=older)
    time = (item.timestamp or item.received) if by_time else ""
    return Entry((time, epoch, position, 0), item, _size(item))


def _size(item: Record) -> int:
    try:
        return len(record.encode(item))
    except RecursionError:  # nested deeper than any sink sends
        return len(item.message) + DEEP_BYTES
