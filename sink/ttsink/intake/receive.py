"""One request with a batch: read it, have it kept, answer, and learn what became of the answer."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from aiohttp import web

from ttsink.bodies.limits import BodyRefused
from ttsink.http.connection import on_gone, on_reset
from ttsink.http.door import arrived, discard_body, go_on
from ttsink.intake.admission import Refused, Ticket
from ttsink.intake.agent import agent_name
from ttsink.intake.intake import Intake, Posted, Taken
from ttsink.intake.prepare import Form
from ttsink.intake.repeat import Repeat, batch_key, named_key
from ttsink.settings import IngestSettings

CLOSED_TURNS: Final = 2
"""Turns of the loop before an answer is written, in which it learns that the sender has gone
while its batch was worked on."""


class Route(NamedTuple):
    """What differs between the routes that take batches in.

    `form` says what a body is; `stored` and `refused` make the answers, given the request's
    content type.
    """

    form: Form
    stored: Callable[[Taken, str], web.Response]
    refused: Callable[[Refused | BodyRefused, str], web.Response]


def too_large(limit: int) -> Refused:
    return Refused(
        413, "too_large", f"the body is over {limit} bytes; make the agent's batches smaller"
    )


async def read_body(request: web.Request, ticket: Ticket, limits: IngestSettings) -> bytes:
    """The body as sent, within its bounds of size and time.

    Raises:
        Refused: 413 too large, 408 too slow, 503 no room for it.
    """
    declared = request.content_length or 0
    await go_on(request)
    # One buffer instead of a list of pieces: each piece's memory is free for the next one to be
    # received into, which took a quarter off reading (tests/bench/bench_intake.py).
    body = bytearray()
    now = asyncio.get_running_loop().time
    end = now() + limits.upload_seconds
    try:
        async with asyncio.timeout(0) as timer:
            timer.reschedule(min(end, now() + limits.upload_idle_seconds))
            while chunk := await arrived(request):
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


async def receive(request: web.Request, intake: Intake, route: Route) -> web.Response:
    """Every way out is counted, and every batch that was begun is settled."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    content_type = request.headers.get("Content-Type", "")
    try:
        answer = await _take(request, intake, route, content_type)
    except (Refused, BodyRefused) as error:
        answer = route.refused(error, content_type)
        if error.status == 408:
            answer.force_close()
        else:
            await discard_body(request, answer)
    intake.metrics.requests.labels(answer.status).inc()
    intake.metrics.seconds.observe(loop.time() - begun)
    return answer


async def _take(
    request: web.Request, intake: Intake, route: Route, content_type: str
) -> web.Response:
    headers = request.headers
    sender = request.remote or "?"
    on_reset(request, None)
    declared = request.content_length or 0
    # Before there is a question of room: it would be told to come again for ever.
    if declared > intake.settings.max_body_bytes:
        raise too_large(intake.settings.max_body_bytes)
    ticket = intake.admit(sender, declared)
    try:
        body = await read_body(request, ticket, intake.settings)
        posted = Posted(
            form=route.form,
            body=body,
            encodings=headers.get("Content-Encoding", ""),
            content_type=content_type,
            agent=agent_name(headers.get("User-Agent")),
            sender=sender,
        )
        ahead = intake.ahead(posted)
        name = headers.get("Idempotency-Key", "")
        key = named_key(request.path_qs, name) or batch_key(request.path_qs, body)
        batch = intake.begin(key)
        if isinstance(batch, Repeat):
            if ahead is not None:
                ahead.cancel()
            taken = intake.repeated(batch)
        else:
            # It may come again before this is done with it, and is the same batch then.
            on_gone(request, partial(intake.given_up, batch.batch_id))
            taken = await intake.take(posted._replace(batch_id=batch.batch_id), ticket, ahead)
        answer = route.stored(taken, content_type)
        reached = await _deliver(request, answer)
        intake.settle(batch.batch_id, taken, reached=reached)
        if reached:
            on_reset(request, partial(intake.lost, batch.batch_id, taken))
    finally:
        on_gone(request, None)
        ticket.release()
    return answer


async def _deliver(request: web.Request, answer: web.Response) -> bool:
    """Writes the answer; whether its sender was still there to take it."""
    for _ in range(CLOSED_TURNS):
        await asyncio.sleep(0)
    if request.transport is None or request.transport.is_closing():
        return False
    try:
        await answer.prepare(request)
        await answer.write_eof()
    except ConnectionError:
        return False
    return True
