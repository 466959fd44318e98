"""What the records of one batch change of a job's attempts."""

from collections.abc import Mapping, Sequence
from typing import Final

from ttsink.keystate import Job
from ttsink.lifecycle import Verdict
from ttwire.record import Record

ERRORS: Final = frozenset({"error", "fatal"})


def advance(
    job: Job,
    places: list[int],
    records: Sequence[Record],
    verdicts: Mapping[int, Verdict],
) -> bool:
    """Tell a job what its records at these places said; whether an attempt or a state changed.

    A stretch that says nothing new costs one comparison a record.
    """
    tried = job.current
    if (
        tried is not None
        and tried.start is not None
        and verdicts.keys().isdisjoint(places)
        and {records[place].attempt for place in places} <= {None, tried.number}
    ):
        tried.records += len(places)
        for place in places:
            if records[place].level in ERRORS:
                tried.errors += 1
                if records[place].level == "fatal" and tried.state == "running":
                    job.say("failed", records[place].timestamp, tried, inferred=True)
        return tried.state != "running"
    for place in places:
        record = records[place]
        tried = job.attempt(record.attempt)
        verdict = verdicts.get(place)
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
        if record.level in ERRORS:
            tried.errors += 1
    return True
