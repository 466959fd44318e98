"""`/v1/logs` and `/v1/traces`: OTLP/HTTP in protobuf and JSON."""

from functools import partial
from typing import Final

from aiohttp import web

from ttsink.bodies import otlp_http
from ttsink.bodies.limits import BodyRefused
from ttsink.bodies.otlp_http import Signal
from ttsink.http.door import Handler, expect
from ttsink.http.ingest import refusal_headers
from ttsink.intake.admission import Refused
from ttsink.intake.intake import Intake, Taken
from ttsink.intake.receive import Route, receive

ROUTES: Final[dict[str, Signal]] = {"/v1/logs": "logs", "/v1/traces": "traces"}


def add_routes(app: web.Application, intake: Intake) -> None:
    for route, signal in ROUTES.items():
        app.router.add_post(
            route,
            _handler(intake, Route(signal, partial(stored, signal), refused)),
            expect_handler=expect,
        )


def _handler(intake: Intake, route: Route) -> Handler:
    async def post(request: web.Request) -> web.Response:
        return await receive(request, intake, route)

    return post


def stored(signal: Signal, taken: Taken, content_type: str) -> web.Response:
    """200, with a partial success where something was not kept; clients do not send it again."""
    rejected = taken.rejected + taken.capped
    detail = f"{taken.rejected} rejected, {taken.capped} over a rate cap" if rejected else ""
    body, media = otlp_http.response(signal, content_type, rejected=rejected, detail=detail)
    return web.Response(body=body, content_type=media)


def refused(error: Refused | BodyRefused, content_type: str) -> web.Response:
    """A google.rpc.Status in the request's own type."""
    body, media = otlp_http.failure(content_type, error.status, error.detail)
    return web.Response(
        status=error.status, body=body, content_type=media, headers=refusal_headers(error)
    )
