"""Asks the tracing backends of the configuration for one trace."""

import asyncio
import os
import ssl
from pathlib import Path
from typing import NamedTuple

import aiohttp

from ttsink.traces.backend import MAX_ANSWER_BYTES, SHAPES, Backend, headers, url
from ttsink.traces.shapes import MAX_SPANS, UnreadableTraceError
from ttwire.span import SourceState, Span


class Fetched(NamedTuple):
    state: SourceState
    detail: str
    spans: list[Span]


class Fetcher:
    """One client session for all backends, opened with the first question."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, backend: Backend, trace_id: str) -> Fetched:
        """Never raises for what a backend does; the state and the detail say what it did."""
        try:
            sent = headers(backend, _token(backend))
            tls = _tls(backend)
        except OSError as error:
            return Fetched("off", f"token_file or ca_file cannot be read: {error.strerror}", [])
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with (
                asyncio.timeout(backend.timeout_seconds),
                self._session.get(
                    url(backend, trace_id), headers=sent, ssl=tls, allow_redirects=False
                ) as answer,
            ):
                if answer.status != 200:
                    return _refused(answer.status)
                body = await _bounded(answer)
        except TimeoutError:
            return Fetched("unreachable", f"no answer within {backend.timeout_seconds:g} s", [])
        except aiohttp.ClientConnectorCertificateError:
            return Fetched("unreachable", "its certificate is not trusted; see ca_file", [])
        except aiohttp.ClientConnectorDNSError:
            return Fetched("unreachable", "nobody knows the name of its host", [])
        except aiohttp.ClientConnectorError as error:
            number = error.os_error.errno
            told = os.strerror(number) if number else type(error.os_error).__name__
            return Fetched("unreachable", f"no connection: {told}", [])
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Fetched("unreachable", f"its answer broke off: {type(error).__name__}", [])
        if body is None:
            return Fetched("too_large", f"its answer is over {MAX_ANSWER_BYTES >> 20} MiB", [])
        read = SHAPES[backend.kind].read
        try:
            spans = await asyncio.to_thread(read, body)
        except UnreadableTraceError as error:
            return Fetched("unreadable", f"{error}; is it a {backend.kind}?", [])
        if not spans:
            return Fetched("not_found", "not found, or not there yet", [])
        if len(spans) > MAX_SPANS:
            return Fetched("ok", f"the first {MAX_SPANS} of {len(spans)} spans", spans[:MAX_SPANS])
        return Fetched("ok", "", spans)


def _refused(status: int) -> Fetched:
    if status == 404:
        return Fetched("not_found", "not found, or not there yet", [])
    if status in {401, 403}:
        return Fetched("refused", f"it answered {status}: check token_file, headers, tenant", [])
    if 300 <= status < 400:
        return Fetched("refused", f"it answered {status}: redirects are not followed", [])
    return Fetched("refused", f"it answered {status}", [])


async def _bounded(answer: aiohttp.ClientResponse) -> bytes | None:
    """The body, or None where it is too large; an endless one ends here or at the timeout."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _token(backend: Backend) -> str | None:
    if not backend.token_file:
        return None
    return Path(backend.token_file).expanduser().read_text(encoding="utf-8").strip()


def _tls(backend: Backend) -> ssl.SSLContext | bool:
    if backend.insecure:
        return False
    return ssl.create_default_context(cafile=backend.ca_file) if backend.ca_file else True
