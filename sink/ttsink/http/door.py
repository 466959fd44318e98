"""The door every request passes: host, site, token; and errors as JSON."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import msgspec
from aiohttp import HttpVersion11, web

from ttsink.bodies import otlp_http
from ttsink.http.auth import Tokens, Verdict, cross_site, is_loopback, verdict
from ttsink.http.client import client
from ttsink.http.connection import of
from ttsink.http.refusal import refusal
from ttsink.metrics import Metrics
from ttsink.notices import Notices
from ttsink.oplog import LOGGER
from ttwire.about import Refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Scope = Literal["open", "ingest", "read"]

OPEN_PATHS: Final = frozenset({"/livez", "/readyz"})
INGEST_PATHS: Final = ("/ingest", "/v1/")

DRAIN_BYTES: Final = 64 * 1024 * 1024
DRAIN_SECONDS: Final = 10.0
"""A body is read this far before an error answer: an agent that is still writing would see a
reset connection instead of the status, and send the same again."""


def scope(path: str) -> Scope:
    """Default-closed: what is neither open nor for sending takes a token for reading."""
    if path in OPEN_PATHS:
        return "open"
    return "ingest" if path.startswith(INGEST_PATHS) else "read"


def waits_to_send(request: web.BaseRequest) -> bool:
    """Whether the sender keeps its body back until it is told to go on (RFC 9110, 10.1.1)."""
    connection = of(request)
    return (
        request.headers.get("Expect", "").lower() == "100-continue"
        and request.version >= HttpVersion11
        and not (connection is not None and connection.went_on)
    )


async def go_on(request: web.Request) -> None:
    """Has the body sent, where its sender waits for that."""
    if not waits_to_send(request):
        return
    connection = of(request)
    if connection is not None:
        connection.went_on = True
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer has not begun


async def expect(_request: web.Request) -> None:
    """Leaves it to `go_on`: aiohttp's own has a body sent before anything is known of it."""


async def arrived(request: web.Request) -> bytes:
    """What has come of a body since the last time; waits for it; empty at its end.

    Raises:
        ConnectionResetError: the sender is gone.
        RequestPayloadError: what came is framed wrongly, or ended early.
    """
    try:
        return await request.content.readany()
    except RuntimeError:
        if request.transport is None:  # aiohttp has no error of its own for this
            raise ConnectionResetError from None
        raise


async def discard_body(request: web.Request, answer: web.StreamResponse) -> None:
    """Reads what is still coming, within bounds, so that the peer sees the answer."""
    if waits_to_send(request):
        answer.force_close()
        return
    connection = of(request)
    if connection is not None:
        connection.spare()
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while size < DRAIN_BYTES and (chunk := await arrived(request)):
                size += len(chunk)
    except (TimeoutError, web.RequestPayloadError, ConnectionError):
        return


class Door:
    """Who may pass. `tokens` is replaced whole when files are read again."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        loopback: bool,
        allowed_hosts: tuple[str, ...],
        metrics: Metrics,
        notices: Notices,
        stamp: Callable[[], str],
    ) -> None:
        self.tokens = tokens
        self._loopback = loopback
        self._allowed = allowed_hosts
        self._metrics = metrics
        self._notices = notices
        self._stamp = stamp

    def check(self, path: str, headers: Mapping[str, str], peer: str) -> web.Response | None:
        """The answer that turns a request away, or None."""
        kind = scope(path)
        if kind == "open":
            return None
        accepted = self.tokens.ingest if kind == "ingest" else self.tokens.read
        if not accepted:
            return self._check_site(headers)
        found = verdict(headers.get("Authorization"), accepted)
        if found == "ok":
            return None
        return self._unauthorised(found, kind, peer)

    def _check_site(self, headers: Mapping[str, str]) -> web.Response | None:
        host = headers.get("Host")
        if self._loopback and host is not None and not is_loopback(host, self._allowed):
            self._metrics.refused.labels("host").inc()
            return refusal(
                403,
                "foreign_host",
                "without a token the Host must be a loopback name such as 127.0.0.1; "
                "set tokens, or name it in server.allowed_hosts",
            )
        if cross_site(headers, (*self._allowed, host or "")):
            self._metrics.refused.labels("site").inc()
            return refusal(
                403, "cross_site", "without a token a page of another site may not use this sink"
            )
        return None

    def _unauthorised(self, found: Verdict, kind: Scope, peer: str) -> web.Response:
        self._metrics.refused.labels(found).inc()
        detail = {
            "missing": f"a token for {kind} is needed: Authorization: Bearer TOKEN, or Basic "
            "with the token as password",
            "empty": "Authorization has no token: the variable it is made of is not set where the "
            "agent runs",
            "wrong": f"the token presented is none of the tokens for {kind}",
            "uninterpolated": "the token starts with ${ or SECRET[: the agent did not replace "
            "it; set the variable or secret where the agent runs",
        }[found]
        cause = f"from {client(peer)}: {detail}"
        if self._notices.add(f"{kind}_token_{found}", cause, self._stamp()):
            LOGGER.warning("token refused", extra={"scope": kind, "peer": peer, "reason": found})
        challenge = 'Bearer realm="tracetail", Basic realm="tracetail"'
        return refusal(401, f"token_{found}", detail, {"WWW-Authenticate": challenge})


def middleware(keeper: Door, metrics: Metrics) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        turned_away = keeper.check(request.path, request.headers, request.remote or "?")
        if turned_away is not None:
            await discard_body(request, turned_away)
            return _in_own_type(request, turned_away)
        try:
            return await handler(request)
        except web.HTTPMethodNotAllowed as error:
            allow = ", ".join(sorted(error.allowed_methods))
            answer = refusal(
                405, "method", f"{error.method} is not served here; use {allow}", {"Allow": allow}
            )
            await discard_body(request, answer)
            return answer
        except web.HTTPNotFound:
            answer = refusal(404, "not_found", "no such route; agents post to /ingest")
            await discard_body(request, answer)
            return answer
        except (ConnectionError, asyncio.CancelledError):
            raise
        except web.RequestPayloadError:
            return refusal(400, "body", "the body ended early or was framed wrongly")
        except web.HTTPException as error:
            return refusal(error.status, "http", error.reason)
        except Exception as error:
            metrics.failures.labels("handler").inc()
            LOGGER.error("handler failed", exc_info=error, extra={"route": _route(request)})
            if request.writer.output_size > 0:
                raise ConnectionResetError from None  # an answer has begun; it ends short
            return refusal(503, "internal", "a fault of the sink; its log has the place")

    return door


def _in_own_type(request: web.Request, answer: web.Response) -> web.Response:
    """OTLP clients read a google.rpc.Status, in the type they sent."""
    if not request.path.startswith("/v1/"):
        return answer
    detail = msgspec.json.decode(bytes(answer.body or b"{}"), type=Refusal).detail  # type: ignore[arg-type]
    content_type = request.headers.get("Content-Type", "")
    answer.body, answer.content_type = otlp_http.failure(content_type, answer.status, detail)
    return answer


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "?"
