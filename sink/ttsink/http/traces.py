"""`GET /api/traces/{trace_id}`: spans and records of one trace, and where they came from."""

from aiohttp import web

from ttsink.http.about import as_json
from ttsink.http.ingest import refused
from ttsink.http.parameters import only
from ttsink.intake.admission import Refused
from ttsink.traces.traces import Traces
from ttwire import trace


def add_routes(app: web.Application, traces: Traces) -> None:
    async def answer(request: web.Request) -> web.Response:
        try:
            only(request.query, ())
        except Refused as error:
            return refused(error)
        asked = request.match_info["trace_id"]
        trace_id = trace.trace_id(asked)
        if trace_id is None:
            return refused(
                Refused(
                    400,
                    "trace_id",
                    "not a trace id: expected 32 hex digits, or 16 for a 64-bit id, not all zero",
                )
            )
        return as_json(await traces.trace(trace_id))

    app.router.add_get("/api/traces/{trace_id}", answer)
