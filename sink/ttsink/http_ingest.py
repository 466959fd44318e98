"""`/ingest`: one batch in, one short answer out."""

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from ttsink.admission import Refused, Ticket
from ttsink.agent import agent_name
from ttsink.door import discard_body, refusal
from ttsink.intake import Intake, Posted, Taken
from ttsink.limits import BodyRefused
from ttsink.settings import IngestSettings

ROUTE: Final = "/ingest"

ENCODINGS: Final = "gzip, deflate, zstd, snappy, identity"


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    accepted: int
    rejected: int
    capped: int = 0
    repeated: int = 0


class Accepted(msgspec.Struct, frozen=True):
    """The plain case, whose two members are there even when they are zero."""

    accepted: int
    rejected: int


def add_routes(app: web.Application, intake: Intake) -> None:
    async def post(request: web.Request) -> web.Response:
        return await take(request, intake)

    async def health(_request: web.Request) -> web.Response:
        # Vector's health check is a HEAD that must be answered with exactly 200.
        return web.json_response({"status": "ok"})

    app.router.add_post(ROUTE, post)
    app.router.add_put(ROUTE, post)
    app.router.add_get(ROUTE, health)  # and HEAD


async def read_body(request: web.Request, ticket: Ticket, limits: IngestSettings) -> bytes:
    """The body as sent, within its bounds of size and time.

    Raises:
        Refused: 413 too large, 408 too slow, 503 no room for it.
    """
    declared = request.content_length or 0
    if declared > limits.max_body_bytes:
        raise too_large(limits.max_body_bytes)
    # One buffer instead of a list of pieces: each piece's memory is free for the next one to be
    # received into, which took a quarter off reading (tests/bench/bench_intake.py).
    body = bytearray()
    now = asyncio.get_running_loop().time
    end = now() + limits.upload_seconds
    try:
        async with asyncio.timeout(0) as timer:
            timer.reschedule(min(end, now() + limits.upload_idle_seconds))
            while chunk := await request.content.readany():
                body += chunk
                size = len(body)
                if size > limits.max_body_bytes:
                    raise too_large(limits.max_body_bytes)
                if size > declared:
                    ticket.grow(size)
                timer.reschedule(min(end, now() + limits.upload_idle_seconds))
    except TimeoutError:
        raise Refused(
            408,
            "slow_upload",
            f"the body stopped after {len(body)} bytes; it must come whole within "
            f"{limits.upload_seconds:g} s, without a pause of {limits.upload_idle_seconds:g} s",
        ) from None
    return bytes(body)


def too_large(limit: int) -> Refused:
    return Refused(
        413, "too_large", f"the body is over {limit} bytes; make the agent's batches smaller"
    )


async def take(request: web.Request, intake: Intake) -> web.Response:
    """Reads, stores and answers; every way out is counted."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    headers = request.headers
    sender = request.remote or "?"
    try:
        ticket = intake.admit(sender, request.content_length or 0)
        try:
            body = await read_body(request, ticket, intake.settings)
            posted = Posted(
                body=body,
                encodings=headers.get("Content-Encoding", ""),
                content_type=headers.get("Content-Type", ""),
                agent=agent_name(headers.get("User-Agent")),
                sender=sender,
                key=headers.get("Idempotency-Key"),
            )
            answer = stored(await intake.take(posted, ticket))
        finally:
            ticket.release()
    except (Refused, BodyRefused) as error:
        answer = refused(error)
        if error.status == 408:
            answer.force_close()
        else:
            await discard_body(request)
    intake.metrics.requests.labels(answer.status).inc()
    intake.metrics.seconds.observe(loop.time() - begun)
    return answer


def stored(taken: Taken) -> web.Response:
    answer: msgspec.Struct
    if taken.capped or taken.repeated:
        answer = Answer(taken.accepted, taken.rejected, taken.capped, taken.repeated)
    else:
        answer = Accepted(taken.accepted, taken.rejected)
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


def refused(error: Refused | BodyRefused) -> web.Response:
    headers: dict[str, str] = {}
    seconds = getattr(error, "retry_after_seconds", None)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    if error.status == 415:
        headers["Accept-Encoding"] = ENCODINGS
    return refusal(error.status, error.code, error.detail, headers)
