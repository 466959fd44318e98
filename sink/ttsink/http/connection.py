"""One connection: its place among all, its bounds in time, and answers that repeat nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from ttsink.http.connections import Connections
from ttsink.http.places import Place
from ttsink.http.refusal import refusal
from ttsink.http.uptake import Uptake
from ttsink.oplog import LOGGER

DETAIL: Final = (
    "what was sent is no HTTP/1.1 request; a Content-Length or chunk size that is wrong makes the "
    "rest of a body look like one"
)

LONG_LINE: Final = "a line of the head is over 8190 bytes: a filter or a header is too long"

HEAD_SECONDS: Final = 20.0
"""From a connection to the end of its first request's head, and from the first byte of a later
head to its end. Without it a sender of half heads holds every connection there is."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of one request. aiohttp bounds a line and their number, which together are a megabyte."""

MAX_WAITING: Final = 2
"""Requests of one connection behind the one at work, bodies and all. aiohttp reads up to 32 of
them, each with half a megabyte, and behind a stream they wait as long as it is open."""

CLOSE_SECONDS: Final = 2.0
"""What was written may still go out after a close; then the connection is cut."""

Lost = Callable[[], None]
Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connection(web.RequestHandler):
    """As aiohttp's, with answers and logs that hold no byte of what was sent.

    `lost` is called where the connection ends with an error while it is set: the last answer
    then may not have reached its sender. The next request takes it back. `gone` is called where
    it ends in any way: while a batch is worked on, its sender has given it up.

    `went_on` is whether the sender of the request at hand was told to send its body.
    """

    lost: Lost | None = None
    gone: Lost | None = None
    went_on = False

    def __init__(
        self,
        server: web.Server,
        connections: Connections,
        place: Place,
        handling: Mapping[str, Any],
    ) -> None:
        self._clock = asyncio.get_running_loop()
        super().__init__(server, loop=self._clock, **handling)
        self._connections = connections
        self.place = place
        self._uptake = Uptake()
        self._done = 0
        self._head_since: float | None = None
        self._head_bytes = 0
        # aiohttp lets go of its own while what was written is still to be taken.
        self._socket: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        self.place.end = self.give_up
        self._head_since = self._clock.time()
        self._connections.add(self)
        super().connection_made(transport)

    async def start(self) -> None:
        """Serves requests to the last one. However that ends, the connection has ended with it.

        aiohttp leaves it open for ever where a request line has no target at all.
        """
        try:
            await super().start()
        except Exception as error:
            self._unreadable(error)
        finally:
            self._socket.close()

    def data_received(self, data: bytes) -> None:
        read = self._request_count
        super().data_received(data)
        if self._request_count > read:
            self._head_since = None
            self._head_bytes = 0
            self._connections.places.busy(self.place)
            if self._crowded():
                self._socket.pause_reading()
        elif read == self._done and data.strip(b"\r\n"):
            # Every request so far has its answer: this is of the head of the next.
            if self._head_since is None:
                self._head_since = self._clock.time()
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.end("long_head")

    def finished(self) -> None:
        """A request of this connection has its answer."""
        crowded = self._crowded()
        self._done += 1
        self.went_on = False
        if crowded and not self._crowded() and not self._socket.is_closing():
            self._socket.resume_reading()
        if self._done == self._request_count and not self.writing_paused:
            self._connections.places.idle(self.place, self._clock.time())

    def _crowded(self) -> bool:
        return self._request_count - self._done > 1 + MAX_WAITING

    def spare(self) -> None:
        """What is left of the request at hand is worth no place, should another need it."""
        if self._done == self._request_count - 1:
            self._connections.places.idle(self.place, self._clock.time())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._connections.places.busy(self.place)
        self._connections.clogged(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.flows(self)
        if self._done == self._request_count:
            self._connections.places.idle(self.place, self._clock.time())

    def unsent_bytes(self) -> int:
        return self._socket.get_write_buffer_size()

    def look(self, now: float) -> None:
        if self._uptake.stalled(self.unsent_bytes(), now):
            self.end("slow_reader")
        elif self._head_since is not None and now - self._head_since >= HEAD_SECONDS:
            self.end("slow_head")

    def end(self, reason: str) -> None:
        """Closes for a reason that is told; what waits goes out first, where it is taken."""
        self._connections.ended(reason, self.place)
        if reason in {"slow_reader", "unsent"}:
            self._socket.abort()
        else:
            self.give_up()

    def give_up(self) -> None:
        """Closes; what waits goes out first."""
        self._head_since = None
        self._socket.close()
        self._clock.call_later(CLOSE_SECONDS, self._socket.abort)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  it quotes what was sent
    ) -> web.StreamResponse:
        self._unreadable(exc)
        if request.writer.output_size > 0:
            raise ConnectionResetError  # in the middle of an answer there is no place for another
        if isinstance(exc, LineTooLong):
            answer = refusal(431, "long_head", LONG_LINE)
        else:
            answer = refusal(status if status < 500 else 503, "not_http", DETAIL)
        answer.force_close()
        return answer

    def _unreadable(self, error: BaseException | None) -> None:
        if times := self._connections.seldom.due("request cannot be read"):
            LOGGER.warning(
                "request cannot be read",
                extra={
                    "client": self.place.client,
                    "fault": type(error).__name__,
                    "times": times,
                },
            )

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.leave(self)
        lost, self.lost = self.lost, None
        gone, self.gone = self.gone, None
        if gone is not None:
            gone()
        if lost is not None and exc is not None:
            lost()
        super().connection_lost(exc)


def of(request: web.BaseRequest) -> Connection | None:
    """The connection of a request; None only where something else than ours listens."""
    protocol: Any = request.protocol
    return protocol if isinstance(protocol, Connection) else None


def told_when_finished(handle: Handle) -> Handle:
    """A server's handler that tells its connection of the end of each request."""

    async def handled(request: web.BaseRequest) -> web.StreamResponse:
        connection = of(request)
        try:
            return await handle(request)
        finally:
            if connection is not None:
                connection.finished()

    return handled


def on_reset(request: web.Request, lost: Lost | None) -> None:
    """What to do where this request's connection is reset before another request."""
    if (connection := of(request)) is not None:
        connection.lost = lost


def on_gone(request: web.Request, gone: Lost | None) -> None:
    """What to do where this request's connection ends, in whatever way, before its answer."""
    if (connection := of(request)) is not None:
        connection.gone = gone
