"""All open connections: their places, what of them is counted and told, and a look at each."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from ttsink.http.client import client
from ttsink.http.places import FullError, Place, Places
from ttsink.metrics import Metrics
from ttsink.notices import Notices
from ttsink.oplog import LOGGER, Seldom

LOOK_SECONDS: Final = 1.0
"""How often all connections are looked at: 4096 take it about 2 ms."""

MAX_UNSENT_BYTES: Final = 128 * 1024 * 1024
"""Answers written and not yet taken, of all connections. A page of records has up to 4 MiB, and
whoever asks for it on every connection there is and reads none would fill the memory."""

TOLD: Final = {
    "gave_way": "every connection a client or the sink may have is open "
    "(server.max_connections, server.max_connections_per_client): the longest idle one of the "
    "address with the most was closed for a new one",
    "slow_head": "a connection did not finish the head of a request in time and was closed",
    "long_head": "the head of a request was over 64 KiB, and its connection was closed",
    "slow_reader": "a reader took next to nothing of its answer for 15 s and was cut off",
    "unsent": "answers of 128 MiB wait for readers that do not take them: the client with the "
    "most was cut off",
    "handshake": "a connection did not agree on TLS: a client that speaks plain HTTP, or does "
    "not trust the certificate",
}
"""Why a connection is ended by us, and what is told of it."""


class Open(Protocol):
    """What is asked of an open connection."""

    @property
    def place(self) -> Place: ...

    def unsent_bytes(self) -> int: ...

    def look(self, now: float) -> None:
        """Ends itself where it has outstayed a bound."""

    def end(self, reason: str) -> None: ...


class Connections:
    """Opened by the listener one by one; `run` is the clock, without it nothing outstays."""

    def __init__(
        self,
        places: Places,
        metrics: Metrics,
        notices: Notices,
        stamp: Callable[[], str],
    ) -> None:
        self.places = places
        self.seldom = Seldom()
        self._metrics = metrics
        self._notices = notices
        self._stamp = stamp
        self._open: set[Open] = set()
        self._clogged: dict[Open, None] = {}
        metrics.connections.set_function(lambda: places.open)

    def take(self, peer: str, now: float) -> Place:
        """A place for a new connection; another's connection may be closed for it.

        Raises:
            FullError: there is none.
        """
        name = client(peer)
        try:
            taken = self.places.take(name, now)
        except FullError as error:
            self._metrics.connections_refused.labels(error.reason).inc()
            self._tell("connections_refused", error.detail, name)
            raise
        if taken.gives_way is not None:
            self.ended("gave_way", taken.gives_way)
            taken.gives_way.end()
        return taken.place

    def add(self, connection: Open) -> None:
        self._open.add(connection)

    def leave(self, connection: Open) -> None:
        self.places.leave(connection.place)
        self._open.discard(connection)
        self._clogged.pop(connection, None)

    def ended(self, reason: str, place: Place) -> None:
        """Counts and tells of a connection that is ended by us."""
        self._metrics.connections_closed.labels(reason).inc()
        self._tell(f"connection_{reason}", TOLD[reason], place.client)

    def clogged(self, connection: Open) -> None:
        """More waits to be sent on it than its socket takes."""
        self._clogged[connection] = None
        unsent: dict[str, int] = {}
        for each in self._clogged:
            name = each.place.client
            unsent[name] = unsent.get(name, 0) + each.unsent_bytes()
        if sum(unsent.values()) > MAX_UNSENT_BYTES:
            most = max(unsent, key=lambda name: unsent[name])
            next(each for each in self._clogged if each.place.client == most).end("unsent")

    def flows(self, connection: Open) -> None:
        """Its socket takes again."""
        self._clogged.pop(connection, None)

    def look(self, now: float) -> None:
        for connection in tuple(self._open):
            connection.look(now)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look(loop.time())

    def _tell(self, code: str, detail: str, name: str) -> None:
        """In the notices, which have an end, without the address: a stranger has many."""
        self._notices.add(code, detail, self._stamp())
        if times := self.seldom.due(code):
            LOGGER.warning("%s", detail, extra={"code": code, "client": name, "times": times})
