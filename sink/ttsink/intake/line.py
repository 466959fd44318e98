"""Bodies that wait for their turn: a sender's in their order, the senders by turns."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

from ttsink.intake.prepare import Prepared, Task


class Asked:
    """A body, whose it is, and the answer that somebody waits for; cancelled where nobody does."""

    __slots__ = ("answer", "body", "sender", "task")

    def __init__(
        self, task: Task, body: bytes, sender: str, answer: "asyncio.Future[Prepared]"
    ) -> None:
        self.task = task
        self.body = body
        self.sender = sender
        self.answer = answer


class Waiter(Protocol):
    @property
    def sender(self) -> str: ...
    @property
    def answer(self) -> "asyncio.Future[Any]": ...


W = TypeVar("W", bound=Waiter)


def _anyone(_sender: str) -> bool:
    return True


class Line(Generic[W]):
    """Bounded by what may be in flight: every body in it belongs to a request."""

    def __init__(self) -> None:
        self._by_sender: OrderedDict[str, deque[W]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._by_sender.values()))

    def join(self, asked: W) -> None:
        """As the last of its sender's."""
        self._by_sender.setdefault(asked.sender, deque()).append(asked)

    def rejoin(self, asked: W) -> None:
        """As the first of its sender's: it had its turn, and nothing came of it."""
        self._by_sender.setdefault(asked.sender, deque()).appendleft(asked)

    def next(self, may: Callable[[str], bool] = _anyone) -> W | None:
        """Whose turn it is, of those senders that may; that sender is the last one then."""
        for sender in list(self._by_sender):
            if not may(sender):
                continue
            waiting = self._by_sender.pop(sender)
            while waiting:
                asked = waiting.popleft()
                if not asked.answer.done():
                    if waiting:
                        self._by_sender[sender] = waiting
                    return asked
        return None


class Turns:
    """So many places, and who is next to have one."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._line: Line[_Wish] = Line()

    @asynccontextmanager
    async def turn(self, sender: str) -> AsyncIterator[None]:
        """Waits for a place, and has it meanwhile."""
        if self._free:
            self._free -= 1
        else:
            wish = _Wish(sender, asyncio.get_running_loop().create_future())
            self._line.join(wish)
            try:
                await wish.answer
            except asyncio.CancelledError:
                if not wish.answer.cancelled():  # it was given a place just before
                    self._leave()
                raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        if (wish := self._line.next()) is not None:
            wish.answer.set_result(None)
        else:
            self._free += 1


class _Wish:
    __slots__ = ("answer", "sender")

    def __init__(self, sender: str, answer: "asyncio.Future[None]") -> None:
        self.sender = sender
        self.answer = answer
