"""All routes of the sink, one family a module."""

from aiohttp import web

from ttsink import (
    http_about,
    http_health,
    http_ingest,
    http_otlp,
    http_records,
    http_states,
    http_stream,
    http_traces,
)
from ttsink.door import Door, middleware
from ttsink.sink import Sink


def application(sink: Sink, door: Door) -> web.Application:
    """A family of routes is a module with `add_routes`; it is given no more than it needs."""
    # Bodies have bounds of their own (`receive.read_body`); 0 switches aiohttp's off.
    app = web.Application(middlewares=[middleware(door, sink.metrics)], client_max_size=0)
    http_health.add_routes(app, sink.metrics, sink.why_not_ready)
    http_ingest.add_routes(app, sink.intake)
    http_otlp.add_routes(app, sink.intake)
    http_stream.add_routes(app, sink.view, sink.seats)
    http_records.add_routes(app, sink.view)
    http_states.add_routes(app, sink.states)
    http_traces.add_routes(app, sink.traces)
    http_about.add_routes(app, sink)
    return app
