"""What the records of one batch change of a job's attempts."""

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from ttsink.keystate import Job
from ttsink.lifecycle import Lifecycle, Verdict
from ttwire.record import Record

ERRORS: Final = frozenset({"error", "fatal"})

_attempt = attrgetter("attempt")
_level = attrgetter("level")
_job = attrgetter("job")
_worker = attrgetter("worker")


class Said:
    """One batch as columns, and the places in it that need a look."""

    __slots__ = (
        "attempts", "errors", "jobs", "levels", "noted", "records", "verdicts", "workers",
    )  # fmt: skip

    def __init__(self, records: Sequence[Record], lifecycle: Lifecycle) -> None:
        self.records = records
        self.verdicts: dict[int, Verdict] = lifecycle.verdicts(records)
        self.attempts: list[int | None] = list(map(_attempt, records))
        self.levels: list[str | None] = list(map(_level, records))
        self.jobs: list[str | None] = list(map(_job, records))
        self.workers: list[str | None] = list(map(_worker, records))
        self.errors = {place for place, level in enumerate(self.levels) if level in ERRORS}
        fatal = (place for place in self.errors if self.levels[place] == "fatal")
        self.noted = self.verdicts.keys() | fatal


def advance(job: Job, places: list[int], said: Said) -> bool:
    """Tell a job what its records at these places said; whether an attempt or a state changed.

    A stretch that says nothing new is only counted.
    """
    if said.noted.isdisjoint(places) and _count(job, places, said):
        return False
    before = (job.state, len(job.attempts), job.current and job.current.state)
    for place in places:
        _tell(job, place, said)
    return before != (job.state, len(job.attempts), job.current and job.current.state)


def _count(job: Job, places: list[int], said: Said) -> bool:
    """Count records of attempts that are under way or over; False where one is neither."""
    told = Counter(map(said.attempts.__getitem__, places))
    newest = job.current
    for number in told:
        tried = newest if number is None else job.attempts.get(number)
        if tried is None or (tried.start is None and tried.end is None):
            return False
    for number, count in told.items():
        job.attempt(number).records += count
    if not said.errors.isdisjoint(places):
        for place in places:
            if place in said.errors:
                job.attempt(said.attempts[place]).errors += 1
    return True


def _tell(job: Job, place: int, said: Said) -> None:
    record = said.records[place]
    tried = job.attempt(record.attempt)
    verdict = said.verdicts.get(place)
    if verdict is not None and verdict.of == "job":
        if verdict.attempt is not None and record.attempt is None:
            tried = job.attempt(verdict.attempt)
        tried = job.say(
            verdict.state,
            record.timestamp,
            tried,
            inferred=verdict.inferred,
            seconds=verdict.seconds,
        )
    elif tried.start is None and tried.end is None:
        # A record of its own is the sign that it runs, where nobody said so.
        tried = job.say("running", record.timestamp, tried, inferred=True)
    elif record.level == "fatal" and tried.state == "running":
        tried = job.say("failed", record.timestamp, tried, inferred=True)
    tried.records += 1
    tried.worker = record.worker or tried.worker
    if place in said.errors:
        tried.errors += 1
