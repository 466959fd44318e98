"""The state of every job, worker and queue, kept from batches as they are stored.

It outlives the records: a job whose records were all evicted keeps its counts here, until
so many newer keys came that its own row goes too (counted in `forgotten`).
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from ttsink.states.changes import Changes
from ttsink.states.gate import Gate
from ttsink.states.keystate import Job, Worker, head
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.progress import Heard, Said, advance
from ttsink.states.queuestate import Queue
from ttsink.states.settings import StateSettings
from ttsink.states.verdict import Verdict
from ttsink.store.batch import Columns, Keys, Stored
from ttwire.level import WARN_RANK
from ttwire.record import Record
from ttwire.state import State, States

Row = TypeVar("Row", Job, Worker)

SETTLED_AT_ONCE: Final = 8_192
"""Records counted together at most: some 5 ms of the loop."""

SETTLED_BYTES: Final = 16 * 1024 * 1024
"""Text of records that wait to be counted: rings may have let go of it meanwhile."""

DEFAULT: Final = StateSettings()


class KeyStates:
    """The observer of a view: told of every batch, asked for pages and changes.

    Rows are in order of their last record; when there are too many, the first goes.
    `now` is in seconds of the sink's clock.
    """

    def __init__(self, lifecycle: Lifecycle, settings: StateSettings = DEFAULT) -> None:
        self.lifecycle = lifecycle
        self.settings = settings
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.workers: OrderedDict[str, Worker] = OrderedDict()
        self.queues: dict[str, Queue] = {}
        self.forgotten = 0
        self.gate = Gate(self.settings.max_new_keys_per_second)
        self.position = 0
        self.listening_since = 0.0
        """The sink's own absence is nobody's silence."""
        self._now = 0.0
        self._gone_jobs: Counter[str] = Counter()
        self._gone_workers: Counter[str] = Counter()
        self._unsettled = Said()
        self._changes = Changes()

    def applied(self, stored: Stored) -> None:
        """A batch was stored.

        Of what a restored account counted already, it only notes that it is still held.
        The rest is only taken down: costs are per key, so many batches are counted together.
        """
        batch = stored.batch
        if stored.first <= self.position:
            known = stored.known(self.position)
            self._still_held(batch.columns, known)
            batch = batch.picked(range(known, len(batch)))
            if not len(batch):
                return
        self.position = stored.last
        self._now = max(self._now, stored.stored_at)
        self.gate.refill(self._now)
        said = self._unsettled
        jobs, workers = batch.columns.jobs.names, batch.columns.workers.names
        said.add(
            batch,
            self.gate.admitted(jobs, self.jobs, said.jobs.places),
            self.gate.admitted(workers, self.workers, said.workers.places),
            self.lifecycle,
        )
        if len(said) >= SETTLED_AT_ONCE or said.bytes >= SETTLED_BYTES:
            self.settle()

    def settle(self) -> None:
        """Count what was applied; every question settles first."""
        if self._unsettled:
            said, self._unsettled = self._unsettled, Said()
            self._count_batches(said, self._now)
        gone: tuple[tuple[Mapping[str, Job | Worker], Counter[str]], ...] = (
            (self.jobs, self._gone_jobs),
            (self.workers, self._gone_workers),
        )
        for rows, counts in gone:
            for key, count in counts.items():
                row = rows.get(key)
                if row is not None:
                    row.retained = max(0, row.retained - count)
            counts.clear()

    def _count_batches(self, said: Said, now: float) -> None:
        for key, places in said.workers.places.items():
            self._count(self._worker(key), places, said, said.record(places[-1]), now)
        for key, places in said.jobs.places.items():
            job = self._job(key)
            before = job.shown_state()
            last = said.record(places[-1])
            self._count(job, places, said, last, now)
            self._tell(job, before, places, said, last, now)
        self._count_marked(said)
        for place, verdict in said.verdicts.items():
            if verdict.of == "worker":
                self._worker_said(said.record(place), verdict, now)

    def _count(
        self, row: Job | Worker, places: list[int], said: Said, last: Record, now: float
    ) -> None:
        count = len(places)
        if row.hear(now, count):
            self._changes.restated(row)
        else:
            self._changes.counted(row)
        row.records += count
        row.retained += count
        row.bytes += sum(map(said.sizes.__getitem__, places))
        when = last.timestamp
        if row.last is None:
            row.first = said.time(places[0])
            row.last = when
        elif when > row.last:
            row.last = when
        row.message = head(last.message)
        if last.trace_id is not None:
            row.trace_id = last.trace_id

    def _count_marked(self, said: Said) -> None:
        """The records with a level to worry about, or with something redacted."""
        warnings = [place for place, rank in enumerate(said.ranks) if rank == WARN_RANK]
        columns: tuple[tuple[Mapping[str, Job | Worker], Heard], ...] = (
            (self.jobs, said.jobs),
            (self.workers, said.workers),
        )
        for rows, heard in columns:
            newest = heard.newest(said.errors)
            for row, count in _counted(rows, heard.keys, said.errors):
                row.errors += count
                row.error = head(said.record(newest[row.key]).message)
            for row, count in _counted(rows, heard.keys, warnings):
                row.warnings += count
            for row, count in _counted(rows, heard.keys, said.redacted):
                row.redacted += count

    def _tell(
        self,
        job: Job,
        before: State,
        places: list[int],
        said: Said,
        last: Record,
        now: float,
    ) -> None:
        queue_before = job.queue
        if last.queue is not None:
            job.queue = last.queue
        moved = advance(job, places, said)
        worker = last.worker
        if worker is None:  # a controller has the last word on what a worker did
            worker = next(filter(None, map(said.workers.keys.__getitem__, reversed(places))), None)
        if worker is not None and worker != job.worker:
            job.seen_on(worker)
            moved = True
        if not moved and job.queue == queue_before and before == job.state:
            return
        after = job.shown_state()
        if after != before or moved:
            self._changes.restated(job)
        self._place(job, worker)
        self._queue_moved(job, queue_before, before, now)

    def _place(self, job: Job, name: str | None) -> None:
        """What is running where."""
        worker = self.workers.get(name) if name is not None else None
        if job.state == "running":
            if worker is not None:
                worker.runs(job.key)
                if job.queue is not None:
                    worker.serves(job.queue)
                if worker.state != "running":
                    worker.state, worker.inferred = "running", True
                    self._changes.restated(worker)
            return
        for seen in job.workers:
            known = self.workers.get(seen)
            if known is not None and known.jobs.pop(job.key, "") is None:
                self._changes.counted(known)

    def _worker_said(self, record: Record, verdict: Verdict, now: float) -> None:
        for worker in self._meant(record.worker, verdict.worker):
            self._changes.restated(worker)
            if verdict.state == "failed":
                self._killed(worker, record, now)
            worker.state, worker.inferred = verdict.state, False

    def _meant(self, speaker: str | None, named: str | None) -> list[Worker]:
        """The workers a record speaks of: the speaker itself, or those that it names.

        A host's process is known as `host:process`, and its threads as `host:process:thread`.
        """
        if named is None:
            worker = self.workers.get(speaker) if speaker is not None else None
            return [worker] if worker is not None else []
        host = f"{speaker.partition(':')[0]}:" if speaker is not None else ""
        for whole in (named, host + named):
            if whole in self.workers:
                return [self.workers[whole]]
        threads = f"{host}{named}:"
        return [worker for key, worker in self.workers.items() if key.startswith(threads)]

    def _killed(self, worker: Worker, record: Record, now: float) -> None:
        for key in tuple(worker.jobs):
            job = self.jobs.get(key)
            if job is None or job.state != "running":
                continue
            tried = job.attempt(None)
            if tried.start is not None and tried.start > record.timestamp:
                continue  # begun since, by a process that took its name
            before = job.shown_state()
            job.say("failed", record.timestamp, tried, inferred=True)
            job.error = head(record.message)
            self._changes.restated(job)
            self._queue_moved(job, job.queue, before, now)
            del worker.jobs[key]

    def _queue_moved(self, job: Job, queue_before: str | None, before: State, now: float) -> None:
        after = job.shown_state()
        ends, waits = job.ends, job.waits
        job.ends, job.waits = 0, []
        if job.queue is None or (
            queue_before == job.queue and before == after and not (ends or waits)
        ):
            return
        if queue_before is not None and (left := self.queues.get(queue_before)) is not None:
            left.move(before, None)
        queue = self._queue(job.queue)
        queue.move(None, after)
        queue.last = job.last
        if ends:
            queue.ended.add(now, ends)
        queue.waits.extend(max(0.0, wait) for wait in waits)
        self._changes.moved(queue)

    def evicted(self, jobs: Mapping[str, int], workers: Mapping[str, int]) -> None:
        """So many records of these jobs and these workers are no longer held."""
        self._gone_jobs.update(jobs)
        self._gone_workers.update(workers)

    def _still_held(self, columns: Columns, count: int) -> None:
        known: tuple[tuple[Mapping[str, Job | Worker], Keys], ...] = (
            (self.jobs, columns.jobs),
            (self.workers, columns.workers),
        )
        for rows, keys in known:
            for key, held in Counter(keys.column()[:count]).items():
                row = rows.get(key) if key is not None else None
                if row is not None:
                    row.retained += held

    def count_at_least(self, accepted: Mapping[str, int]) -> None:
        """Records of jobs that an exact account knows of.

        After a crash, those stored since the last snapshot and evicted are in no journal.
        """
        self.settle()
        for key, count in accepted.items():
            job = self.jobs.get(key)
            if job is not None:
                job.records = max(job.records, count)

    def capped(self, job: str | None, worker: str | None, count: int) -> None:
        for row in self._rows(job, worker):
            row.capped += count
            self._changes.restated(row)

    def _rows(self, job: str | None, worker: str | None) -> list[Job | Worker]:
        found: list[Job | Worker | None] = [
            self.jobs.get(job) if job is not None else None,
            self.workers.get(worker) if worker is not None else None,
        ]
        return [row for row in found if row is not None]

    def check(self, now: float) -> None:
        """Find who fell silent. Once a second is often enough."""
        self.settle()
        since = self.listening_since
        for worker in _due(self.workers, now):
            if worker.falls_silent(now, self.settings, since):
                self._changes.restated(worker)
        for job in _due(self.jobs, now):
            if job.falls_silent(now, self.settings, since):
                self._changes.restated(job)
                self._queue_moved(job, job.queue, job.state, now)

    def changes(self, now: float) -> States:
        """What changed since the last call, at most `max_update_bytes` of it."""
        self.settle()
        return self._changes.take(now, self.settings)

    def forget_changes(self) -> None:
        """Nobody reads them."""
        self._changes.clear()

    def _job(self, key: str) -> Job:
        row = self.jobs.pop(key, None)
        if row is None:
            row = Job(key)
            if len(self.jobs) >= self.settings.max_jobs:
                gone = self.jobs.popitem(last=False)[1]
                self._forget(gone)
                if gone.queue is not None and (queue := self.queues.get(gone.queue)):
                    queue.move(gone.shown_state(), None)
        self.jobs[key] = row
        return row

    def _worker(self, key: str) -> Worker:
        row = self.workers.pop(key, None)
        if row is None:
            row = Worker(key)
            if len(self.workers) >= self.settings.max_workers:
                self._forget(self.workers.popitem(last=False)[1])
        self.workers[key] = row
        return row

    def _queue(self, key: str) -> Queue:
        row = self.queues.pop(key, None) or Queue(key)
        self.queues[key] = row
        if len(self.queues) > self.settings.max_queues:
            self._changes.forget_queue(self.queues.pop(next(iter(self.queues))))
            self.forgotten += 1
        return row

    def _forget(self, row: Job | Worker) -> None:
        self._changes.forget(row)
        self.forgotten += 1


def _due(rows: Mapping[str, Row], now: float) -> list[Row]:
    """Those whose silence must be looked at: few, of 10,000 that are known."""
    return [
        row
        for row in rows.values()
        if now > row.quiet_until and row.state == "running" and not row.silent
    ]


def _counted(
    rows: Mapping[str, Job | Worker], keys: list[str | None], places: Iterable[int]
) -> Iterable[tuple[Job | Worker, int]]:
    """Each row that has any of these places, and how many."""
    for key, count in Counter(map(keys.__getitem__, places)).items():
        if key is not None and (row := rows.get(key)) is not None:
            yield row, count
