"""From the log to the view: at once where somebody waits for it, a moment later otherwise."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from ttsink.store import keeper as keeper_module
from ttsink.store.batch import Stored, of_records
from ttsink.store.journal import JournalLog
from ttsink.store.keeper import Keeper
from ttsink.store.log import MemoryLog
from ttsink.store.slack import Slack
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


class Counted(Slack):
    """How often somebody waited; the wait itself is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    async def wait(self) -> None:
        self.waits += 1


async def test_a_start_waits_for_no_slack_and_what_comes_later_does(tmp_path: Path) -> None:
    before = JournalLog(tmp_path)
    await before.open()
    for _ in range(3):
        await before.append(BATCH)
    await before.aclose()
    log, slack = JournalLog(tmp_path), Counted()
    status = await log.open()
    view = View(status.epoch)
    keeper = Keeper(log, view, lambda _error: None, slack)
    following = asyncio.create_task(keeper.follow())

    await keeper.caught_up.wait()
    assert (view.order.last, slack.waits) == (3 * len(BATCH), 0)
    appended = await log.append(BATCH)
    await keeper.current(appended.last)
    assert (view.order.last, slack.waits) == (4 * len(BATCH), 1)

    await log.aclose()
    with suppress(asyncio.CancelledError):
        await following
