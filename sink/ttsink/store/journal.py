"""The log on disk: what the rings hold survives the process, and the machine."""

import asyncio
import sqlite3
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from ttsink.store.batch import EMPTY, Batch, Stored
from ttsink.store.journal_file import JournalFile, Left, Opened, Row, Write
from ttsink.store.log import (
    MAX_PENDING_BYTES,
    Appended,
    BatchIds,
    Clock,
    Health,
    LogFull,
    LogStatus,
    LogUnavailable,
    Promise,
    Tail,
    new_epoch,
)

MAX_COMMIT_BYTES: Final = 4 * 1024 * 1024
"""Text of one commit: batches that arrive while one is synced share the next sync."""

MAX_UNSAVED_BYTES: Final = 64 * 1024 * 1024
"""Text kept to be written once the disk takes it again; past it the oldest stay in memory only."""

RETRY_SECONDS: Final = 5.0
_READ_ROWS: Final = 32

_Job = tuple[Callable[[], Any], asyncio.Future[Any]]
_Item = Write | _Job | None


class JournalLog:
    """A BatchLog in one SQLite file under `folder`, written by a thread of its own.

    Where the disk cannot be written it goes on in memory, says so in `status()`, and writes
    what it still has as soon as the disk takes it. A damaged file never stops it.
    """

    def __init__(
        self, folder: Path, *, promise: Promise = "full", clock: Clock = time.time
    ) -> None:
        self._file = JournalFile(folder, promise)
        self._clock = clock
        self._ids = BatchIds()
        self._forgotten: list[str] = []
        self._tail = Tail()
        self._epoch = ""
        self._last = 0
        self._stored_last = 0
        self._rows: dict[int, Row] = {}
        self._stored_bytes = 0
        self._disk_bytes = 0
        self._health: Health = "closed"
        self._detail = ""
        self._damaged = 0
        self._lost = 0
        self._opened = False
        self._unsaved: deque[Write] = deque()
        self._unsaved_bytes = 0
        self._never_saved = 0
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._waiting: deque[tuple[asyncio.Future[None], Stored]] = deque()
        self._waiting_bytes = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.accounts = b""
        """What `trim` stored last, for a view to count on from."""
        self.notes: list[str] = []
        """What was found wrong when the file was opened, a sentence each."""

    # -- the seam ---------------------------------------------------------------------------

    async def open(self) -> LogStatus:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._health = "ok"
        self._thread.start()
        try:
            opened: Opened = await self._call(self._file.open)
        except (sqlite3.Error, OSError) as error:
            self._epoch = new_epoch()
            self._degrade(error)
            return self.status()
        self._opened = True
        self._epoch = opened.epoch
        self._last = self._stored_last = opened.last
        self._note_rows(opened.rows)
        self._lost = opened.lost
        self._damaged = self._file.damaged
        self.accounts = opened.accounts
        self.notes = opened.notes
        for batch_id, stored_at, first, last in opened.ids:
            self._ids.add(batch_id, stored_at, Appended(first, last))
        self._disk_bytes = await self._call(self._file.disk_bytes)
        return self.status()

    async def append(self, batch: Batch, *, batch_id: str = "") -> Appended:
        if self._health == "closed":
            raise LogUnavailable("the journal is closed")
        now = self._clock()
        known = self._ids.find(batch_id, now)
        if known is not None:
            # The first one may still be on its way to the disk; 200 is for what is there.
            await self._stored(known.last)
            return known
        if self._tail.pending_bytes + self._waiting_bytes > MAX_PENDING_BYTES:
            raise LogFull("the disk or the view is behind by more than it may be; try again")
        appended = Appended(self._last + 1, self._last + len(batch))
        self._ids.add(batch_id, now, appended)
        if not len(batch):
            return appended
        self._last = appended.last
        stored = Stored(appended.first, batch, now)
        assert self._loop is not None
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((done, stored))
        self._waiting_bytes += len(batch.text)
        self._queue.put(Write(stored, batch_id, tuple(self._forgotten)))
        self._forgotten.clear()
        # A request that goes away must not take the batch's future with it.
        await asyncio.shield(done)
        return appended

    def forget(self, batch_id: str) -> None:
        """On disk with the next batch: a crash before it is like an answer that was lost."""
        self._ids.forget(batch_id)
        self._forgotten.append(batch_id)

    async def entries(self, after: int = 0) -> AsyncGenerator[Stored]:
        reader = self._tail.join()
        try:
            end = self._stored_last
            place = self._row_before(after)
            while place < end and self._rows:
                found, damaged, reached = await self._call(self._read, place)
                self._note_damage(damaged)
                for stored in found:
                    if stored.last > after:
                        yield stored
                if reached == place:
                    break
                place = reached
            # What is missing at the end was lost or evicted: the next record comes after it.
            yield Stored(end + 1, EMPTY, self._clock())
            async for stored in reader.batches(max(after, end)):
                yield stored
        finally:
            reader.close()

    def status(self) -> LogStatus:
        return LogStatus(
            epoch=self._epoch,
            last=self._last,
            durability="memory" if self._health == "degraded" else "disk",
            health=self._health,
            detail=self._detail,
            disk_bytes=self._disk_bytes,
            stored_bytes=self._stored_bytes,
            pending_bytes=self._tail.pending_bytes + self._waiting_bytes,
            damaged_batches=self._damaged,
            lost_records=self._lost,
            unsaved_records=self._never_saved,
        )

    async def aclose(self) -> None:
        if self._health == "closed":
            return
        self._health = "closed"
        while self._waiting:
            await asyncio.shield(self._waiting[-1][0])
        with suppress(sqlite3.Error, OSError):
            if self._opened:
                await self._call(self._file.forget, self._forgotten)
        await self._call(self._file.close)
        self._queue.put(None)
        assert self._thread is not None
        await asyncio.to_thread(self._thread.join)
        self._tail.close()

    # -- trimming ---------------------------------------------------------------------------

    def rows(self) -> Sequence[Row]:
        """What is on disk, oldest first."""
        return list(self._rows.values())

    async def trim(self, gone: Sequence[int], left: Sequence[Left], accounts: bytes) -> None:
        """Frees the rows that begin at `gone`, and writes what is left of others in their place.

        `accounts` is kept for the next start. Does nothing while the disk cannot be written.
        """
        if self._health != "ok":
            return
        last = self._stored_last
        try:
            rows = await self._call(lambda: self._file.trim(gone, left, accounts, last))
        except (sqlite3.Error, OSError) as error:
            self._degrade(error)
            return
        for first in gone:
            self._drop_row(first)
        self._note_rows(rows)
        self._disk_bytes = await self._call(self._file.disk_bytes)

    # -- the loop's side --------------------------------------------------------------------

    async def _stored(self, last: int) -> None:
        for done, stored in self._waiting:
            if stored.last >= last:
                await asyncio.shield(done)
                return

    def _row_before(self, after: int) -> int:
        """The place from which `read` finds the row that holds the position after this one."""
        firsts = list(self._rows)
        at = bisect_left(firsts, after + 1)
        return firsts[at - 1] - 1 if at else 0

    def _read(self, place: int) -> tuple[list[Stored], list[Row], int]:
        return self._file.read(place, _READ_ROWS)

    def _note_rows(self, rows: Sequence[Row]) -> None:
        """A row in the place of another keeps that one's place in the order."""
        for row in rows:
            before = self._rows.get(row.first)
            self._rows[row.first] = row
            self._stored_bytes += row.bytes - (before.bytes if before else 0)

    def _drop_row(self, first: int) -> bool:
        row = self._rows.pop(first, None)
        if row is not None:
            self._stored_bytes -= row.bytes
        return row is not None

    def _note_damage(self, damaged: Sequence[Row]) -> None:
        for row in damaged:
            if self._drop_row(row.first):
                self._damaged += 1
                self._lost += row.records

    def _degrade(self, error: Exception) -> None:
        self._health = "degraded"
        self._detail = (
            f"the journal at {self._file.path} cannot be written ({error}): records are accepted"
            " and kept in memory only until it can"
        )

    def _written(self, count: int, rows: Sequence[Row], error: Exception | None) -> None:
        """Runs in the loop after each commit, or after one that failed."""
        if error is not None:
            self._degrade(error)
        elif self._health == "degraded" and self._opened:
            self._health = "ok"
            self._detail = ""
        self._note_rows(rows)
        self._unwritten(count)

    def _unwritten(self, count: int) -> None:
        """Gives batches to the readers and their senders, whatever became of the disk."""
        for _ in range(count):
            done, stored = self._waiting.popleft()
            size = len(stored.batch.text)
            self._waiting_bytes -= size
            self._stored_last = stored.last
            self._tail.put(stored, size)
            if not done.done():
                done.set_result(None)

    async def _call(self, job: Callable[..., Any], *args: Any) -> Any:
        assert self._loop is not None
        done: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put((lambda: job(*args), done))
        return await asyncio.shield(done)

    # -- the thread's side ------------------------------------------------------------------

    def _run(self) -> None:
        """Commits what has come since the last commit, and runs one job between commits."""
        retry_at = 0.0
        while True:
            try:
                item = self._queue.get(timeout=RETRY_SECONDS if self._unsaved else None)
            except Empty:
                retry_at = self._commit([])
                continue
            if item is None:
                return
            if not isinstance(item, Write):
                self._do(item)
                continue
            writes, then = self._gather(item)
            if time.monotonic() < retry_at:
                self._keep(writes)
                self._post(self._unwritten, len(writes))
            else:
                retry_at = self._commit(writes)
            if then is not None:
                self._do(then)

    def _gather(self, first: Write) -> tuple[list[Write], _Job | None]:
        writes = [first]
        size = len(first.stored.batch.text)
        while size < MAX_COMMIT_BYTES:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if not isinstance(item, Write):
                return writes, item
            writes.append(item)
            size += len(item.stored.batch.text)
        return writes, None

    def _commit(self, writes: list[Write]) -> float:
        """Writes what is unsaved and these; returns when to try again if that failed."""
        if not self._opened:
            self._post(self._written, len(writes), (), None)
            return 0.0
        rows = []
        try:
            for run in _runs([*self._unsaved, *writes]):
                row = self._file.write(run)
                if row is not None:
                    rows.append(row)
                for _ in range(min(len(run), len(self._unsaved))):
                    self._unsaved_bytes -= len(self._unsaved.popleft().stored.batch.text)
        except (sqlite3.Error, OSError) as error:
            saved = rows[-1].last if rows else 0
            self._keep([one for one in writes if one.stored.last > saved])
            self._post(self._written, len(writes), rows, error)
            return time.monotonic() + RETRY_SECONDS
        self._post(self._written, len(writes), rows, None)
        return 0.0

    def _keep(self, writes: Sequence[Write]) -> None:
        self._unsaved += writes
        self._unsaved_bytes += sum([len(one.stored.batch.text) for one in writes])
        while self._unsaved_bytes > MAX_UNSAVED_BYTES:
            dropped = self._unsaved.popleft().stored.batch
            self._unsaved_bytes -= len(dropped.text)
            self._never_saved += len(dropped)

    def _do(self, job: _Job) -> None:
        call, done = job
        try:
            result = call()
        except Exception as error:
            self._post(_fail, done, error)
        else:
            self._post(_finish, done, result)

    def _post(self, call: Callable[..., None], *args: Any) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop was closed without aclose: nobody waits
            self._loop.call_soon_threadsafe(call, *args)


def _runs(writes: Sequence[Write]) -> list[list[Write]]:
    """Batches that follow each other without a hole, of a commit's size at most."""
    runs: list[list[Write]] = []
    size = 0
    last = -1
    for one in writes:
        if not runs or one.stored.first != last + 1 or size > MAX_COMMIT_BYTES:
            runs.append([])
            size = 0
        runs[-1].append(one)
        size += len(one.stored.batch.text)
        last = one.stored.last
    return runs


def _finish(done: asyncio.Future[Any], result: Any) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
