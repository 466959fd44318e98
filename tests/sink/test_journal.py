"""What was acknowledged survives, whatever became of the process or of the file."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha512
from pathlib import Path

import pytest

from ttsink.store import trim
from ttsink.store.batch import Batch, Stored, of_records
from ttsink.store.journal import JournalLog
from ttsink.store.journal_file import FILE_NAME, JournalFile, Write
from ttsink.store.keeper import Keeper
from ttsink.store.retention import Retention
from ttsink.store.view import View
from ttwire.record import Record, decode


def batch(*messages: str, job: str = "a") -> Batch:
    return of_records([Record(job=job, message=message) for message in messages])


def kept(view: View) -> list[str]:
    return [decode(entry.line).message for entry in view.order.after(0, 1_000_000)]


def fail(error: Exception) -> None:
    raise error


@asynccontextmanager
async def opened(
    folder: Path, retention: Retention | None = None, *, clean: bool = True
) -> AsyncIterator[tuple[JournalLog, View, Keeper]]:
    """A journal and the view that has read it; not `clean` leaves as a killed process does."""
    log = JournalLog(folder)
    status = await log.open()
    view = View(status.epoch, retention or Retention())
    if log.accounts:
        view.books.restore(log.accounts)
    keeper = Keeper(log, view, fail)
    following = asyncio.create_task(keeper.follow())
    try:
        await reached(view, status.last)
        yield log, view, keeper
        await reached(view, log.status().last)
        if clean:
            await keeper.save()
        balanced(view)
    finally:
        await log.aclose()
        await following


async def reached(view: View, last: int) -> None:
    async with asyncio.timeout(5):
        while view.order.last < last:  # noqa: ASYNC110 - the loop's own turns are waited for
            await asyncio.sleep(0)


def balanced(view: View) -> None:
    ledger = view.ledger()
    for account in (ledger.total, *ledger.jobs.values()):
        assert account.accepted == account.retained + account.evicted
    assert ledger.total.accepted == view.order.last
    for name in ("accepted", "retained", "evicted"):
        whole = getattr(ledger.total, name)
        assert whole == sum(getattr(account, name) for account in ledger.jobs.values())


async def test_a_restart_keeps_the_epoch_the_records_and_the_numbering(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, view, _):
        await log.append(batch("a", "b"), batch_id="one")
        epoch = view.epoch

    async with opened(tmp_path) as (log, view, _):
        assert view.epoch == epoch
        assert kept(view) == ["a", "b"]
        assert (await log.append(batch("a", "b"), batch_id="one")).repeated
        assert (await log.append(batch("c"))).first == 3


async def test_an_answer_that_was_taken_is_remembered_over_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _, _):
        await log.append(batch("a"), batch_id="with the next batch")
        log.forget("with the next batch")
        await log.append(batch("b"), batch_id="at the end")
        log.forget("at the end")

    async with opened(tmp_path) as (log, _, _):
        assert not (await log.append(batch("a"), batch_id="with the next batch")).repeated
        assert not (await log.append(batch("b"), batch_id="at the end")).repeated


async def test_many_small_batches_share_commits_and_come_back_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _, _):
        await asyncio.gather(*[log.append(batch(str(n))) for n in range(300)])
        rows = len(log.rows())

    async with opened(tmp_path) as (_, view, _):
        assert kept(view) == [str(n) for n in range(300)]
    assert rows < 300


async def test_eviction_frees_the_disk_and_keeps_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trim, "SLACK_BYTES", 0)
    small = Retention(max_ring_records=20)
    async with opened(tmp_path, small) as (log, view, keeper):
        await log.append(batch("quiet", job="q"))
        for n in range(60):
            await log.append(batch(*[f"{n}.{i}" for i in range(10)], job="loud"))
        await log.append(batch("other", *["x"] * 25))
        await reached(view, log.status().last)
        for _ in range(3):
            await keeper.trim_once(log)
        before = kept(view)
        ledger = view.ledger()
        assert sum(row.records for row in log.rows()) < 2 * len(before)
        assert log.status().stored_bytes == sum(row.bytes for row in log.rows())

    async with opened(tmp_path, small) as (log, view, _):
        assert kept(view) == before
        assert view.ledger() == ledger
        assert (await log.append(batch("next"))).first == 628


async def test_an_account_from_before_a_kill_counts_on(tmp_path: Path) -> None:
    small = Retention(max_ring_records=5)
    async with opened(tmp_path, small, clean=False) as (log, view, keeper):
        for n in range(10):
            await log.append(batch(str(n), "x"))
        await reached(view, 20)
        await keeper.trim_once(log)
        await log.append(batch("late", job="b"))
        await reached(view, 21)
        ledger = view.ledger()

    async with opened(tmp_path, small) as (_, view, _):
        assert view.ledger() == ledger


async def test_a_batch_with_a_damaged_body_is_skipped_and_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _, _):
        for message in "abc":
            await log.append(batch(message))
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("UPDATE batches SET body = x'00ff' WHERE first = 2")
        db.commit()

    async with opened(tmp_path) as (log, view, _):
        assert kept(view) == ["a", "c"]
        assert (log.status().damaged_batches, log.status().lost_records) == (1, 1)
        assert (await log.append(batch("d"))).first == 4


async def test_a_torn_off_tail_is_told_and_its_numbers_are_not_given_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _, _):
        for message in "abc":
            await log.append(batch(message))
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("DELETE FROM batches WHERE first = 3")
        db.execute("DELETE FROM meta WHERE name IN ('last', 'accounts')")
        db.commit()

    async with opened(tmp_path) as (log, view, _):
        assert kept(view) == ["a", "b"]
        assert log.status().lost_records == 1
        assert len(log.notes) == 1
        assert (await log.append(batch("d"))).first == 4


@pytest.mark.parametrize("damage", ["text", "head", "middle", "cut", "empty"])
async def test_a_damaged_file_never_stops_a_start(tmp_path: Path, damage: str) -> None:
    async with opened(tmp_path) as (log, view, _):
        epoch = view.epoch
        for n in range(50):
            await log.append(batch(*[f"{n} {i} {hash((n, i))}" for i in range(100)]))
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    match damage:
        case "text":
            content = bytearray(b"not a database at all" * 1_000)
        case "head":
            content[:100] = bytes(100)
        case "middle":
            content[4096 * 3 : 4096 * 6] = b"\xff" * (4096 * 3)
        case "cut":
            del content[len(content) // 2 :]
        case _:
            content.clear()
    path.write_bytes(content)

    async with opened(tmp_path) as (log, view, _):
        assert log.status().health == "ok"
        told = bool(log.notes) or log.status().damaged_batches > 0
        assert told or view.epoch != epoch or len(kept(view)) == 5_000
        first = (await log.append(batch("after"))).first
        assert view.epoch != epoch or first > 5_000

    async with opened(tmp_path) as (_, view, _):
        assert kept(view)[-1] == "after"


async def test_damage_under_the_text_of_rows_costs_those_rows_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _, _):
        for n in range(20):
            await log.append(batch(*[sha512(b"%d %d" % (n, i)).hexdigest() for i in range(500)]))
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    for part in (0.3, 0.5, 0.7):
        page = int(len(content) * part) // 4096
        content[4096 * page : 4096 * (page + 1)] = b"\xff" * 4096
    path.write_bytes(content)

    async with opened(tmp_path) as (log, view, _):
        assert log.status().health == "ok"
        assert len(log.notes) == 1
        assert len(kept(view)) >= 500 * 17
        await log.append(batch("after"))

    async with opened(tmp_path) as (log, view, _):
        assert log.notes == []
        assert kept(view)[-1] == "after"


async def test_a_disk_that_refuses_is_loud_and_mended_when_it_takes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsink.store.journal.RETRY_SECONDS", 0.01)
    whole = JournalFile.write

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with opened(tmp_path) as (log, view, _):
        await log.append(batch("a"))
        monkeypatch.setattr(JournalFile, "write", refuse)
        await log.append(batch("b"))
        await log.append(batch("c"))
        status = log.status()
        assert (status.health, status.durability) == ("degraded", "memory")
        assert "disk is full" in status.detail
        await reached(view, 3)

        monkeypatch.setattr(JournalFile, "write", whole)
        async with asyncio.timeout(5):
            while log.status().health != "ok":  # noqa: ASYNC110 - the journal's thread is waited for
                await asyncio.sleep(0.01)

    async with opened(tmp_path) as (_, view, _):
        assert kept(view) == ["a", "b", "c"]


async def test_a_folder_that_cannot_be_made_leaves_a_log_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    async with opened(tmp_path / "file" / "folder", clean=False) as (log, view, _):
        await log.append(batch("a"))
        await reached(view, 1)
        assert log.status().health == "degraded"
        assert kept(view) == ["a"]


async def test_two_sinks_never_share_a_journal(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _, _):
        await log.append(batch("a"))
        async with opened(tmp_path, clean=False) as (other, _, _):
            assert other.status().health == "degraded"
            assert "locked" in other.status().detail
        assert log.status().health == "ok"


def test_the_machine_stopping_before_a_sync_begins_a_new_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for promise, renumbered in (("normal", True), ("full", False)):
        folder = tmp_path / promise
        monkeypatch.setattr("ttsink.store.journal_file._boot", lambda: "before")
        file = JournalFile(folder, promise)  # type: ignore[arg-type]
        epoch = file.open().epoch
        assert file._db is not None
        file._db.close()
        monkeypatch.setattr("ttsink.store.journal_file._boot", lambda: "after")

        again = JournalFile(folder, promise)  # type: ignore[arg-type]
        assert (again.open().epoch != epoch) is renumbered
        again.close()


def test_a_file_says_what_it_wrote(tmp_path: Path) -> None:
    file = JournalFile(tmp_path)
    file.open()
    row = file.write([Write(Stored(1, batch("a", "b"), 5.0), "")])

    assert row is not None
    assert (row.first, row.last, row.records, row.stored_at) == (1, 2, 2, 5.0)
    file.close()
