"""The states as bytes: what outlives a restart of what the records no longer tell.

The journal holds the retained records; counts, attempts and durations of evicted ones are only
here. A snapshot knows the position it was taken at, so that the records after it are counted
once, whenever the process died.
"""

from typing import Any, Final

import msgspec

from ttsink.states.keystate import Job, KeyState, Try, Worker
from ttsink.states.queuestate import Queue
from ttsink.states.silence import UsualGap
from ttsink.states.states import KeyStates

VERSION: Final = 1

_SHARED: Final = (
    "arrived", "bytes", "capped", "error", "errors", "first", "inferred", "last", "message",
    "records", "redacted", "silent", "state", "trace_id", "warnings",
)  # fmt: skip
_OF_JOB: Final = (*_SHARED, "queue", "seconds", "wait_seconds", "worker")
_OF_TRY: Final = ("end", "errors", "queued", "records", "start", "state", "worker")


class Row(msgspec.Struct, array_like=True):
    """One job or worker; `names` are its workers, or its jobs and its queues."""

    key: str
    members: list[Any]
    gaps: list[float]
    names: list[list[str]]
    tries: list[tuple[int, list[Any]]] = []


class Snapshot(msgspec.Struct, array_like=True):
    version: int
    epoch: str
    position: int
    jobs: list[Row]
    workers: list[Row]
    queues: list[tuple[str, list[float], str | None]]


def save(states: KeyStates, epoch: str) -> bytes:
    states.settle()
    return msgspec.msgpack.encode(
        Snapshot(
            VERSION,
            epoch,
            states.position,
            [
                Row(
                    job.key,
                    [getattr(job, name) for name in _OF_JOB],
                    list(job.gap.gaps()),
                    [list(job.workers)],
                    [
                        (number, [getattr(tried, name) for name in _OF_TRY])
                        for number, tried in job.attempts.items()
                    ],
                )
                for job in states.jobs.values()
            ],
            [
                Row(
                    worker.key,
                    [getattr(worker, name) for name in _SHARED],
                    list(worker.gap.gaps()),
                    [list(worker.jobs), list(worker.queues)],
                )
                for worker in states.workers.values()
            ],
            [(queue.key, list(queue.waits), queue.last) for queue in states.queues.values()],
        )
    )


def restore(states: KeyStates, saved: bytes, epoch: str) -> bool:
    """Fill fresh states from bytes; False, and nothing changed, where they are of no use.

    Of no use: damaged, of another version, or of another life of the numbering.
    """
    try:
        snapshot = msgspec.msgpack.decode(saved, type=Snapshot)
    except msgspec.DecodeError:
        return False
    if snapshot.version != VERSION or snapshot.epoch != epoch:
        return False
    rows = [*snapshot.jobs, *snapshot.workers]
    if any(len(row.members) not in {len(_OF_JOB), len(_SHARED)} for row in rows):
        return False
    states.position = snapshot.position
    for saved_queue, waits, last in snapshot.queues:
        queue = states.queues[saved_queue] = Queue(saved_queue)
        queue.waits.extend(waits)
        queue.last = last
    for row in snapshot.jobs:
        job = states.jobs[row.key] = Job(row.key)
        _fill(job, _OF_JOB, row)
        job.workers = dict.fromkeys(row.names[0])
        for number, members in row.tries:
            tried = job.attempts[number] = Try(number)
            for name, value in zip(_OF_TRY, members, strict=True):
                setattr(tried, name, value)
            job.current = tried
        if job.queue is not None and (held := states.queues.get(job.queue)) is not None:
            held.move(None, job.shown_state())
    for row in snapshot.workers:
        worker = states.workers[row.key] = Worker(row.key)
        _fill(worker, _SHARED, row)
        worker.jobs = dict.fromkeys(row.names[0])
        worker.queues = dict.fromkeys(row.names[1])
    return True


def _fill(row: KeyState, names: tuple[str, ...], saved: Row) -> None:
    for name, value in zip(names, saved.members, strict=True):
        setattr(row, name, value)
    row.gap = UsualGap(tuple(saved.gaps))
