"""`/api/info` and `/api/ledger`: what the sink is, and the account of every record."""

import msgspec
from aiohttp import web

from ttsink.sink import Sink


def add_routes(app: web.Application, sink: Sink) -> None:
    async def about(_request: web.Request) -> web.Response:
        return as_json(sink.about())

    async def ledger(_request: web.Request) -> web.Response:
        return as_json(sink.view.ledger())

    app.router.add_get("/api/info", about)
    app.router.add_get("/api/ledger", ledger)


def as_json(value: object) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
