"""`/ingest`: one batch in, one short answer out."""

from typing import Final

import msgspec
from aiohttp import web

from ttsink.bodies.encoding import ACCEPT_ENCODING
from ttsink.bodies.limits import BodyRefused
from ttsink.http.door import expect
from ttsink.http.refusal import refusal
from ttsink.intake.admission import Refused
from ttsink.intake.intake import Intake, Taken
from ttsink.intake.receive import Route, receive

ROUTE: Final = "/ingest"


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
    ingest = Route("batch", stored, refused)

    async def post(request: web.Request) -> web.Response:
        return await receive(request, intake, ingest)

    async def health(_request: web.Request) -> web.Response:
        # Vector's health check is a HEAD that must be answered with exactly 200.
        return web.json_response({"status": "ok"})

    # A 404 for a slash too many would make agents drop every batch.
    for route in (ROUTE, f"{ROUTE}/"):
        app.router.add_post(route, post, expect_handler=expect)
        app.router.add_put(route, post, expect_handler=expect)
        app.router.add_get(route, health)  # and HEAD


def stored(taken: Taken, _content_type: str) -> web.Response:
    answer: msgspec.Struct
    if taken.capped or taken.repeated:
        answer = Answer(taken.accepted, taken.rejected, taken.capped, taken.repeated)
    else:
        answer = Accepted(taken.accepted, taken.rejected)
    return as_json(msgspec.json.encode(answer))


def as_json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def refused(error: Refused | BodyRefused, _content_type: str = "") -> web.Response:
    return refusal(error.status, error.code, error.detail, refusal_headers(error))


def refusal_headers(error: Refused | BodyRefused) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, Refused) and error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 415:
        headers["Accept-Encoding"] = ACCEPT_ENCODING
    return headers
