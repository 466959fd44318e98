"""One clock for job states: finds who fell silent, tells the readers, saves what is known."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from ttsink.http.streams import Seats
from ttsink.oplog import LOGGER
from ttsink.states import snapshot as state_snapshot
from ttsink.states.states import KeyStates
from ttwire import sse

TICK_SECONDS: Final = 1.0
"""`state` events come no faster; silence is noticed no later."""

SAVE_SECONDS: Final = 30.0
"""Between two snapshots; what happened since is told again by the journal."""

FILE_NAME: Final = "states.msgpack"


class StateFeed:
    """`run` is the clock. `folder` is where snapshots live, None where nothing outlives us."""

    def __init__(
        self,
        states: KeyStates,
        seats: Seats,
        *,
        epoch: str,
        clock: Callable[[], float],
        folder: Path | None,
    ) -> None:
        self._states = states
        self._seats = seats
        self._epoch = epoch
        self._clock = clock
        self._path = folder / FILE_NAME if folder is not None else None

    def restore(self) -> bool:
        """Take over what an earlier life of the same numbering knew; before any batch."""
        if self._path is None:
            return False
        try:
            saved = self._path.read_bytes()
        except OSError:
            return False
        restored = state_snapshot.restore(self._states, saved, self._epoch)
        self._states.listening_since = self._clock()
        if not restored:
            LOGGER.warning("states not restored", extra={"file": self._path.name})
        return restored

    async def run(self) -> None:
        saved_at = self._clock()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()
            if self._clock() - saved_at >= SAVE_SECONDS:
                saved_at = self._clock()
                await self.save()

    def tick(self) -> None:
        now = self._clock()
        self._states.check(now)
        if not self._seats.want_states():
            # Whoever comes next asks for whole pages first.
            self._states.forget_changes()
            return
        changes = self._states.changes(now)
        if changes.jobs or changes.workers or changes.queues:
            self._seats.tell(sse.frame("state", msgspec.json.encode(changes)))

    async def save(self) -> None:
        if self._path is None:
            return
        saved = state_snapshot.save(self._states, self._epoch)
        try:
            await asyncio.to_thread(_replace, self._path, saved)
        except OSError as error:
            LOGGER.warning("states not saved", extra={"reason": error.strerror})


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all: a crash between leaves the earlier file."""
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
