"""One sink over HTTP: a body asked for, a stream opened, and every failure in a person's words.

aiohttp is imported when the first request is made: its import takes longer than the first frame.
"""

import asyncio
import importlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from ttview import sanitise
from ttview.address import Address, AddressError
from ttview.exits import CommandError, Exit
from ttwire.about import Refusal
from ttwire.sse import Decoder, Event

if TYPE_CHECKING:
    import aiohttp

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""Of one answer: a page of 500 records of 256 KiB at the very most is 128 MB; nobody has those."""

MAX_REFUSAL_BYTES: Final = 64 * 1024
"""Of an error's body; ours are under 4 KiB, a proxy's page may be longer and says no more."""

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
"""For a whole answer: a filter over everything retained may take the sink some seconds."""

SILENCE_SECONDS: Final = 45.0
"""A stream says at least a comment every 15 s; three of them missed and it is dead."""

READ_BUFFER_BYTES: Final = 256 * 1024
"""Taken from the socket ahead of decoding: about 600 records, 4 ms of work."""

_refusal_decoder = msgspec.json.Decoder(Refusal)


class UnreachableError(CommandError):
    """No answer, or none of a sink. Trying again may help. The text is for a person."""

    status = Exit.UNREACHABLE


class RefusedError(CommandError):
    """The sink said no. `retry_after` is set where it asked to come back later."""

    def __init__(self, status: int, refusal: Refusal, retry_after: float | None = None) -> None:
        super().__init__(refusal.detail)
        self.http_status = status
        # A filter the sink cannot read is a usage error, as one that we cannot read.
        self.status = Exit.USAGE if status == 400 else Exit.REFUSED
        self.refusal = refusal
        self.retry_after = retry_after

    @property
    def final(self) -> bool:
        """Whether the same request would be refused again."""
        return 300 <= self.http_status < 500 and self.http_status not in {408, 425, 429}


class Api:
    """Requests to one sink. Closed with `aclose`; usable in one event loop."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200.

        Raises:
            RefusedError
            UnreachableError
        """
        async with self._answer(path, query or {}, {}, streaming=False) as answer:
            body = await _bounded(answer, MAX_BODY_BYTES)
            if body is None:
                raise UnreachableError(f"the answer to {path} is over {MAX_BODY_BYTES} bytes")
            return body

    async def headers(self, path: str, query: Mapping[str, str]) -> dict[str, str]:
        """The headers of a 200, names in lower case; its body is left unread.

        Raises:
            RefusedError
            UnreachableError
        """
        async with self._answer(path, query, {}, streaming=True) as answer:
            return {name.lower(): value for name, value in answer.headers.items()}

    async def stream(
        self, query: Mapping[str, str], decoder: Decoder
    ) -> AsyncGenerator[list[Event], None]:
        """The events of `/api/stream`, as they come; first an empty list when it is open.

        Goes on after `decoder.last_event_id` where it is set. Ends where the server ends it.

        Raises:
            RefusedError
            UnreachableError: also where an open stream broke off.
        """
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if decoder.last_event_id:
            headers["Last-Event-ID"] = decoder.last_event_id
        async with self._answer("/api/stream", query, headers, streaming=True) as answer:
            if answer.content_type != "text/event-stream":
                raise UnreachableError(
                    f"{self.address.name} answers, but not as a sink does: "
                    f"{sanitise.visible(answer.content_type, 100)} instead of an event stream"
                )
            yield []
            async for chunk in answer.content.iter_any():
                yield decoder.feed(chunk)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _answer(
        self,
        path: str,
        query: Mapping[str, str],
        headers: dict[str, str],
        *,
        streaming: bool,
    ) -> AsyncIterator["aiohttp.ClientResponse"]:
        session = await self._open()
        import aiohttp  # noqa: PLC0415 - see the module's docstring

        try:
            token = self.address.read_token()
        except AddressError as error:
            raise RefusedError(401, Refusal("no_token", str(error))) from error
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        timeout = aiohttp.ClientTimeout(
            total=None if streaming else ANSWER_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=SILENCE_SECONDS if streaming else ANSWER_SECONDS,
        )
        try:
            async with session.get(
                self.address.url + path,
                params=query,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                await self._check(answer)
                yield answer
        except (CommandError, GeneratorExit):
            raise
        except Exception as error:
            # Whatever a peer sends that the library chokes on is no answer either.
            raise UnreachableError(self._reason(error)) from error

    async def _open(self) -> "aiohttp.ClientSession":
        async with self._opening:
            if self._session is None:
                aiohttp = await asyncio.to_thread(importlib.import_module, "aiohttp")
                context = await asyncio.to_thread(self._tls)
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=context, limit=16),
                    read_bufsize=READ_BUFFER_BYTES,
                    headers={"User-Agent": "ttview"},
                )
            return self._session

    def _tls(self) -> ssl.SSLContext | bool:
        if not self.address.url.startswith("https:"):
            return True
        try:
            return ssl.create_default_context(cafile=self.address.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UnreachableError(f"cannot read {self.address.ca_file}: {error}") from error

    @staticmethod
    async def _check(answer: "aiohttp.ClientResponse") -> None:
        """Raises RefusedError unless it is a 200."""
        if answer.status == 200:
            return
        body = await _bounded(answer, MAX_REFUSAL_BYTES) or b""
        raise RefusedError(
            answer.status,
            refusal(answer.status, body, answer.headers.get("Location")),
            _seconds(answer.headers.get("Retry-After")),
        )

    def _reason(self, error: Exception) -> str:
        """What happened, without the words of three libraries."""
        import aiohttp  # noqa: PLC0415

        name = self.address.name
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return f"the certificate of {name} is not trusted: {error.certificate_error}"
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return f"no such host: {name}"
        if isinstance(error, TimeoutError):
            return f"no answer from {name}"
        if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
            return f"{name} closed the connection"
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"cannot connect to {name}: {(error.strerror or str(error)).split('[')[0]}"
        if isinstance(error, OSError) and error.strerror:
            return f"{name}: {error.strerror}"
        return f"{name}: {sanitise.visible(str(error), 200) or type(error).__name__}"


def refusal(status: int, body: bytes, location: str | None = None) -> Refusal:
    """What an error answer says, whoever wrote it; safe to show."""
    try:
        said = _refusal_decoder.decode(body)
    except msgspec.DecodeError:
        text = body.decode("utf-8", "replace").strip()
        plain = "" if text.startswith("<") else text.partition("\n")[0]
        said = Refusal(f"http_{status}", plain)
    if 300 <= status < 400:
        said = Refusal("moved", f"it says to go to {location}; give that URL instead")
    detail = said.detail or _PLAIN.get(status, f"the server answered {status}")
    return Refusal(sanitise.visible(said.error, 100), sanitise.visible(detail, 1000))


_PLAIN: Final[dict[int, str]] = {
    401: "a token is needed: name a file that holds it with --token-file, or set TTVIEW_TOKEN",
    403: "this token may not read here",
    404: "there is no sink at this URL",
    502: "the proxy cannot reach the sink",
    503: "the sink is busy or starting",
    504: "the proxy waited too long for the sink",
}


async def _bounded(answer: "aiohttp.ClientResponse", limit: int) -> bytes | None:
    """The body, or None where it is longer than `limit`."""
    pieces: list[bytes] = []
    room = limit
    async for chunk in answer.content.iter_any():
        room -= len(chunk)
        if room < 0:
            return None
        pieces.append(chunk)
    return b"".join(pieces)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
