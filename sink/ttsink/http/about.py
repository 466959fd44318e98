"""`/api/info` and `/api/ledger`: what the sink is, and the account of every record."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from ttsink.http.ingest import refused
from ttsink.http.parameters import only
from ttsink.intake.admission import Refused
from ttsink.sink import Sink


def add_routes(app: web.Application, sink: Sink) -> None:
    def route(path: str, told: Callable[[], object]) -> None:
        async def answer(request: web.Request) -> web.Response:
            try:
                only(request.query, ())
            except Refused as error:
                return refused(error)
            return as_json(told())

        app.router.add_get(path, answer)

    route("/api/info", sink.about)
    route("/api/ledger", sink.view.ledger)


def as_json(value: object) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
