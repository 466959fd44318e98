"""One open stream: a cursor and a filter, never a queue.

History and live records are one read of the same rings, so there is no hand-over between them
and no reader can hurt another. What a reader did not get is told as a gap.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import msgspec

from ttsink.store import lookup
from ttsink.store.ring import Entry, Hook, Ring, Rings, entry_seq
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttwire import sse
from ttwire.cursor import MAX_ID_CHARACTERS, parse
from ttwire.gap import Gap, encode

MAX_STEP_BYTES: Final = 64 * 1024
"""One write's worth; a step goes over it by one record at most."""

MAX_STEP_SCAN: Final = 4096
"""Entries looked at in one step: 3 ms at most where each has to be decoded for the filter."""

_CHUNK: Final = 256

MAX_SHARED: Final = 128
"""Pieces kept for other readers until the next batch: 8 MiB, and more with long records."""

CURSOR_SECONDS: Final = 1.0
"""A cursor that only skips is told this often: a reconnection reads at most that again."""

MAX_TAIL: Final = 10_000


class Start(msgspec.Struct, frozen=True):
    """Where a stream begins: at an id, else at a moment, else with the newest matching records.

    `since` is epoch seconds, `tail` a number of records.
    """

    last_event_id: str = ""
    since: float | None = None
    tail: int = 0


class Step(NamedTuple):
    """`frames` to write; `behind` when there is more to read at once, without a wake-up."""

    frames: bytes
    behind: bool


class Piece(NamedTuple):
    """Frames of `sent` records, the last at `told`, made of `taken` entries up to `reached`."""

    frames: bytes
    sent: int
    told: int
    reached: int
    taken: int


class Subscriber:
    """Reads for one stream; `step` is called when woken, and while it says it is behind.

    `rate` is records a second: what is over it is skipped, oldest first, and told; the records
    of the first `tail` are not counted. Close it, or its ring stays.
    """

    def __init__(
        self,
        view: View,
        wanted: Wanted,
        start: Start,
        wake: Hook,
        *,
        rate: float | None = None,
        now: float = 0.0,
    ) -> None:
        self.sent = 0
        self.lost = 0
        self.gaps: Counter[str] = Counter()
        self._view = view
        self._wanted = wanted
        self._wake = wake
        self._rate = rate
        self._tokens = rate or 0.0
        self._refilled_at = now
        self._skipped: tuple[int, int, int] | None = None  # from, to, records
        self._frames: list[bytes] = []
        self._moved_at = now
        self._told = 0  # the position of the last id that was sent
        self._announced = 0  # evicted records above the position that were told already
        self._free = 0  # records of the tail that are still to come
        self._seek: int | None = None  # while looking for the tail's beginning: from here down
        self._sought = 0  # matches found so far
        self._oldest = view.order.last + 1  # the last of them
        self._ordinal = 0  # records of the ring at or below the position, since it was made
        self._vague = False  # whether the ordinal is a lower bound
        self._narrow = False  # whether the ring is read, or everything
        self._rings: Rings | None = None
        self._ring: Ring | None = None
        if wanted.job is not None:
            self._rings = view.jobs
            self._ring = view.watch(view.jobs, wanted.job, wake)
        elif wanted.worker is not None:
            self._rings = view.workers
            self._ring = view.watch(view.workers, wanted.worker, wake)
        else:
            view.watch(None, "", wake)
        self._position = view.order.last
        self._start(start)

    def close(self) -> None:
        self._view.unwatch(self._ring, self._wake)

    @property
    def position(self) -> int:
        """All at or below it was sent, skipped by the filter, or told as a gap."""
        return self._position

    def step(self, now: float) -> Step:
        """What there is to write now, about MAX_STEP_BYTES at most."""
        if self._seek is not None:
            self._look_back()
            if self._seek is not None:
                return Step(b"", behind=True)
        frames, self._frames = self._frames, []
        size = sum(map(len, frames))
        self._tell_evicted(frames)
        self._refill(now)
        scanned = 0
        last = self._view.order.last
        while self._position < last and scanned < MAX_STEP_SCAN and size < MAX_STEP_BYTES:
            piece = self._piece(MAX_STEP_BYTES - size)
            scanned += piece.taken
            size += len(piece.frames)
            if piece.sent:
                self._tell_skipped(frames)
                frames.append(piece.frames)
                self._told = piece.told
                self._spend(piece.sent)
            self._move(piece.taken, piece.reached)
        if self._position > self._told and now - self._moved_at >= CURSOR_SECONDS:
            self._moved_at = now
            self._tell_skipped(frames)
            if self._position > self._told:
                self._told = self._position
                frames.append(sse.cursor_frame(self._id(self._position)))
        return Step(b"".join(frames), behind=self._position < last)

    # -- where it begins --------------------------------------------------------------------

    def _start(self, start: Start) -> None:
        view = self._view
        last = view.order.last
        if start.last_event_id:
            cursor = parse(start.last_event_id)
            if cursor is not None and cursor.epoch == view.epoch and cursor.position <= last:
                self._enter(cursor.position)
                return
            gap = Gap(
                "restart" if cursor is not None and cursor.epoch != view.epoch else "unknown_id",
                start=start.last_event_id[:MAX_ID_CHARACTERS],
                end=self._id(view.order.evicted_through),
                exact=False,
            )
            self.gaps[gap.reason] += 1
            self._frames.append(sse.frame("gap", encode(gap)))
            self._begin(0)
        elif start.since is not None:
            self._enter(view.position_at(start.since))
            self._tell_place()
        elif start.tail > 0:
            self._free = min(start.tail, MAX_TAIL)
            self._seek = last + 1
        else:
            self._begin(last)

    def _enter(self, position: int) -> None:
        """Takes its place; the ring is read where it alone knows all that came since."""
        self._position = self._told = position
        self._narrow = False
        ring = self._ring
        if ring is None or position < self._known_apart(ring):
            return
        self._narrow = True
        if position >= ring.dropped_through:
            self._ordinal = ring.dropped + bisect_right(ring.entries, position, key=entry_seq)
        elif position < ring.since:
            self._ordinal = 0
        else:  # a cursor does not say how many of the ring's records lie at or below it
            self._ordinal = max(ring.dropped - (ring.dropped_through - position), 0)
            self._vague = True

    def _known_apart(self, ring: Ring) -> int:
        """Up to this position some of the key's records may have been kept apart from its ring.

        In the overflow, in a ring that was forgotten, or in one before a restart.
        """
        assert self._rings is not None
        apart = max(self._rings.overflow.last, self._view.restored_through)
        return (
            max(apart, min(ring.since, self._view.order.last)) if self._rings.forgotten else apart
        )

    def _look_back(self) -> None:
        """One bounded step towards the place before the newest `tail` matching records."""
        assert self._seek is not None
        entries = lookup.older(self._view, self._wanted, self._seek, MAX_STEP_SCAN)
        kept = self._wanted.keep(entries)
        wanted = self._free - self._sought
        if len(kept) >= wanted:
            self._begin(kept[wanted - 1].seq - 1)
        elif len(entries) < MAX_STEP_SCAN:
            oldest = kept[-1].seq if kept else self._oldest
            self._free = self._sought + len(kept)
            self._begin(oldest - 1)
        else:
            self._sought += len(kept)
            self._oldest = kept[-1].seq if kept else self._oldest
            self._seek = entries[-1].seq

    def _begin(self, position: int) -> None:
        self._seek = None
        self._enter(position)
        # What was evicted before this stream began was not lost by it.
        self._announced = self._view.order.missing_after(position)
        self._vague = False
        if self._narrow and self._ring is not None:
            self._ordinal = max(self._ordinal, self._ring.dropped)
        self._tell_place()

    def _tell_place(self) -> None:
        """A client that is cut off before the first record has to know where it was."""
        self._frames.append(sse.cursor_frame(self._id(self._position)))

    # -- reading ----------------------------------------------------------------------------

    def _read(self) -> tuple[Sequence[Entry], int]:
        """The next entries, and the position that is reached with them."""
        order = self._view.order
        if self._narrow and self._ring is not None:
            ring = self._ring.entries
            at = self._ordinal - self._ring.dropped
            entries = [ring[i] for i in range(at, min(at + _CHUNK, len(ring)))]
        elif self._wanted.trace is not None:
            entries = order.traced(self._wanted.trace, self._position)[:_CHUNK]
        else:
            entries = order.after(self._position, _CHUNK)
        return entries, entries[-1].seq if len(entries) == _CHUNK else order.last

    def _piece(self, room: int) -> Piece:
        """What comes next, in about `room` bytes; whoever reads the same has it made once."""
        if self._rate is not None:
            return self._made(room)
        shared = self._view.shared
        key = (self._wanted.text, self._narrow, self._position, room)
        piece = shared.get(key)
        if piece is None:
            piece = self._made(room)
            if self._view.readers > 1 and len(shared) < MAX_SHARED:
                shared[key] = piece
        return piece

    def _made(self, room: int) -> Piece:
        entries, reached = self._read()
        alone = self._narrow and self._wanted.whole
        kept = self._limit(entries if alone else self._wanted.keep(entries))
        frames = sse.record_frames(self._view.epoch, [(entry.seq, entry.line) for entry in kept])
        sizes = list(accumulate(map(len, frames)))
        fitting = bisect_left(sizes, room) + 1
        taken = len(entries)
        if fitting < len(frames):
            del frames[fitting:]
            reached = kept[fitting - 1].seq
            taken = bisect_right(entries, reached, key=entry_seq)
        told = kept[len(frames) - 1].seq if frames else 0
        return Piece(b"".join(frames), len(frames), told, reached, taken)

    def _move(self, taken: int, reached: int) -> None:
        order = self._view.order
        self._position = reached
        if self._narrow:
            self._ordinal += taken
            return
        self._announced = order.missing_after(reached)
        if self._ring is not None and reached == order.last:
            self._narrow = True
            self._ordinal = self._ring.dropped + len(self._ring.entries)

    # -- rate -------------------------------------------------------------------------------

    def _refill(self, now: float) -> None:
        if self._rate is not None:
            passed = max(now - self._refilled_at, 0.0)
            self._tokens = min(self._tokens + passed * self._rate, max(self._rate, 1.0))
            self._refilled_at = now

    def _limit(self, kept: Sequence[Entry]) -> Sequence[Entry]:
        """Leaves out the oldest records over the rate."""
        if self._rate is None:
            return kept
        allowed = self._free + int(self._tokens)
        over = len(kept) - allowed
        if over > 0:
            start, _, records = self._skipped or (self._position, 0, 0)
            self._skipped = (start, kept[over - 1].seq, records + over)
            kept = kept[over:]
        return kept

    def _spend(self, records: int) -> None:
        self.sent += records
        free = min(records, self._free)
        self._free -= free
        self._tokens -= records - free

    # -- gaps -------------------------------------------------------------------------------

    def _tell_evicted(self, frames: list[bytes]) -> None:
        ring = self._ring
        order = self._view.order
        if not self._narrow or ring is None:
            missing = order.missing_after(self._position)
            lost = missing - self._announced
            self._announced = missing
            if lost > 0:
                # Without an id: records within the range may still be sent.
                self._gap(frames, order.evicted_through, lost, exact=self._wanted.everything)
        elif ring.dropped > self._ordinal:
            lost = ring.dropped - self._ordinal
            self._ordinal = ring.dropped
            exact = self._wanted.whole and not self._vague
            self._vague = False
            self._gap(frames, ring.dropped_through, lost, exact=exact)
            self._position = self._told = max(self._position, ring.dropped_through)
            frames.append(sse.cursor_frame(self._id(self._position)))

    def _gap(self, frames: list[bytes], end: int, lost: int, *, exact: bool) -> None:
        self._tell_skipped(frames)
        self.lost += lost
        self.gaps["evicted"] += 1
        gap = Gap("evicted", self._id(self._position), self._id(end), lost, exact)
        frames.append(sse.frame("gap", encode(gap)))

    def _tell_skipped(self, frames: list[bytes]) -> None:
        if self._skipped is None:
            return
        start, end, records = self._skipped
        self._skipped = None
        self.gaps["rate"] += 1
        gap = Gap("rate", self._id(start), self._id(end), records)
        frames.append(sse.frame("gap", encode(gap), self._id(end)))
        self._told = end

    def _id(self, position: int) -> str:
        return f"{self._view.epoch}-{position}"
