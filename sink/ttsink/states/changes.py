"""Which rows of jobs, workers and queues changed since they were last told."""

from typing import Final

import msgspec

from ttsink.states.keystate import Job, Worker
from ttsink.states.queuestate import Queue
from ttsink.states.settings import StateSettings
from ttwire.state import JobState, QueueState, States, WorkerState

COUNTS_SHARE: Final = 4
"""One in so many bytes of an update is kept for rows that only counted on."""

FRAME_BYTES: Final = 512
"""What stands around the rows of an update, and a queue or two at its end."""


class Changes:
    """Rows that wait to be told: those whose state changed, and those that only counted on."""

    def __init__(self) -> None:
        self._restated: dict[Job | Worker, None] = {}
        self._counted: dict[Job | Worker, None] = {}
        self._queues: dict[Queue, None] = {}

    def restated(self, row: Job | Worker) -> None:
        self._restated[row] = None

    def counted(self, row: Job | Worker) -> None:
        self._counted[row] = None

    def moved(self, queue: Queue) -> None:
        self._queues[queue] = None

    def forget(self, row: Job | Worker) -> None:
        self._restated.pop(row, None)
        self._counted.pop(row, None)

    def forget_queue(self, queue: Queue) -> None:
        self._queues.pop(queue, None)

    def clear(self) -> None:
        self._restated.clear()
        self._counted.clear()
        self._queues.clear()

    def take(self, now: float, settings: StateSettings) -> States:
        """What is told next, at most `max_update_bytes` of it.

        Changed states come first; rows that only counted on take turns, and always some of them:
        where states change without end, their ages and counts would stand still.
        """
        jobs: list[JobState] = []
        workers: list[WorkerState] = []
        queues: list[QueueState] = []
        left = settings.max_update_bytes - FRAME_BYTES
        kept_back = left // COUNTS_SHARE
        for pool, least in ((self._restated, kept_back), (self._counted, 0), (self._restated, 0)):
            while pool:
                row = next(iter(pool))
                told = row.wire(now, settings)
                left -= (size := len(msgspec.json.encode(told)) + 1)
                if left < least and (jobs or workers):
                    left += size
                    break
                del pool[row]
                self._counted.pop(row, None)
                if isinstance(told, JobState):
                    jobs.append(told)
                else:
                    workers.append(told)
        while self._queues and left > 0:
            queue = next(iter(self._queues))
            del self._queues[queue]
            queues.append(queue.wire(now))
            left -= len(msgspec.json.encode(queues[-1]))
        return States(tuple(jobs), tuple(workers), tuple(queues))
