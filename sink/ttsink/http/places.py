"""Who may hold how many open connections, and whose idle one is closed for a newcomer's.

A connection on which nothing is asked costs its holder nothing, so refusing newcomers would let
anyone lock all others out. Instead the client that holds the most gives up the one that idles
longest. Decides only: whoever asks closes what has to go.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from ttsink.http.auth import is_loopback

CLIENT_SHARE: Final = 0.5
"""Of all connections, what one client may hold where nothing else is configured: two thirds of a
large fleet may still come through one proxy, and one address never takes them all."""


class Place:
    """One open connection. `idle_since` is None while something is under way on it.

    `used` is whether it ever carried a request. `end` closes it; whoever opens the connection sets
    it. It has `left` once it counts no more.
    """

    __slots__ = ("client", "end", "idle_since", "left", "used")

    def __init__(self, client: str, now: float) -> None:
        self.client = client
        self.idle_since: float | None = now
        self.used = False
        self.left = False
        self.end: Callable[[], object] = lambda: None


class Taken(NamedTuple):
    """`gives_way` has left already, and is to be closed."""

    place: Place
    gives_way: Place | None


class FullError(Exception):
    """No place, and none that could be freed. `reason` is the bound: `all` or `client`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Client:
    """The places of one client: how many, and the idle ones, longest first."""

    __slots__ = ("count", "unused", "used")

    def __init__(self) -> None:
        self.count = 0
        self.unused: dict[Place, None] = {}
        self.used: dict[Place, None] = {}

    def idle(self, place: Place) -> dict[Place, None]:
        return self.used if place.used else self.unused

    def first(self) -> Place | None:
        """Its place to give up: one that never carried a request before one that did."""
        return next(iter(self.unused or self.used), None)


class Places:
    """All open connections, by client."""

    def __init__(self, max_connections: int, max_per_client: int = 0) -> None:
        """`max_per_client` 0 is a share of all, and none for loopback.

        Everything on one machine has the one loopback address: agents, viewers, a proxy with
        everyone behind it.
        """
        self._max = max_connections
        self._per_client = max_per_client
        self._clients: dict[str, _Client] = {}
        self.open = 0
        self.working = 0

    def bound(self, client: str) -> int:
        """What one client may hold."""
        if self._per_client:
            return min(self._per_client, self._max)
        return self._max if is_loopback(client) else max(1, int(self._max * CLIENT_SHARE))

    def take(self, client: str, now: float) -> Taken:
        """A place for a new connection, idle until it is `busy`; `leave` gives it back.

        Raises:
            FullError: no place is free, nor can one be freed.
        """
        held = self._clients.get(client)
        count = held.count if held is not None else 0
        gives_way = None
        if count >= self.bound(client):
            gives_way = held.first() if held is not None else None
            if gives_way is None:
                raise FullError(
                    "client",
                    f"{count} connections are open from this address, all at work "
                    "(server.max_connections_per_client); send again",
                )
        elif self.open >= self._max:
            gives_way = self._from_the_most(client, count)
            if gives_way is None:
                raise FullError(
                    "all",
                    f"{self.open} connections are open, all at work (server.max_connections); "
                    "send again",
                )
        if gives_way is not None:
            self.leave(gives_way)
        place = Place(client, now)
        held = self._clients.setdefault(client, _Client())
        held.count += 1
        held.unused[place] = None
        self.open += 1
        return Taken(place, gives_way)

    def _from_the_most(self, newcomer: str, count: int) -> Place | None:
        """The longest idle place of the client with the most.

        Only of the newcomer itself, or of one that has more even afterwards: clients of like
        size would take each other's places in turn. A newcomer with none comes before all.
        """
        best: tuple[int, float] | None = None
        found = None
        for name, held in self._clients.items():
            if name != newcomer and count and held.count <= count + 1:
                continue
            place = held.first()
            if place is None or place.idle_since is None:
                continue
            rank = (held.count, -place.idle_since)
            if best is None or rank > best:
                best, found = rank, place
        return found

    def busy(self, place: Place) -> None:
        """A request is under way on it, or an answer its client has not taken."""
        if place.left or place.idle_since is None:
            return
        self._clients[place.client].idle(place).pop(place)
        place.idle_since = None
        place.used = True
        self.working += 1

    def idle(self, place: Place, now: float) -> None:
        """Nothing is under way on it any more."""
        if place.left or place.idle_since is not None:
            return
        place.idle_since = now
        self.working -= 1
        self._clients[place.client].idle(place)[place] = None

    def leave(self, place: Place) -> None:
        """The connection has ended. Again does nothing."""
        if place.left:
            return
        place.left = True
        held = self._clients[place.client]
        held.idle(place).pop(place, None)
        held.count -= 1
        self.open -= 1
        self.working -= place.idle_since is None
        if not held.count:
            del self._clients[place.client]
