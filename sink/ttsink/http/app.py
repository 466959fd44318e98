"""All routes of the sink, one family a module."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from ttsink.http import about as http_about
from ttsink.http import health as http_health
from ttsink.http import ingest as http_ingest
from ttsink.http import otlp as http_otlp
from ttsink.http import records as http_records
from ttsink.http import states as http_states
from ttsink.http import stream as http_stream
from ttsink.http import traces as http_traces
from ttsink.http.door import Door, Handler, middleware
from ttsink.sink import Sink


def current(sink: Sink) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Who reads after a batch was answered finds its records."""

    @web.middleware
    async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            await sink.current()
        return await handler(request)

    return read


def application(sink: Sink, door: Door) -> web.Application:
    """A family of routes is a module with `add_routes`; it is given no more than it needs."""
    # Bodies have bounds of their own (`receive.read_body`); 0 switches aiohttp's off.
    app = web.Application(
        middlewares=[middleware(door, sink.metrics), current(sink)], client_max_size=0
    )
    http_health.add_routes(app, sink.metrics, sink.why_not_ready)
    http_ingest.add_routes(app, sink.intake)
    http_otlp.add_routes(app, sink.intake)
    http_stream.add_routes(app, sink.view, sink.seats)
    http_records.add_routes(app, sink.view)
    http_states.add_routes(app, sink.states)
    http_traces.add_routes(app, sink.traces)
    http_about.add_routes(app, sink)
    return app
