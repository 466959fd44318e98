"""Where a body is prepared: small ones on the loop, others beside it, the senders by turns."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from ttsink.intake.line import Asked, Line
from ttsink.intake.prepare import Prepared, Preparer, Task
from ttsink.intake.process import PrepareProcess, ProcessGone

INLINE_BYTES: Final = 16 * 1024
"""A body that is prepared on the loop: under a millisecond, and some tens of them where all of it
is values to redact. Handing it over would cost more than it saves."""

DEAR_SECONDS: Final = 0.005
"""A body that held the loop for longer (of CPU) would have been worth handing over."""

DEAR_FOR_SECONDS: Final = 10.0
"""How long the sender of such a body has all its bodies prepared beside the loop."""

MAX_DEAR_SENDERS: Final = 1024
"""Whose bodies are remembered so; the one told first is forgotten first."""

PATIENCE_SECONDS: Final = 0.25
"""A process that has worked on one body for so long gets no other, and loses what waits behind
that one: it goes to a thread."""

LOOK_SECONDS: Final = 0.1
"""How often that is looked at while something is under way."""

MAX_AHEAD: Final = 2
"""Bodies a process has: the one it works on, and one so that it need not wait for the next. The
others wait here, where those of other senders can pass them."""

MAX_THREADS: Final = 2
"""Bodies prepared in threads at once, where no process takes them; half of them, so at least one,
are kept from any one sender for the others."""


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
        self._line: Line[Asked] = Line()
        self._in_threads: Counter[str] = Counter()
        self._dear: OrderedDict[str, float] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def ahead(self, task: Task, body: bytes, sender: str = "") -> "asyncio.Future[Prepared] | None":
        """Begins with a body at once, or has it wait for its turn; None for one of the loop's.

        Who does not want the answer any more cancels it.
        """
        if len(body) <= INLINE_BYTES and not self._is_dear(sender):
            return None
        asked = Asked(task, body, sender, asyncio.get_running_loop().create_future())
        asked.answer.add_done_callback(_looked_at)
        for process in self._processes:
            if not process.is_ready():
                process.want()
        self._line.join(asked)
        self._serve()
        return asked.answer

    async def prepare(
        self,
        task: Task,
        body: bytes,
        ahead: "asyncio.Future[Prepared] | None" = None,
        sender: str = "",
    ) -> Prepared:
        """What the body holds, redacted; `ahead` is what `ahead` gave for it, if it was asked.

        Raises:
            BodyRefused: it cannot be read at all.
        """
        answer = ahead or self.ahead(task, body, sender)
        if answer is not None:
            return await answer
        began = time.thread_time()
        try:
            return self.preparer.prepare(task, body)
        finally:
            if time.thread_time() - began > DEAR_SECONDS:
                self._is_told_dear(sender)

    def _is_dear(self, sender: str) -> bool:
        until = self._dear.get(sender)
        if until is None:
            return False
        if time.monotonic() < until:
            return True
        del self._dear[sender]
        return False

    def _is_told_dear(self, sender: str) -> None:
        self._dear[sender] = time.monotonic() + DEAR_FOR_SECONDS
        if len(self._dear) > MAX_DEAR_SENDERS:
            self._dear.popitem(last=False)

    def _serve(self) -> None:
        """Gives to processes and threads what they have room for."""
        if self._closed:
            return
        now = asyncio.get_running_loop().time()
        patient = [
            process
            for process in self._processes
            if process.is_ready() and process.waited_seconds(now) < PATIENCE_SECONDS
        ]
        for _ in range(MAX_AHEAD):
            for process in patient:
                if process.under_way < MAX_AHEAD and (asked := self._line.next()) is not None:
                    self._hand(process, asked)
        while not patient and self._in_threads.total() < MAX_THREADS:
            asked = self._line.next(self._may_have_thread)
            if asked is None:
                break
            self._have_thread(asked)
        if self._timer is None and (len(self._line) or any(p.under_way for p in self._processes)):
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for process in self._processes:
            if process.waited_seconds(now) >= PATIENCE_SECONDS:
                process.let_go()
        self._serve()

    def _hand(self, process: PrepareProcess, asked: Asked) -> None:
        answer = process.prepare(asked.task, asked.body)
        answer.add_done_callback(partial(self._answered, asked))
        self._handed()

    def _may_have_thread(self, sender: str) -> bool:
        return self._in_threads[sender] < max(1, MAX_THREADS // 2)

    def _have_thread(self, asked: Asked) -> None:
        preparer = self._idle.pop() if self._idle else self._make()
        loop = asyncio.get_running_loop()
        try:
            answer = loop.run_in_executor(None, preparer.prepare, asked.task, asked.body)
        except RuntimeError:  # the system gives no thread; this one may still get to use `preparer`
            answer = loop.create_future()
            try:
                answer.set_result(self.preparer.prepare(asked.task, asked.body))
            except Exception as error:
                answer.set_exception(error)
        else:
            answer.add_done_callback(lambda _: self._idle.append(preparer))
        self._in_threads[asked.sender] += 1
        answer.add_done_callback(partial(self._left_thread, asked))

    def _left_thread(self, asked: Asked, answer: "asyncio.Future[Prepared]") -> None:
        self._in_threads[asked.sender] -= 1
        if not self._in_threads[asked.sender]:
            del self._in_threads[asked.sender]
        self._answered(asked, answer)

    def _answered(self, asked: Asked, answer: "asyncio.Future[Prepared]") -> None:
        if answer.cancelled():
            asked.answer.cancel()
        elif isinstance(error := answer.exception(), ProcessGone):
            self._line.rejoin(asked)
        elif asked.answer.done():  # who asked is gone
            pass
        elif error is not None:
            asked.answer.set_exception(error)
        else:
            asked.answer.set_result(answer.result())
        self._serve()

    async def aclose(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*(process.aclose() for process in self._processes))


def _looked_at(answer: "asyncio.Future[Prepared]") -> None:
    """An answer nobody waits for any more, since its body was a repeat, is no fault."""
    if not answer.cancelled():
        answer.exception()
