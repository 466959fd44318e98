"""The ring of the most recent records of all, as a floor over the order."""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

from ttsink.store.ring import UNIT_BYTES, Entry

CHUNK_RECORDS: Final = 256
"""It moves by this many, or by a batch where that is smaller: no request waits for more."""


class Recent:
    """Holds every record at or above `floor`, by position alone.

    An entry that its job's and its worker's ring dropped before this one did is an orphan: it is
    handed back when the floor passes it.
    """

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self.floor = 1
        self.bytes = 0
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._chunks: deque[tuple[int, int, int]] = deque()
        self._records = 0
        self._orphans: list[tuple[int, Entry]] = []

    def add(self, last: int, units: Sequence[int]) -> None:
        """Adds a batch that ends at `last`, given its entries' units."""
        before = len(units)
        for at in range(0, len(units), CHUNK_RECORDS):
            piece = units[at : at + CHUNK_RECORDS]
            size = sum(piece) * UNIT_BYTES
            before -= len(piece)
            self._chunks.append((last - before, len(piece), size))
            self.bytes += size
        self._records += len(units)

    def excess(self) -> list[Entry]:
        """Moves the floor to within the bounds; what no ring holds any more comes back."""
        while self._records > self._max_records or self.bytes > self._max_bytes:
            self._advance()
        return self._passed()

    def shed(self) -> list[Entry]:
        """Gives up one chunk."""
        if self._chunks:
            self._advance()
        return self._passed()

    def adopt(self, entry: Entry) -> None:
        heappush(self._orphans, (entry.seq, entry))

    def _advance(self) -> None:
        end, records, size = self._chunks.popleft()
        self._records -= records
        self.bytes -= size
        self.floor = end + 1

    def _passed(self) -> list[Entry]:
        passed = []
        while self._orphans and self._orphans[0][0] < self.floor:
            passed.append(heappop(self._orphans)[1])
        return passed
