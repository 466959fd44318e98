"""What the records of one batch change of a job's attempts."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final

from ttsink.states import waiting
from ttsink.states.keystate import Job, Try
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.verdict import Verdict
from ttsink.store.batch import TIMESTAMP_CHARACTERS, Batch
from ttwire.level import ERROR_RANK, FATAL_RANK
from ttwire.record import Record, decode

ATTEMPT_ENDS: Final = frozenset({"failed", "retrying", "succeeded"})


class Heard:
    """Whose records wait to be counted: the key of each, and the places of each key's.

    A record that gets no row is nobody's.
    """

    __slots__ = ("keys", "places")

    def __init__(self) -> None:
        self.keys: list[str | None] = []
        self.places: dict[str, list[int]] = {}

    def add(self, names: Sequence[str | None], numbers: memoryview) -> None:
        """Adds a batch's records by their names' numbers; a name is None where it gets no row."""
        nobody: list[int] = []
        places = self.places
        lists = [nobody if name is None else places.setdefault(name, []) for name in names]
        # A loop of C: this is done for every record there is.
        deque(map(list.append, map(lists.__getitem__, numbers), count(len(self.keys))), 0)
        self.keys += map(names.__getitem__, numbers)

    def newest(self, places: Iterable[int]) -> dict[str | None, int]:
        """Of places in ascending order the last one of each key."""
        some = list(places)
        return dict(zip(map(self.keys.__getitem__, some), some, strict=True))


class Said:
    """Batches as columns, and the places in them that need a look.

    The lines are those that rings hold: what waits to be counted takes little memory of its own.
    """

    __slots__ = (
        "_times", "_waiting_times", "attempts", "bytes", "errors", "jobs", "lines", "noted",
        "ranks", "redacted", "sizes", "verdicts", "workers",
    )  # fmt: skip

    def __init__(self) -> None:
        self.attempts: list[int | None] = []
        self.ranks = bytearray()
        self.jobs = Heard()
        self.workers = Heard()
        self.lines: list[bytes] = []
        self.sizes: list[int] = []
        self.bytes = 0
        self.errors: dict[int, None] = {}
        """Places in ascending order."""
        self.redacted: list[int] = []
        self.noted: set[int] = set()
        self.verdicts: dict[int, Verdict] = {}
        self._times = ""
        self._waiting_times: list[str] = []

    def __len__(self) -> int:
        return len(self.lines)

    def record(self, place: int) -> Record:
        return decode(self.lines[place])

    def time(self, place: int) -> str:
        """A record's own time."""
        if self._waiting_times:
            self._times = "".join([self._times, *self._waiting_times])
            self._waiting_times.clear()
        start = place * TIMESTAMP_CHARACTERS
        return self._times[start : start + TIMESTAMP_CHARACTERS].rstrip()

    def add(
        self,
        batch: Batch,
        jobs: Sequence[str | None],
        workers: Sequence[str | None],
        lifecycle: Lifecycle,
    ) -> None:
        """Takes a batch down; `jobs` and `workers` are its names, None where one gets no row."""
        start = len(self.lines)
        lines, columns = batch.lines, batch.columns
        self.jobs.add(jobs, columns.jobs.places)
        self.workers.add(workers, columns.workers.places)
        self.ranks += columns.ranks
        self.attempts += columns.attempts
        self._waiting_times.append(columns.timestamps)
        self.lines += lines
        self.sizes += map(len, lines)
        self.bytes += len(batch.text)
        verdicts = columns.verdicts
        if verdicts is None:
            verdicts = lifecycle.verdicts(batch.records())
        for place, verdict in verdicts.items():
            self.verdicts[start + place] = verdict
            self.noted.add(start + place)
        ranks = enumerate(columns.ranks, start)
        self.errors |= dict.fromkeys([place for place, rank in ranks if rank >= ERROR_RANK])
        if FATAL_RANK in columns.ranks:
            ranks = enumerate(columns.ranks, start)
            self.noted.update([place for place, rank in ranks if rank == FATAL_RANK])
        self.redacted += [start + place for place in columns.redacted]


def advance(job: Job, places: list[int], said: Said) -> bool:
    """Tell a job what its records at these places said; whether an attempt or a state changed.

    A stretch that says nothing new is only counted.
    """
    if said.noted.isdisjoint(places) and _count(job, places, said):
        return False
    before = (job.state, len(job.attempts), job.current and job.current.state)
    ends, waits = job.ends, len(job.waits)
    for place in places:
        _tell(job, place, said)
    if ends != job.ends or waits != len(job.waits):
        return True
    return before != (job.state, len(job.attempts), job.current and job.current.state)


def _count(job: Job, places: list[int], said: Said) -> bool:
    """Count records of attempts that are under way or over; False where one is neither."""
    told: Mapping[int | None, int]
    if len(places) == 1:  # where there are many keys, most have one record
        told = {said.attempts[places[0]]: 1}
    else:
        told = Counter(map(said.attempts.__getitem__, places))
    newest = job.current
    for number in told:
        tried = newest if number is None else job.attempts.get(number)
        if tried is None or (tried.start is None and tried.end is None):
            return False
    for number, records in told.items():
        job.attempt(number).records += records
    if not said.errors.keys().isdisjoint(places):
        for place in places:
            if place in said.errors:
                job.attempt(said.attempts[place]).errors += 1
    return True


def _tell(job: Job, place: int, said: Said) -> None:
    when, verdict = said.time(place), said.verdicts.get(place)
    number = _number(job, said.attempts[place], verdict)
    tried = job.attempt(number)
    if verdict is not None and verdict.of == "job":
        tried = job.say(
            verdict.state,
            when,
            tried,
            inferred=verdict.inferred,
            seconds=verdict.seconds,
            numbered=number is not None,
        )
        _times(job, tried, said.record(place), verdict)
    elif tried.start is None and tried.end is None:
        # A record of its own is the sign that it runs, where nobody said so.
        tried = job.say("running", when, tried, inferred=True)
    elif said.ranks[place] == FATAL_RANK and tried.state == "running":
        tried = job.say("failed", when, tried, inferred=True)
    tried.records += 1
    tried.worker = said.workers.keys[place] or tried.worker
    if place in said.errors:
        tried.errors += 1


def _times(job: Job, tried: Try, record: Record, verdict: Verdict) -> None:
    """Take over the times that the record itself says of the attempt."""
    if not record.fields:
        return
    if verdict.state != "running" and tried.start is None and tried.end is not None:
        start = waiting.started(record.fields, record.received)
        if start is not None and start <= tried.end:
            job.started(tried, start)
    newly = tried.start == record.timestamp if verdict.state == "running" else tried.records == 0
    if newly and tried.start is not None and tried.queued is None:
        job.waited(waiting.waited_seconds(record.fields, tried.start))


def _number(job: Job, number: int | None, verdict: Verdict | None) -> int | None:
    """The attempt a record means.

    Some systems (BullMQ) count up before they say that an attempt failed or ended.
    """
    if number is None and verdict is not None and verdict.of == "job":
        number = verdict.attempt
    newest = job.current
    if (
        verdict is not None
        and number is not None
        and newest is not None
        and newest.state == "running"
        and newest.number == number - 1
        and verdict.of == "job"
        and verdict.state in ATTEMPT_ENDS
    ):
        return newest.number
    return number
