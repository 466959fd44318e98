"""The listening socket: every connection gets its place before anything is read from it."""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from aiohttp import web

from ttsink.http.connection import HEAD_SECONDS, Connection
from ttsink.http.connections import Connections
from ttsink.http.places import FullError
from ttwire.about import Refusal

BACKLOG: Final = 1024
"""Connections the system holds until they are accepted: hundreds of agents after an outage."""

ACCEPTED_AT_ONCE: Final = 32
"""asyncio takes as many as its backlog before the first gets its place; each is an open file."""

QUIET_SECONDS: Final = 0.02
"""Between two looks whether the last answer has gone out."""

SHUTDOWN_SECONDS: Final = 5.0
"""A TLS peer may take so long to agree to the end."""

VANISHED_MS: Final = 60_000
"""What was sent and not acknowledged for so long ends a connection: the peer's machine is gone.
The system's own patience is a quarter of an hour, in which a dead reader keeps its seat."""

FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: application/json\r\n"
    b"Retry-After: 2\r\n"
    b"Connection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)


class Listener:
    """Accepts for a web.Server."""

    def __init__(
        self, server: web.Server, handling: Mapping[str, Any], connections: Connections
    ) -> None:
        """`handling` are aiohttp's own arguments for each connection."""
        self._server = server
        self._handling = handling
        self._connections = connections
        self._tls: ssl.SSLContext | None = None
        self._listening: asyncio.Server | None = None
        self._looking: asyncio.Task[None] | None = None
        self._securing: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Listens, on every address where the host is empty; the port that was bound.

        Raises:
            OSError: the address cannot be listened on.
        """
        self._tls = tls
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: _Doorstep(self), host or None, port, backlog=ACCEPTED_AT_ONCE
        )
        for each in self._listening.sockets:
            with socket.socket(fileno=os.dup(each.fileno())) as same:
                same.listen(BACKLOG)
        self._looking = asyncio.create_task(self._connections.run())
        bound: int = self._listening.sockets[0].getsockname()[1]
        return bound

    def accept(self, doorstep: "_Doorstep", transport: asyncio.Transport) -> None:
        peer = transport.get_extra_info("peername")
        loop = asyncio.get_running_loop()
        try:
            place = self._connections.take(str(peer[0]) if peer else "?", loop.time())
        except FullError as error:
            if self._tls is None:
                body = msgspec.json.encode(Refusal("too_many_connections", error.detail))
                transport.write(FULL % (len(body), body))
            transport.close()
            return
        _give_up_vanished(transport)
        connection = Connection(self._server, self._connections, place, self._handling)
        if self._tls is None:
            transport.set_protocol(connection)
            connection.connection_made(transport)
            return
        # The handshake has its place, too: strangers would begin any number of them.
        place.end = transport.abort
        transport.pause_reading()
        task = loop.create_task(self._secure(doorstep, transport, connection, self._tls))
        self._securing.add(task)
        task.add_done_callback(self._securing.discard)

    async def _secure(
        self,
        doorstep: "_Doorstep",
        transport: asyncio.Transport,
        connection: Connection,
        tls: ssl.SSLContext,
    ) -> None:
        loop = asyncio.get_running_loop()
        place = connection.place
        try:
            secured = await loop.start_tls(
                transport,
                doorstep,
                tls,
                server_side=True,
                ssl_handshake_timeout=HEAD_SECONDS,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
        except (OSError, ssl.SSLError) as error:
            # An aborted one took too long; a reset one was its peer's own decision.
            if not place.left and isinstance(error, (ssl.SSLError, ConnectionAbortedError)):
                self._connections.ended("handshake", place)
            self._connections.places.leave(place)
            transport.abort()
            return
        if secured is None or secured.is_closing() or place.left:
            self._connections.places.leave(place)
            transport.abort()
            return
        secured.set_protocol(connection)
        connection.connection_made(secured)
        if doorstep.early:
            connection.data_received(b"".join(doorstep.early))

    def close(self) -> None:
        """Accepts no more; open connections stay."""
        if self._listening is not None:
            self._listening.close()

    async def quiet(self) -> None:
        """Returns when nothing is under way on any connection."""
        while self._connections.places.working:  # noqa: ASYNC110  once, at the end
            await asyncio.sleep(QUIET_SECONDS)

    async def aclose(self) -> None:
        """To be called once all connections are closed."""
        self.close()
        tasks = [*self._securing, *([self._looking] if self._looking is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Doorstep(asyncio.Protocol):
    """A connection until it has a place, and until TLS is agreed on.

    `early` is what came with the end of the handshake: no more than one read of the socket,
    since what awaits the handshake goes on in the next turn of the loop.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._listener.accept(self, transport)

    def data_received(self, data: bytes) -> None:
        self.early.append(data)


def _give_up_vanished(transport: asyncio.Transport) -> None:
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux
    if option is not None:
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, VANISHED_MS)
