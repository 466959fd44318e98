"""Everything retained in the order it came, found by position without a search."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from ttsink.store.ring import Entry, entry_seq
from ttsink.store.traceindex import KEY_BYTES

SHIFT: Final = 12
SEGMENT_RECORDS: Final = 1 << SHIFT
_TIDIED: Final = 8
"""Segments looked at for each new one: all of a full store's within its life."""

_SPARSE: Final = 8
"""A segment with less than this share of its records left is packed: an empty place costs 16
bytes, and a quiet job must not keep a segment's worth of them for one record."""


class Segment:
    """A stretch of positions; `slots` has a place for each, or once packed only for what is left.

    `traces` is parallel to `slots`, 8 bytes a place: an index that costs no object, needs no
    upkeep when a record goes, and dies with the segment. One memory search looks through it.
    """

    __slots__ = ("first", "live", "packed", "slots", "sparse", "traces")

    def __init__(self, first: int) -> None:
        self.first = first
        self.slots: list[Entry | None] = []
        self.traces = bytearray()
        self.live = 0
        self.packed = False
        self.sparse = False

    def place(self, seq: int) -> int:
        """The index of the first slot at or after a position."""
        if self.packed:
            return bisect_left(self.slots, seq, key=_seq)
        return max(seq - self.first, 0)

    def live_from(self, seq: int) -> int:
        slots = self.slots[self.place(seq) :]
        return len(slots) - slots.count(None)

    def clear(self, entries: Sequence[Entry]) -> None:
        self.live -= len(entries)
        slots = self.slots
        if self.packed:
            gone = {entry.seq for entry in entries}
            low, high = self.place(entries[0].seq), self.place(entries[-1].seq) + 1
            keep = [i for i in range(low, high) if _seq(slots[i]) not in gone]
            self._keep([*range(low), *keep, *range(high, len(slots))])
            return
        first = self.first
        for entry in entries:
            slots[entry.seq - first] = None

    def pack(self) -> None:
        self._keep([i for i, entry in enumerate(self.slots) if entry is not None])
        self.packed = True

    def _keep(self, places: list[int]) -> None:
        width = KEY_BYTES
        traces = self.traces
        self.traces = bytearray(b"".join([traces[i * width : (i + 1) * width] for i in places]))
        self.slots = [self.slots[i] for i in places]

    def traced(self, trace: bytes, seq: int) -> list[Entry]:
        """The entries at or after a position whose trace id ends in these 8 bytes."""
        found = []
        at = self.traces.find(trace, self.place(seq) * KEY_BYTES)
        while at >= 0:
            place, skew = divmod(at, KEY_BYTES)
            if skew == 0 and (entry := self.slots[place]) is not None:
                found.append(entry)
            at = self.traces.find(trace, at + 1 if skew else at + KEY_BYTES)
        return found


class Order:
    """All retained entries by position.

    `last` is the newest position given out, `live` how many are retained, `evicted_through` the
    highest position that was evicted.
    """

    def __init__(self) -> None:
        self.last = 0
        self.live = 0
        self.evicted_through = 0
        self._segments: dict[int, Segment] = {}
        self._numbers: list[int] | None = []
        self._hand = 0

    def extend(self, entries: Sequence[Entry], traces: bytes) -> None:
        """Adds entries with ascending positions above `last`, and their 8 bytes of trace each.

        A position that is left out counts as evicted.
        """
        if entries[-1].seq - self.last != len(entries):
            self.evicted_through = _highest_hole(entries, self.last)
        at = 0
        while at < len(entries):
            number = entries[at].seq >> SHIFT
            segment = self._segments.get(number)
            if segment is None:
                self._tidy()
                segment = self._segments[number] = Segment(number << SHIFT)
                self._numbers = None
            room = SEGMENT_RECORDS - len(segment.slots)
            end = min(at + room, len(entries))
            first = segment.first + len(segment.slots)
            if entries[at].seq == first and entries[end - 1].seq == first + end - at - 1:
                segment.slots += entries[at:end]
                segment.traces += traces[at * KEY_BYTES : end * KEY_BYTES]
            else:  # a journal gave back what is left of its batches
                end = self._place(segment, entries, at, traces)
            segment.live += end - at
            self.last = entries[end - 1].seq
            at = end
        self.live += len(entries)

    def skip_to(self, position: int) -> None:
        """Counts the positions up to this one as evicted."""
        self.last = self.evicted_through = position

    @staticmethod
    def _place(segment: Segment, entries: Sequence[Entry], at: int, traces: bytes) -> int:
        slots = segment.slots
        while at < len(entries) and entries[at].seq < segment.first + SEGMENT_RECORDS:
            empty = entries[at].seq - segment.first - len(slots)
            slots += [None] * empty
            segment.traces += bytes(KEY_BYTES * empty)
            slots.append(entries[at])
            segment.traces += traces[at * KEY_BYTES : (at + 1) * KEY_BYTES]
            at += 1
        return at

    def clear(self, entries: Sequence[Entry]) -> None:
        """Takes out evicted entries; `entries` ascending by position."""
        at = 0
        while at < len(entries):
            number = entries[at].seq >> SHIFT
            end = bisect_left(entries, (number + 1) << SHIFT, at, key=entry_seq)
            segment = self._segments[number]
            segment.clear(entries[at:end])
            if segment.live == 0 and number != self.last >> SHIFT:
                self._drop(number)
            at = end
        self.live -= len(entries)
        self.evicted_through = max(self.evicted_through, entries[-1].seq)

    def _drop(self, number: int) -> None:
        del self._segments[number]
        self._numbers = None

    def _tidy(self) -> None:
        """With each new segment a few old ones are looked at, so that none is packed in a hurry.

        Twice in a row sparse: one that is about to empty anyway is not worth packing.
        """
        newest = self.last >> SHIFT
        segment = self._segments.get(newest)
        if segment is not None and segment.live == 0:
            self._drop(newest)
        numbers = self.numbers
        for _ in range(min(_TIDIED, len(numbers))):
            self._hand = (self._hand + 1) % len(numbers)
            segment = self._segments[numbers[self._hand]]
            if segment.packed or segment.live * _SPARSE >= len(segment.slots):
                segment.sparse = False
            elif segment.sparse:
                segment.pack()
            else:
                segment.sparse = True

    @property
    def numbers(self) -> list[int]:
        if self._numbers is None:
            self._numbers = sorted(self._segments)
        return self._numbers

    def after(self, position: int, limit: int) -> list[Entry]:
        """The oldest `limit` entries above a position, oldest first."""
        found: list[Entry] = []
        seq = position + 1
        numbers = self.numbers
        for number in numbers[bisect_left(numbers, seq >> SHIFT) :]:
            segment = self._segments[number]
            place = segment.place(seq)
            while place < len(segment.slots):
                # The slice is no longer than what is wanted: a reader of few pays for few.
                piece = segment.slots[place : place + limit - len(found)]
                found += [entry for entry in piece if entry is not None]
                if len(found) >= limit:
                    return found
                place += len(piece)
        return found

    def before(self, position: int, limit: int) -> list[Entry]:
        """The newest `limit` entries below a position, newest first."""
        found: list[Entry] = []
        numbers = self.numbers
        for number in reversed(numbers[: bisect_right(numbers, position >> SHIFT)]):
            segment = self._segments[number]
            place = min(segment.place(position), len(segment.slots))
            while place > 0:
                start = max(place - (limit - len(found)), 0)
                piece = segment.slots[start:place]
                found += [entry for entry in reversed(piece) if entry is not None]
                if len(found) >= limit:
                    return found
                place = start
        return found

    def stretch(self, first: int, last: int) -> list[Entry]:
        """The entries from one position to another, both included."""
        found: list[Entry] = []
        for number in range(first >> SHIFT, (last >> SHIFT) + 1):
            segment = self._segments.get(number)
            if segment is not None:
                piece = segment.slots[segment.place(first) : segment.place(last + 1)]
                found += [entry for entry in piece if entry is not None]
        return found

    def live_after(self, position: int) -> int:
        """How many entries are retained above a position."""
        seq = position + 1
        numbers = self.numbers
        at = bisect_left(numbers, seq >> SHIFT)
        count = sum([self._segments[number].live for number in numbers[at + 1 :]])
        if at < len(numbers):
            count += self._segments[numbers[at]].live_from(seq)
        return count

    def live_between(self, first: int, last: int) -> int:
        """How many entries are retained from one position to another, both included."""
        count = 0
        for number in range(first >> SHIFT, (last >> SHIFT) + 1):
            segment = self._segments.get(number)
            if segment is not None:
                piece = segment.slots[segment.place(first) : segment.place(last + 1)]
                count += len(piece) - piece.count(None)
        return count

    def missing_after(self, position: int) -> int:
        """How many records above a position were evicted."""
        if self.evicted_through <= position:
            return 0
        return self.last - position - self.live_after(position)

    def traced(self, trace: bytes, position: int) -> list[Entry]:
        """The entries above a position whose trace id ends in these 8 bytes, oldest first.

        Different traces may share them, so the caller compares the whole id.
        """
        found: list[Entry] = []
        seq = position + 1
        numbers = self.numbers
        for number in numbers[bisect_left(numbers, seq >> SHIFT) :]:
            found += self._segments[number].traced(trace, seq)
        return found


def _highest_hole(entries: Sequence[Entry], last: int) -> int:
    above = entries[-1].seq
    for entry in reversed(entries[:-1]):
        if entry.seq != above - 1:
            return above - 1
        above = entry.seq
    return max(last, above - 1)


def _seq(entry: Entry | None) -> int:
    assert entry is not None
    return entry.seq
