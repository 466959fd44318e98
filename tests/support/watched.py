"""A source, and everything it said."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from ttview.feed import Arrival, Arrived, Connection, Source
from ttwire.record import Record

A = TypeVar("A")
S = TypeVar("S", bound=Source)


class Watched(Generic[S]):
    """Starts the source; `until` waits for what it says, and is its own time limit."""

    def __init__(self, source: S) -> None:
        self.source = source
        self.said: list[Arrival] = []
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        source.start(self.deliver)

    def deliver(self, arrival: Arrival) -> None:
        self.said.append(arrival)
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(happened)

    def of(self, kind: type[A]) -> list[A]:
        return [arrival for arrival in self.said if isinstance(arrival, kind)]

    @property
    def records(self) -> list[Record]:
        return [found for arrived in self.of(Arrived) for found in arrived.records]

    @property
    def ids(self) -> list[str]:
        return [found.id for found in self.records]

    @property
    def states(self) -> list[str]:
        return [connection.state for connection in self.of(Connection)]
