"""Where a body is prepared: small ones on the loop, larger ones beside it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from ttsink.intake.prepare import Prepared, Preparer, Task
from ttsink.intake.process import PrepareProcess, ProcessGone

INLINE_BYTES: Final = 16 * 1024
"""A body that is prepared on the loop: under a millisecond, and some tens of them where all of it
is values to redact. Handing it over would cost more than it saves."""

PATIENCE_SECONDS: Final = 0.25
"""A process that has worked on one body for so long gets no other: what comes meanwhile, from
other senders, goes to a thread."""

MAX_THREADS: Final = 2
"""Bodies prepared in threads at once, where no process takes them."""


class Preparation:
    """`make` makes preparers: the loop's, and one for each thread that is used.

    Processes are started when the first larger body comes; until they are ready, and whenever
    they are not, threads do their work.
    """

    def __init__(
        self,
        make: Callable[[], Preparer],
        processes: Sequence[PrepareProcess] = (),
        *,
        handed: Callable[[], None] = lambda: None,
    ) -> None:
        """`handed` is called when a body was given to a process: the loop has time now."""
        self._make = make
        self.preparer = make()
        self._processes = tuple(processes)
        self._handed = handed
        self._idle: list[Preparer] = []
        self._threads = asyncio.Semaphore(MAX_THREADS)

    def ahead(self, task: Task, body: bytes) -> "asyncio.Future[Prepared] | None":
        """Hands a body to a process at once; None where that is not the way for it."""
        process = self._process() if len(body) > INLINE_BYTES else None
        if process is None:
            return None
        answer = process.prepare(task, body)
        answer.add_done_callback(_looked_at)
        self._handed()
        return answer

    async def prepare(
        self, task: Task, body: bytes, ahead: "asyncio.Future[Prepared] | None" = None
    ) -> Prepared:
        """What the body holds, redacted; `ahead` is what `ahead` gave for it, if it was asked.

        Raises:
            BodyRefused: it cannot be read at all.
        """
        if len(body) <= INLINE_BYTES:
            return self.preparer.prepare(task, body)
        if (answer := ahead or self.ahead(task, body)) is not None:
            with suppress(ProcessGone):
                return await answer
        async with self._threads:
            preparer = self._idle.pop() if self._idle else self._make()
            try:
                return await asyncio.to_thread(preparer.prepare, task, body)
            finally:
                self._idle.append(preparer)

    def _process(self) -> PrepareProcess | None:
        """The one that is free soonest."""
        now = asyncio.get_running_loop().time()
        found: PrepareProcess | None = None
        least = PATIENCE_SECONDS
        for process in self._processes:
            if not process.is_ready():
                process.want()
            elif (waited := process.waited_seconds(now)) < least:
                found, least = process, waited
        return found

    async def aclose(self) -> None:
        await asyncio.gather(*(process.aclose() for process in self._processes))


def _looked_at(answer: "asyncio.Future[Prepared]") -> None:
    """An answer nobody waits for any more, since its body was a repeat, is no fault."""
    if not answer.cancelled():
        answer.exception()
