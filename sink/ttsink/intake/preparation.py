"""Where a body is prepared: small ones on the loop, larger ones beside it."""

import asyncio
from collections.abc import Callable
from typing import Final

from ttsink.intake.prepare import Prepared, Preparer, Task

INLINE_BYTES: Final = 16 * 1024
"""A body that is prepared on the loop: under a millisecond, and some tens of them where all of it
is values to redact. Handing it over would cost more than it saves."""

MAX_THREADS: Final = 2
"""Bodies prepared in threads at once, where no process takes them."""


class Preparation:
    """`make` makes preparers: the loop's, and one for each thread that is used."""

    def __init__(self, make: Callable[[], Preparer]) -> None:
        self._make = make
        self.preparer = make()
        self._idle: list[Preparer] = []
        self._threads = asyncio.Semaphore(MAX_THREADS)

    async def prepare(self, task: Task, body: bytes) -> Prepared:
        """What the body holds, redacted.

        Raises:
            BodyRefused: it cannot be read at all.
        """
        if len(body) <= INLINE_BYTES:
            return self.preparer.prepare(task, body)
        async with self._threads:
            preparer = self._idle.pop() if self._idle else self._make()
            try:
                return await asyncio.to_thread(preparer.prepare, task, body)
            finally:
                self._idle.append(preparer)
