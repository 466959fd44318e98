"""The sink within the viewer: records of files and a pipe, made when they are looked at.

Nothing listens and nothing is stored. A record's position is the place of its line on the tape,
plus one, so a page anywhere in a file of any size costs what the page costs.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from msgspec.structs import force_setattr

from ttsink.bodies import body, cut
from ttsink.bodies.limits import DEFAULT, BodyRefused
from ttsink.bodies.value import Value
from ttsink.dialects.dialect import Dialects
from ttsink.files.needle import Needle, lines_with, needles
from ttsink.files.tape import MAX_LINE_BYTES, Extent, Tape
from ttsink.states import query as state_query
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import KeyStates
from ttsink.store.batch import Stored, of_records
from ttwire.account import Account, Ledger
from ttwire.cursor import Cursor, parse
from ttwire.filter import Filter
from ttwire.page import Page
from ttwire.record import Record
from ttwire.state import JobState, QueueState, States, WorkerState

SLICE_BYTES: Final = 128 * 1024
"""Read and made into records at once: some 400 records, 2 ms."""

SCAN_BYTES: Final = 1024 * 1024
"""Read at once to look for words, before anything is made of it."""

MAX_STATES: Final = 10_000
"""Jobs, workers or queues handed over at once."""

_BLANK: Final = re.compile(rb"[ \t\r]*")


class Piece(NamedTuple):
    """Whole lines from a place on the tape."""

    place: int
    content: bytes
    modified: float


class Engine:
    """See `ttwire.engine.Engine`."""

    def __init__(self, files: Sequence[Path], pipe: BinaryIO | None = None) -> None:
        self._tape = Tape(files, pipe)
        self._epoch = secrets.token_hex(4)
        self._dialects = Dialects()
        self._states = KeyStates(Lifecycle(BUILT_IN))
        self._counted = 0
        self._total = 0
        self._malformed = 0
        self._truncated = 0

    @property
    def end(self) -> str:
        return self._id(self._tape.size)

    @property
    def start(self) -> str:
        return self._id(self._tape.start)

    @property
    def ended(self) -> bool:
        return self._tape.ended

    def poll(self) -> bool:
        return self._tape.poll()

    def notices(self) -> Sequence[str]:
        said, self._tape.notices = self._tape.notices, []
        return said

    def close(self) -> None:
        self._tape.close()

    # Pages

    def older(self, before: str | None, keep: Filter, limit: int, stop: Callable[[], bool]) -> Page:
        # Two objects on one line lie a place apart: the line is read whole, and what is too much
        # of it is left out by position.
        below = self._tape.size + 1 if before is None else max(self._position(before), 1)
        top = high = self._line_from(below - 1)
        words = needles(keep.tree)
        kept: list[list[Record]] = []
        count = 0
        for piece in self._backward(high, SCAN_BYTES if words else SLICE_BYTES):
            found = self._kept(piece, keep, words)
            if piece.place + len(piece.content) > below - 1:
                found = [record for record in found if self._position(record.id) < below]
            high = piece.place
            if count + len(found) > limit:
                found = found[len(found) - (limit - count) :]
                high = self._position(found[0].id) - 1
            kept.append(found)
            count += len(found)
            if count >= limit or stop():
                break
        records = [record for found in reversed(kept) for record in found]
        return Page(
            records,
            self._id(high + 1) if high > self._tape.start else None,
            self._id(below - 1) if top < self._tape.size else None,
        )

    def newer(self, after: str, keep: Filter, limit: int, stop: Callable[[], bool]) -> Page:
        above = low = max(self._position(after), self._tape.start)
        words = needles(keep.tree)
        records: list[Record] = []
        for piece in self._forward(self._line_of(above), SCAN_BYTES if words else SLICE_BYTES):
            found = self._kept(piece, keep, words)
            if piece.place < above:
                found = [record for record in found if self._position(record.id) > above]
            low = piece.place + len(piece.content)
            if len(records) + len(found) > limit:
                found = found[: limit - len(records)]
                low = self._position(found[-1].id)
            records += found
            if len(records) >= limit or stop():
                break
        return Page(
            records,
            self._id(above + 1) if above > self._tape.start else None,
            self._id(low) if low < self._tape.size else None,
        )

    def _line_from(self, place: int) -> int:
        """A place where a line starts: this one, or the next."""
        extent = self._tape.extent_before(place)
        if extent is None or place >= extent.place + extent.size:
            return place
        if _read_at(extent, place - 1, 1) == b"\n":
            return place
        rest = _read_at(extent, place, MAX_LINE_BYTES)
        return place + (rest.find(b"\n") + 1 or len(rest))

    def _line_of(self, position: int) -> int:
        """Where the line of a record starts, or the tape's start."""
        if position <= self._tape.start:
            return self._tape.start
        place = position - 1
        extent = self._tape.extent_at(place)
        if extent is None or place <= extent.place:
            return place
        size = 1
        while size < MAX_LINE_BYTES:
            size = min(size * 64, place - extent.place)
            found = _read_at(extent, place - size, size).rfind(b"\n")
            if found >= 0:
                return place - size + found + 1
            if size == place - extent.place:
                break
        return extent.place

    def _kept(self, piece: Piece, keep: Filter, words: Sequence[Needle]) -> list[Record]:
        if not words:
            return [record for record in self._records(piece) if keep.matches(record)]
        return [
            record
            for start, line in lines_with(words, piece.content)
            for record in self._records(Piece(piece.place + start, line, piece.modified))
            if keep.matches(record)
        ]

    def _records(self, piece: Piece) -> list[Record]:
        """The records of whole lines, with their ids."""
        lines = piece.content.split(b"\n")
        if not lines[-1]:
            lines.pop()
        places: list[int] = []
        whole: list[bytes] = []
        at = piece.place + 1
        for line in lines:
            if not _BLANK.fullmatch(line):
                places.append(at)
                whole.append(line)
            at += len(line) + 1
        if not places:
            return []
        received = _rfc3339(piece.modified or time.time())
        values = self._values(piece.content) if whole[0].startswith(b"{") else None
        if values is None or len(values) != len(places):
            # Text among the objects, or several on a line or in a wrapper, one place apart.
            each = [self._values(line) or [_text(line)] for line in whole]
            places = [
                place + nth
                for place, found in zip(places, each, strict=True)
                for nth in range(len(found))
            ]
            values = [value for found in each for value in found]
        records = list(
            self._dialects.records([value for value, _ in values], received=received, agent=None)
        )
        for record, place, (_, cut_off) in zip(records, places, values, strict=True):
            # Nobody else has seen these yet.
            force_setattr(record, "id", f"{self._epoch}-{place}")
            if cut_off:
                force_setattr(record, "truncated", True)
        return records

    @staticmethod
    def _values(content: bytes) -> list[tuple[Value, bool]] | None:
        """Objects and whether each was cut; None where it is not objects throughout."""
        if not content.startswith(b"{"):
            return None
        try:
            split = body.split(content)
        except BodyRefused:
            return None
        if split.shape not in {"json_lines", "json_wrapper"}:
            return None
        over = frozenset(split.cut)
        return [(value, at in over) for at, value in enumerate(split.values)]

    # The tape in pieces of whole lines

    def _forward(self, place: int, size: int) -> Iterator[Piece]:
        while (extent := self._tape.extent_at(place)) is not None:
            low = max(place, extent.place)
            last = extent.place + extent.size
            content = _read_at(extent, low, min(size, last - low))
            if not content:
                place = last
                continue
            if low + len(content) < last:
                end = content.rfind(b"\n") + 1
                if end == 0:
                    content = _read_at(extent, low, min(MAX_LINE_BYTES, last - low))
                    end = (content.find(b"\n") + 1) or len(content)
                content = content[:end]
            yield Piece(low, content, extent.modified)
            place = low + len(content)

    def _backward(self, place: int, size: int) -> Iterator[Piece]:
        while (extent := self._tape.extent_before(place)) is not None:
            high = min(place, extent.place + extent.size)
            low = max(extent.place, high - size)
            content = _read_at(extent, low, high - low)
            if not content:
                place = extent.place
                continue
            if low > extent.place:
                start = content.find(b"\n", 0, len(content) - 1) + 1
                if start == 0:
                    low = max(extent.place, high - MAX_LINE_BYTES)
                    content = _read_at(extent, low, high - low)
                    start = content.rfind(b"\n", 0, len(content) - 1) + 1
                low, content = low + start, content[start:]
            yield Piece(low, content, extent.modified)
            place = low

    # The account

    def count(self) -> bool:
        piece = next(self._forward(max(self._counted, self._tape.start), SLICE_BYTES), None)
        if piece is None:
            self._counted = self._tape.size
            return False
        self._counted = piece.place + len(piece.content)
        records = self._records(piece)
        if records:
            batch = of_records(records)
            self._states.applied(Stored(self._total + 1, batch, _said(records[-1])))
            self._total += len(records)
            self._malformed += sum(record.malformed for record in records)
            self._truncated += sum(record.truncated for record in records)
        return self._counted < self._tape.size

    def states(self) -> States:
        now = time.time()
        query = state_query.StateQuery(limit=MAX_STATES)
        jobs: list[JobState] = state_query.jobs(self._states, query, now).jobs
        workers: list[WorkerState] = state_query.workers(self._states, query, now).workers
        queues: list[QueueState] = state_query.queues(self._states, query, now).queues
        return States(tuple(jobs), tuple(workers), tuple(queues))

    def ledger(self) -> Ledger:
        """Of what was counted so far; of one's own files nothing is capped or rejected."""
        return Ledger(
            Account(
                received=self._total,
                accepted=self._total,
                retained=self._total,
                malformed=self._malformed,
                truncated=self._truncated,
            )
        )

    def _id(self, place: int) -> str:
        return str(Cursor(self._epoch, place))

    def _position(self, record_id: str) -> int:
        found = parse(record_id)
        if found is None or found.epoch != self._epoch:
            return 0
        return found.position


def _text(line: bytes) -> tuple[Value, bool]:
    """What these files hold beside JSON; no fault of theirs, so not `malformed`."""
    return cut.text(line.decode("utf-8", "replace").rstrip("\r"), DEFAULT.max_record_bytes)


def _read_at(extent: Extent, place: int, size: int) -> bytes:
    return extent.part.read(extent.offset + place - extent.place, size)


def _rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _said(record: Record) -> float:
    """When a record was, for rates and silence; never later than now."""
    try:
        return min(datetime.fromisoformat(record.timestamp).timestamp(), time.time())
    except ValueError:
        return time.time()
