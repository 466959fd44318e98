"""One request's records on their way through the log."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Final

import msgspec

from ttsink.states.verdict import Verdict
from ttsink.store import traceindex
from ttwire.level import ranks
from ttwire.record import Record, decode, decode_lines, encode_lines

NUMBER: Final = "I"
"""The array type of a name's number, for more names than a batch has records."""

NUMBER_BYTES: Final = array(NUMBER).itemsize

TIMESTAMP_CHARACTERS: Final = 27
"""Of a canonical time, `2026-01-02T03:04:05.123456Z`."""


class Keys(msgspec.Struct, frozen=True, array_like=True):
    """A column of few names: each name once, and for each record the number of its own.

    `numbers` are 4 bytes a record. A batch names few jobs, so what is done per name, a look into
    a table of a hundred thousand keys, is done once for each.
    """

    names: list[str | None]
    numbers: bytes

    @property
    def places(self) -> memoryview:
        """The numbers, by record."""
        return memoryview(self.numbers).cast(NUMBER)

    def column(self) -> list[str | None]:
        """The name of each record."""
        return list(map(self.names.__getitem__, self.places))

    def counts(self) -> Counter[str | None]:
        """How many records have each name."""
        names = self.names
        return Counter({names[number]: count for number, count in Counter(self.places).items()})

    def stretch(self, start: int, stop: int) -> "Keys":
        """The keys of records that lie side by side, and no name that none of them has.

        Readers count on that: what is said of a name's records is said of at least one.
        """
        numbers = self.numbers[start * NUMBER_BYTES : stop * NUMBER_BYTES]
        places = memoryview(numbers).cast(NUMBER)
        used = dict.fromkeys(places)
        if len(used) == len(self.names):
            return Keys(self.names, numbers)
        renumbered = {old: new for new, old in enumerate(used)}
        return Keys(
            list(map(self.names.__getitem__, used)),
            array(NUMBER, map(renumbered.__getitem__, places)).tobytes(),
        )

    def picked(self, places: Sequence[int]) -> "Keys":
        """The keys of some of the records."""
        numbers = self.places
        return keys_of([self.names[numbers[place]] for place in places])


def keys_of(column: Sequence[str | None]) -> Keys:
    """A column by its names."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(column))}
    return Keys(list(numbers), array(NUMBER, map(numbers.__getitem__, column)).tobytes())


class Columns(msgspec.Struct, frozen=True, array_like=True):
    """What of a batch's records is asked for so often that no JSON is read for it.

    Args:
        jobs: And `workers`: the keys of the rings.
        ranks: A byte a record: its level's rank.
        attempts: A number or None a record.
        timestamps: TIMESTAMP_CHARACTERS a record, end to end.
        traces: The trace index's keys, end to end.
        malformed: Places of records that were no JSON; likewise `truncated` and `redacted`.
        verdicts: By place what records said of states; None where nobody has looked.
    """

    jobs: Keys
    workers: Keys
    ranks: bytes
    attempts: list[int | None]
    timestamps: str
    traces: bytes
    malformed: list[int] = []
    truncated: list[int] = []
    redacted: list[int] = []
    verdicts: dict[int, Verdict] | None = None

    def timestamp(self, place: int) -> str:
        start = place * TIMESTAMP_CHARACTERS
        return self.timestamps[start : start + TIMESTAMP_CHARACTERS].rstrip()

    def stretch(self, start: int, stop: int) -> "Columns":
        """The columns of records that lie side by side."""
        width, time = traceindex.KEY_BYTES, TIMESTAMP_CHARACTERS
        malformed, truncated, redacted = (
            [place - start for place in marked if start <= place < stop]
            for marked in (self.malformed, self.truncated, self.redacted)
        )
        known = self.verdicts
        return Columns(
            self.jobs.stretch(start, stop),
            self.workers.stretch(start, stop),
            self.ranks[start:stop],
            self.attempts[start:stop],
            self.timestamps[start * time : stop * time],
            self.traces[start * width : stop * width],
            malformed,
            truncated,
            redacted,
            known and {at - start: told for at, told in known.items() if start <= at < stop},
        )

    def picked(self, places: Sequence[int]) -> "Columns":
        """The columns of some of the records, in that order."""
        width = traceindex.KEY_BYTES
        known = self.verdicts
        marks = map(frozenset, (self.malformed, self.truncated, self.redacted))
        malformed, truncated, redacted = (
            [at for at, place in enumerate(places) if place in marked] for marked in marks
        )
        return Columns(
            self.jobs.picked(places),
            self.workers.picked(places),
            bytes(map(self.ranks.__getitem__, places)),
            list(map(self.attempts.__getitem__, places)),
            "".join([self.timestamp(place).ljust(TIMESTAMP_CHARACTERS) for place in places]),
            b"".join([self.traces[place * width : (place + 1) * width] for place in places]),
            malformed,
            truncated,
            redacted,
            known and {at: known[place] for at, place in enumerate(places) if place in known},
        )


def columns(
    *,
    jobs: Sequence[str | None],
    workers: Sequence[str | None],
    levels: Sequence[str | None],
    attempts: Sequence[int | None],
    timestamps: Sequence[str],
    trace_ids: Sequence[str | None],
    malformed: Sequence[object],
    truncated: Sequence[object],
    redacted: Sequence[object],
    verdicts: dict[int, Verdict] | None = None,
) -> Columns:
    """The columns of members, a value a record each; the last three are flags."""
    width = TIMESTAMP_CHARACTERS
    if set(map(len, timestamps)) - {width}:  # of a journal that another version wrote
        timestamps = [time[:width].ljust(width) for time in timestamps]
    return Columns(
        keys_of(jobs),
        keys_of(workers),
        ranks(levels),
        list(attempts),
        "".join(timestamps),
        traceindex.column(trace_ids),
        _set(malformed),
        _set(truncated),
        _set(redacted),
        verdicts,
    )


def _text(lines: Sequence[bytes]) -> bytes:
    return b"\n".join([*lines, b""])


def _set(flags: Sequence[object]) -> list[int]:
    """Where a flag is set."""
    return list(compress(range(len(flags)), flags)) if any(flags) else []


class Batch:
    r"""The JSON of some records and the columns of them, in one order.

    `text` is a line a record, each without an id and ended by `\n`. It is cut into lines when
    somebody asks for them: an answer to a sender need not wait for that.
    """

    __slots__ = ("_lines", "columns", "text")

    def __init__(self, text: bytes, columns: Columns) -> None:
        self.text: Final = text
        self.columns: Final = columns
        self._lines: list[bytes] | None = None

    def __len__(self) -> int:
        return len(self.columns.ranks)

    @property
    def lines(self) -> list[bytes]:
        """What is kept: bytes of their own right size, never slices of a view."""
        if self._lines is None:
            self._lines = self.text.split(b"\n")[:-1]
        return self._lines

    def record(self, place: int) -> Record:
        return decode(self.lines[place])

    def records(self) -> list[Record]:
        """All of them: about 0.7 us each."""
        return decode_lines(self.text)

    def picked(self, places: Sequence[int]) -> "Batch":
        """Some of the records, in the order of `places`."""
        lines = list(map(self.lines.__getitem__, places))
        return Batch(_text(lines), self.columns.picked(places))


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

    def parts(self, most: int) -> Iterator["Stored"]:
        """The same records in several batches of at most so many, where they are more."""
        count = len(self.batch)
        if count <= most:
            yield self
            return
        text, end = self.batch.text, 0
        for start in range(0, count, most):
            begin, stop = end, min(start + most, count)
            for _ in range(start, stop):
                end = text.index(b"\n", end) + 1
            part = Batch(text[begin:end], self.batch.columns.stretch(start, stop))
            positions = self.positions[start:stop] if self.positions else None
            first = positions[0] if positions else self.first + start
            yield Stored(first, part, self.stored_at, positions)

    def known(self, position: int) -> int:
        """How many of its records, the first ones, lie at or below a position."""
        if self.positions:
            return bisect_right(self.positions, position)
        return min(max(position - self.first + 1, 0), len(self.batch))


def of_records(records: Sequence[Record]) -> Batch:
    """A batch of records that are to be stored as they stand."""
    return of_text(encode_lines(list(records)), records)


def of_text(text: bytes, records: Sequence[Record]) -> Batch:
    """A batch of lines whose records are at hand."""
    told = columns(
        jobs=[record.job for record in records],
        workers=[record.worker for record in records],
        levels=[record.level for record in records],
        attempts=[record.attempt for record in records],
        timestamps=[record.timestamp for record in records],
        trace_ids=[record.trace_id for record in records],
        malformed=[record.malformed for record in records],
        truncated=[record.truncated for record in records],
        redacted=[record.redacted for record in records],
    )
    return Batch(text, told)


def joined(one: Batch, other: Batch) -> Batch:
    """The records of one batch behind those of another."""
    return of_records([*one.records(), *other.records()])


EMPTY: Final = of_records([])
