"""`/livez`, `/readyz` and `/metrics`."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from ttsink.metrics import CONTENT_TYPE, Metrics

OK: Final = b"ok\n"


def add_routes(
    app: web.Application, metrics: Metrics, why_not_ready: Callable[[], str | None]
) -> None:
    """`why_not_ready` gives one word while batches would be answered 503, else None."""

    async def live(_request: web.Request) -> web.Response:
        return web.Response(body=OK)

    async def ready(_request: web.Request) -> web.Response:
        reason = why_not_ready()
        if reason is None:
            return web.Response(body=OK)
        return web.Response(status=503, body=f"{reason}\n".encode(), headers={"Retry-After": "1"})

    async def exposition(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    app.router.add_get("/livez", live)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", exposition)
