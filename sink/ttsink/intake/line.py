"""Bodies that wait to be prepared: a sender's in their order, the senders by turns."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

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


def _anyone(_sender: str) -> bool:
    return True


class Line:
    """Bounded by what may be in flight: every body in it belongs to a request."""

    def __init__(self) -> None:
        self._by_sender: OrderedDict[str, deque[Asked]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._by_sender.values()))

    def join(self, asked: Asked) -> None:
        """As the last of its sender's."""
        self._by_sender.setdefault(asked.sender, deque()).append(asked)

    def rejoin(self, asked: Asked) -> None:
        """As the first of its sender's: it had its turn, and nothing came of it."""
        self._by_sender.setdefault(asked.sender, deque()).appendleft(asked)

    def next(self, may: Callable[[str], bool] = _anyone) -> Asked | None:
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
