"""Carries batches from the log to the view, and to the journal what it need not keep."""

import asyncio
from collections.abc import Callable
from typing import Final

from ttsink.store.batch import Stored
from ttsink.store.journal import JournalLog
from ttsink.store.log import BatchLog
from ttsink.store.ring import ENTRY_BYTES
from ttsink.store.slack import Slack
from ttsink.store.trim import plan
from ttsink.store.view import View

TRIM_SECONDS: Final = 1.0

PART_RECORDS: Final = 4_096
"""Records that the view takes in before the loop serves others: some 10 ms."""

LARGE_RECORDS: Final = 64
"""A batch of more may wait for slack; a small one costs less than waiting does."""

Failed = Callable[[Exception], None]


class Keeper:
    """One log and one view. `follow` and `trim` run side by side until the log is closed."""

    def __init__(
        self, log: BatchLog, view: View, failed: Failed, slack: Slack | None = None
    ) -> None:
        self._log = log
        self._slack = slack or Slack()
        self._view = view
        self._failed = failed
        self._next_row = 0
        self._seen = 0
        self._follows = False
        self._goal = log.status().last
        self.caught_up = asyncio.Event()
        """Set once the view has all that the log had at first."""

    async def follow(self) -> None:
        """A batch that cannot be applied is told to `failed`; the next ones still are."""
        self._look()
        self._follows = True
        try:
            await self._follow()
        finally:
            self._follows = False

    async def _follow(self) -> None:
        async for stored in self._log.entries():
            if self._may_wait(stored):
                await self._slack.wait()
            for part in stored.parts(PART_RECORDS):
                try:
                    self._view.apply(part)
                except Exception as error:
                    self._failed(error)
                self._look(part.last)
                if part.last < stored.last:
                    await asyncio.sleep(0)

    def _may_wait(self, stored: Stored) -> bool:
        """Whether a batch is dear and nothing presses: no start that waits for it, no other."""
        return (
            len(stored.batch) > LARGE_RECORDS
            and self.caught_up.is_set()
            and not self._log.status().pending_bytes
        )

    def _look(self, seen: int = 0) -> None:
        self._seen = max(self._seen, self._view.order.last, seen)
        if self._seen >= self._goal:
            self.caught_up.set()

    async def current(self, position: int) -> None:
        """Returns when the view has what was stored up to there, or could not take it."""
        while self._follows and self._seen < position:
            self._slack.give()
            await asyncio.sleep(0)

    async def trim(self) -> None:
        """Frees the disk of what the rings have let go; a log in memory needs none of it."""
        if not isinstance(self._log, JournalLog):
            return
        while self._log.status().health != "closed":
            await asyncio.sleep(TRIM_SECONDS)
            try:
                await self.trim_once(self._log)
            except Exception as error:
                self._failed(error)

    async def trim_once(self, log: JournalLog) -> None:
        """One bounded step."""
        view = self._view
        live_bytes = view.bytes - ENTRY_BYTES * view.order.live
        found = plan(log.rows(), self._next_row, view.order, live_bytes)
        self._next_row = found.next_row - len(found.gone)
        if found.gone or found.left:
            await log.trim(found.gone, found.left, view.books.snapshot())

    async def save(self) -> None:
        """Keeps the accounts for the next start; before the log is closed."""
        if isinstance(self._log, JournalLog):
            await self._log.trim((), (), self._view.books.snapshot())
