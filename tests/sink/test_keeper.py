"""What was answered can be read, however much was stored at once."""

import asyncio
from contextlib import suppress

import pytest

from ttsink.store import keeper as keeper_module
from ttsink.store.batch import Stored, of_records
from ttsink.store.keeper import Keeper
from ttsink.store.log import MemoryLog
from ttsink.store.view import View
from ttwire.record import Record

BATCHES = 10
BATCH = of_records(
    [Record(timestamp="2026-01-02T03:04:05.000000Z", message=str(n)) for n in range(100)]
)


@pytest.mark.parametrize("fails", [False, True])
async def test_who_asks_waits_until_the_view_has_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
    fails: bool,
) -> None:
    """A disk that stood still gives many huge batches at once; one may be a fault, too."""
    monkeypatch.setattr(keeper_module, "PART_RECORDS", 1)
    log, failed = MemoryLog(), list[Exception]()
    view = View((await log.open()).epoch)
    if fails:
        apply = view.apply

        def apply_all_but_the_last(stored: Stored) -> None:
            if stored.last == BATCHES * len(BATCH):
                raise ValueError
            apply(stored)

        monkeypatch.setattr(view, "apply", apply_all_but_the_last)
    keeper = Keeper(log, view, failed.append)
    following = asyncio.create_task(keeper.follow())
    await keeper.caught_up.wait()
    for _ in range(BATCHES):
        await log.append(BATCH)
    last = log.status().last

    async with asyncio.timeout(5):
        await keeper.current(last)
    assert view.order.last == last - fails
    assert len(failed) == fails

    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    async with asyncio.timeout(5):
        await keeper.current(last + 1)
