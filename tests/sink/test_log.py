"""What every log promises: one suite for all of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ttsink.store.batch import Batch, Stored, of_records
from ttsink.store.journal import JournalLog
from ttsink.store.log import BATCH_ID_SECONDS, BatchLog, LogUnavailable, MemoryLog
from ttwire.record import Record


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "journal"])
async def log(
    request: pytest.FixtureRequest, clock: Clock, tmp_path: Path
) -> AsyncIterator[BatchLog]:
    made: BatchLog
    if request.param == "memory":
        made = MemoryLog(clock=clock)
    else:
        made = JournalLog(tmp_path, clock=clock)
    await made.open()
    yield made
    await made.aclose()


def batch(*messages: str) -> Batch:
    return of_records([Record(message=message) for message in messages])


async def taken(log: BatchLog, count: int, after: int = 0) -> list[Stored]:
    found: list[Stored] = []
    async with asyncio.timeout(5):
        async for stored in log.entries(after):
            if not len(stored.batch):  # what was on disk was given
                continue
            found.append(stored)
            if len(found) == count:
                break
    return found


def messages(stored: list[Stored]) -> list[str]:
    return [record.message for one in stored for record in one.batch.records()]


async def test_positions_are_dense_from_one(log: BatchLog) -> None:
    first = await log.append(batch("a", "b"))
    second = await log.append(batch("c"))

    assert (first.first, first.last, second.first, second.last) == (1, 2, 3, 3)
    assert log.status().last == 3


async def test_a_reader_gets_what_was_stored_and_then_what_comes(log: BatchLog) -> None:
    await log.append(batch("a"))
    reading = asyncio.create_task(taken(log, 3))
    await asyncio.sleep(0)

    await log.append(batch("b", "c"))
    await log.append(batch("d"))

    stored = await reading
    assert messages(stored) == ["a", "b", "c", "d"]
    assert [one.first for one in stored] == [1, 2, 4]


async def test_every_reader_gets_the_same_in_the_same_order(log: BatchLog) -> None:
    reading = [asyncio.create_task(taken(log, 20)) for _ in range(3)]
    await asyncio.sleep(0)

    await asyncio.gather(*[log.append(batch(str(n), "x")) for n in range(20)])

    first, *others = await asyncio.gather(*reading)
    assert [one.first for one in first] == list(range(1, 41, 2))
    assert all(messages(other) == messages(first) for other in others)


async def test_a_reader_starts_after_the_position_it_names(log: BatchLog) -> None:
    for message in "abc":
        await log.append(batch(message))

    assert messages(await taken(log, 1, after=2)) == ["c"]


async def test_a_batch_sent_again_is_stored_once(log: BatchLog) -> None:
    first = await log.append(batch("a"), batch_id="one")
    again = await log.append(batch("a"), batch_id="one")
    other = await log.append(batch("a"), batch_id="two")

    assert (again.first, again.last, again.repeated) == (first.first, first.last, True)
    assert (other.first, other.repeated) == (2, False)


async def test_batches_without_an_id_are_never_taken_for_one(log: BatchLog) -> None:
    await log.append(batch("a"))

    assert not (await log.append(batch("a"))).repeated


async def test_an_id_is_forgotten_in_the_end(log: BatchLog, clock: Clock) -> None:
    await log.append(batch("a"), batch_id="one")
    clock.now += BATCH_ID_SECONDS + 1

    assert not (await log.append(batch("a"), batch_id="one")).repeated


async def test_an_empty_batch_takes_no_position(log: BatchLog) -> None:
    await log.append(batch())

    assert (await log.append(batch("a"))).first == 1


async def test_a_closed_log_refuses_and_lets_its_readers_end(log: BatchLog) -> None:
    await log.append(batch("a"))
    reading = asyncio.create_task(taken(log, 99))
    await asyncio.sleep(0)
    await log.aclose()

    assert messages(await reading) == ["a"]
    with pytest.raises(LogUnavailable):
        await log.append(batch("b"))


async def test_an_id_whose_answer_was_taken_names_no_batch_any_more(log: BatchLog) -> None:
    await log.append(batch("a"), batch_id="one")

    log.forget("one")
    log.forget("never heard of")

    assert not (await log.append(batch("a"), batch_id="one")).repeated
