"""One connection: what cannot be read as HTTP is answered without repeating it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from ttsink.http.door import refusal
from ttsink.oplog import LOGGER

DETAIL: Final = (
    "what was sent is no HTTP/1.1 request; a Content-Length or chunk size that is wrong makes the "
    "rest of a body look like one"
)

HEAD_SECONDS: Final = 20.0
"""From a connection to the end of its first request's head; for later ones it is the time a
connection may idle. Without it a sender of half heads holds every connection there is."""

_HEAD_END: Final = b"\r\n\r\n"

Lost = Callable[[], None]


class Connection(web.RequestHandler):
    """As aiohttp's, with answers and logs that hold no byte of what was sent.

    `lost` is called where the connection ends with an error while it is set: the last answer
    then may not have reached its sender. The next request takes it back. `gone` is called where
    it ends in any way: while a batch is worked on, its sender has given it up.
    """

    lost: Lost | None = None
    gone: Lost | None = None
    _headless: asyncio.TimerHandle | None = None
    _seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._headless = asyncio.get_running_loop().call_later(HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._headless is not None:
            if _HEAD_END in self._seen + data:
                self._headless.cancel()
                self._headless = None
            else:
                self._seen = (self._seen + data)[1 - len(_HEAD_END) :]
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  it quotes what was sent
    ) -> web.StreamResponse:
        LOGGER.warning(
            "request cannot be read",
            extra={"peer": request.remote, "fault": type(exc).__name__, "status": status},
        )
        answer = refusal(status if status < 500 else 503, "not_http", DETAIL)
        answer.force_close()
        return answer

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._headless is not None:
            self._headless.cancel()
            self._headless = None
        lost, self.lost = self.lost, None
        gone, self.gone = self.gone, None
        if gone is not None:
            gone()
        if lost is not None and exc is not None:
            lost()
        super().connection_lost(exc)


def on_reset(request: web.Request, lost: Lost | None) -> None:
    """What to do where this request's connection is reset before another request."""
    protocol: Any = request.protocol
    if isinstance(protocol, Connection):
        protocol.lost = lost


def on_gone(request: web.Request, gone: Lost | None) -> None:
    """What to do where this request's connection ends, in whatever way, before its answer."""
    protocol: Any = request.protocol
    if isinstance(protocol, Connection):
        protocol.gone = gone
