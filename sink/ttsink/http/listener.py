"""The listening socket, with a bound on open connections."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from ttsink.http.connection import Connection

BACKLOG: Final = 1024
"""Connections the system holds until they are accepted: hundreds of agents after an outage."""

FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: application/json\r\n"
    b"Retry-After: 2\r\n"
    b"Connection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)
FULL_BODY: Final = (
    b'{"error":"too_many_connections","detail":"server.max_connections are open; send again"}'
)


class _TurnedAway(asyncio.Protocol):
    """Answers before a request is read, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(FULL % (len(FULL_BODY), FULL_BODY))
        transport.close()


class Listener:
    """Accepts for a web.Server; `turned_away` is told of each connection over the bound."""

    def __init__(
        self,
        server: web.Server,
        handling: Mapping[str, Any],
        max_connections: int,
        turned_away: Callable[[], None],
    ) -> None:
        """`handling` are aiohttp's own arguments for each connection."""
        self._server = server
        self._handling = handling
        self._max = max_connections
        self._turned_away = turned_away
        self._listening: asyncio.Server | None = None

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Listens, on every address where the host is empty; the port that was bound.

        Raises:
            OSError: the address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            self._accept, host or None, port, ssl=tls, backlog=BACKLOG
        )
        bound: int = self._listening.sockets[0].getsockname()[1]
        return bound

    def _accept(self) -> asyncio.BaseProtocol:
        if len(self._server.connections) >= self._max:
            self._turned_away()
            return _TurnedAway()
        return Connection(self._server, loop=asyncio.get_running_loop(), **self._handling)

    def close(self) -> None:
        """Accepts no more; open connections stay."""
        if self._listening is not None:
            self._listening.close()
