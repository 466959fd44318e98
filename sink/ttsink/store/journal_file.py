"""The journal's file: SQLite in WAL mode, one row for the batches of one commit.

Everything here blocks and belongs to one thread. Whole batches are written, read and taken out;
no record has a row of its own: that was measured at a quarter of the speed.
"""

import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import zstandard

from ttsink.store import journal_salvage
from ttsink.store.batch import Stored, of_text
from ttsink.store.log import BATCH_ID_SECONDS, Promise, new_epoch
from ttwire.record import decode_lines

FILE_NAME: Final = "journal.db"
PLACE_NAME: Final = "journal.last"
MAX_DAMAGED_FILES: Final = 2
"""Damaged files kept aside for a look; the oldest goes when there is a third."""

_SCHEMA_VERSION: Final = "1"
_MIN_COMPRESSED_BYTES: Final = 512
_PLAIN: Final = 0
_ZSTD: Final = 1
_CHECKPOINT_PAGES: Final = 4_000
_WAL_BYTES: Final = 32 * 1024 * 1024

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
  first INTEGER PRIMARY KEY, last INTEGER, count INTEGER, bytes INTEGER, stored_at REAL,
  coding INTEGER, crc INTEGER, gaps BLOB, body BLOB);
CREATE TABLE IF NOT EXISTS batch_ids (
  id TEXT PRIMARY KEY, stored_at REAL, first INTEGER, last INTEGER) WITHOUT ROWID;
"""


class Row(NamedTuple):
    """What is on disk of one commit: `bytes` is the text before compression."""

    first: int
    last: int
    records: int
    bytes: int
    stored_at: float


class Left(NamedTuple):
    """What is left of a row: to be written in its place."""

    first: int
    positions: list[int]
    lines: list[bytes]
    stored_at: float


class Opened(NamedTuple):
    """What was found. `lost` positions were given out and are not in the file."""

    epoch: str
    last: int
    rows: list[Row]
    ids: list[tuple[str, float, int, int]]
    accounts: bytes
    notes: list[str]
    lost: int


class Write(NamedTuple):
    """One batch to be written."""

    stored: Stored
    batch_id: str
    forgotten: tuple[str, ...] = ()


class JournalFile:
    """Opened once; every call may raise sqlite3.Error or OSError."""

    def __init__(self, folder: Path, promise: Promise = "full") -> None:
        self._folder = folder
        self._promise = promise
        self._db: sqlite3.Connection | None = None
        self._place: int | None = None
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()
        self._epoch = ""
        self.damaged = 0

    @property
    def path(self) -> Path:
        return self._folder / FILE_NAME

    # -- opening ----------------------------------------------------------------------------

    def open(self) -> Opened:
        """The file as it was left; one that cannot be read is moved aside, what it has saved.

        Raises:
            sqlite3.OperationalError: the folder cannot be written, the disk is full, or another
                sink has the file.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        notes: list[str] = []
        try:
            self._db = self._connect()
            opened = self._read_head()
            journal_salvage.check(self._db)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            if self._db is not None:
                with suppress(sqlite3.Error):
                    self._db.close()
                self._db = None
            saved = journal_salvage.readable(self.path)
            aside = self._move_aside()
            self._db = self._connect()
            opened = self._read_head()
            with self._db as db:
                db.executemany("INSERT OR IGNORE INTO batches VALUES (?,?,?,?,?,?,?,?,?)", saved)
            opened = self._read_head()
            self.damaged += 1
            notes.append(
                f"the journal was damaged ({error}); {len(saved)} batches were saved from it, "
                f"the file is kept as {aside}, and the numbering starts a new epoch"
            )
        self._epoch = opened.epoch
        lost = self._read_place(opened, notes)
        return opened._replace(notes=notes, lost=lost, last=opened.last + lost)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=1.0, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            # A second sink on one folder would give out the same numbers again.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {'FULL' if self._promise == 'full' else 'NORMAL'}")
            db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
            db.executescript(_SCHEMA)
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", (_SCHEMA_VERSION,))
            db.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (new_epoch(),))
            self._renumber_after_a_crash(db)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 0)")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('boot', ?)", (_boot(),))
            db.execute("INSERT OR REPLACE INTO meta VALUES ('promise', ?)", (self._promise,))
            db.execute("COMMIT")
        except BaseException:
            db.close()
            raise
        return db

    @staticmethod
    def _renumber_after_a_crash(db: sqlite3.Connection) -> None:
        """A new epoch where the machine stopped before what was acknowledged was synced.

        The positions of what was lost would be given out again for other records.
        """
        meta = dict(db.execute("SELECT name, value FROM meta"))
        if meta.get("clean") == 0 and meta["promise"] == "normal" and meta["boot"] != _boot():
            db.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (new_epoch(),))

    def _read_head(self) -> Opened:
        assert self._db is not None
        meta = dict(self._db.execute("SELECT name, value FROM meta"))
        rows = self._db.execute(
            "SELECT first, last, count, bytes, stored_at FROM batches ORDER BY first"
        )
        ids = self._db.execute(
            "SELECT id, stored_at, first, last FROM batch_ids ORDER BY stored_at"
        )
        found = [Row(*row) for row in rows]
        last = max(found[-1].last if found else 0, int(meta.get("last", 0)))
        return Opened(str(meta["epoch"]), last, found, list(ids), meta.get("accounts", b""), [], 0)

    def _read_place(self, opened: Opened, notes: list[str]) -> int:
        """How many positions were given out that the file does not have.

        The place beside the file is written without a sync after each commit: a process that
        is killed leaves it, so a tail that was torn off the file later is noticed, and no
        position is ever given out twice.
        """
        self._place = os.open(self._folder / PLACE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        epoch, _, digits = os.pread(self._place, 64, 0).decode("ascii", "replace").partition(" ")
        if epoch != opened.epoch or not digits.strip().isdigit():
            return 0
        lost = max(int(digits) - opened.last, 0)
        if lost:
            notes.append(
                f"the journal lacks its newest {lost} positions: its tail was lost or cut off"
            )
        return lost

    def _move_aside(self) -> str:
        name = f"{FILE_NAME}.damaged-{time.time_ns() // 1_000_000}"
        for suffix in ("", "-wal", "-shm"):
            path = self._folder / (FILE_NAME + suffix)
            if path.exists():
                path.rename(self._folder / (name + suffix))
        aside = sorted(self._folder.glob(f"{FILE_NAME}.damaged-*[0-9]"))
        for path in aside[:-MAX_DAMAGED_FILES]:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        return name

    # -- writing ----------------------------------------------------------------------------

    def write(self, writes: Sequence[Write]) -> Row | None:
        """Stores consecutive batches in one transaction; durable when it returns."""
        assert self._db is not None
        texts = [one.stored.batch.text for one in writes]
        count = sum([len(one.stored.batch) for one in writes])
        first = writes[0].stored.first
        now = writes[0].stored.stored_at
        ids = [
            (one.batch_id, one.stored.stored_at, one.stored.first, one.stored.last)
            for one in writes
            if one.batch_id
        ]
        self._begin()
        try:
            row = self._insert(first, None, b"".join(texts), count, now) if count else None
            self.forget([name for one in writes for name in one.forgotten])
            if ids:
                self._db.executemany("INSERT OR REPLACE INTO batch_ids VALUES (?,?,?,?)", ids)
            self._db.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        if row is not None:
            self._write_place(row.last)
        return row

    def forget(self, batch_ids: Sequence[str]) -> None:
        """Takes out ids of batches whose answers were taken; part of a transaction or its own."""
        assert self._db is not None
        if batch_ids:
            names = [(name,) for name in batch_ids]
            self._db.executemany("DELETE FROM batch_ids WHERE id = ?", names)

    def trim(
        self, gone: Iterable[int], left: Sequence[Left], accounts: bytes, last: int
    ) -> list[Row]:
        """Takes out the rows that begin at `gone`, and puts what is left in the place of others.

        `accounts` is what a view needs to count on from `last`; it belongs to exactly this
        content, so it is stored with it.
        """
        assert self._db is not None
        self._begin()
        try:
            self._db.executemany("DELETE FROM batches WHERE first = ?", [(f,) for f in gone])
            rows = []
            for one in left:
                self._db.execute("DELETE FROM batches WHERE first = ?", (one.first,))
                text = b"\n".join([*one.lines, b""])
                rows.append(
                    self._insert(one.first, one.positions, text, len(one.lines), one.stored_at)
                )
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('accounts', ?)", (accounts,))
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('last', ?)", (last,))
            self._db.execute(
                "DELETE FROM batch_ids WHERE stored_at < ?", (time.time() - BATCH_ID_SECONDS,)
            )
            self._db.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        self._db.execute("PRAGMA incremental_vacuum(2000)").fetchall()
        return rows

    def _insert(
        self, first: int, positions: list[int] | None, text: bytes, count: int, stored_at: float
    ) -> Row:
        assert self._db is not None
        coding = _ZSTD if len(text) >= _MIN_COMPRESSED_BYTES else _PLAIN
        body = self._compressor.compress(text) if coding == _ZSTD else text
        gaps = None
        last = first + count - 1
        if positions is not None:
            last = positions[-1]
            steps = [high - low for low, high in zip([first, *positions], positions, strict=False)]
            gaps = self._compressor.compress(msgspec.msgpack.encode(steps))
        row = Row(first, last, count, len(text), stored_at)
        self._db.execute(
            "INSERT INTO batches VALUES (?,?,?,?,?,?,?,?,?)",
            (first, last, count, len(text), stored_at, coding, zlib.crc32(body), gaps, body),
        )
        return row

    def _begin(self) -> None:
        assert self._db is not None
        self._db.execute("BEGIN IMMEDIATE")

    def _rollback(self) -> None:
        assert self._db is not None
        with suppress(sqlite3.Error):
            self._db.execute("ROLLBACK")

    def _write_place(self, last: int) -> None:
        assert self._place is not None
        os.pwrite(self._place, b"%-8b %-24d\n" % (self._epoch.encode(), last), 0)

    # -- reading ----------------------------------------------------------------------------

    def read(self, after: int, limit: int) -> tuple[list[Stored], list[Row], int]:
        """The next rows that reach above a position; the damaged ones; the last place looked at."""
        assert self._db is not None
        found: list[Stored] = []
        damaged: list[Row] = []
        rows = self._db.execute(
            "SELECT first, last, count, bytes, stored_at, coding, crc, gaps, body FROM batches"
            " WHERE first > ? ORDER BY first LIMIT ?",
            (after, limit),
        ).fetchall()
        for first, last, count, size, stored_at, coding, crc, gaps, body in rows:
            after = first
            stored = self._stored(first, count, stored_at, coding, crc, gaps, body)
            if stored is None:
                damaged.append(Row(first, last, count, size, stored_at))
            else:
                found.append(stored)
        return found, damaged, after

    def _stored(
        self,
        first: int,
        count: int,
        stored_at: float,
        coding: int,
        crc: int,
        gaps: bytes | None,
        body: bytes,
    ) -> Stored | None:
        if zlib.crc32(body) != crc:
            return None
        try:
            text = self._decompressor.decompress(body) if coding == _ZSTD else body
            records = decode_lines(text)
            positions = None
            if gaps is not None:
                steps = msgspec.msgpack.decode(self._decompressor.decompress(gaps), type=list[int])
                positions = list(accumulate(steps, initial=first))[1:]
        except (zstandard.ZstdError, msgspec.MsgspecError):
            return None
        if not text.count(b"\n") == len(records) == count:
            return None
        return Stored(
            positions[0] if positions else first, of_text(text, records), stored_at, positions
        )

    def disk_bytes(self) -> int:
        return sum(
            path.stat().st_size
            for suffix in ("", "-wal")
            if (path := self._folder / (FILE_NAME + suffix)).exists()
        )

    def close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 1)")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._db.close()
            self._db = None
        if self._place is not None:
            os.close(self._place)
            self._place = None


def _boot() -> str:
    """What is the same for as long as the machine runs; empty where that cannot be told."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""
