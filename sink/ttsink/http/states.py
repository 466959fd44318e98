"""`GET /api/jobs`, `/api/workers`, `/api/queues`: what is known of each, a page at a time."""

import time
from collections.abc import Callable

import msgspec
from aiohttp import web

from ttsink.http.about import as_json
from ttsink.http.ingest import refused
from ttsink.http.parameters import only
from ttsink.intake.admission import Refused
from ttsink.states import query as state_query
from ttsink.states.query import StateQuery, StateQueryError
from ttsink.states.states import KeyStates


def add_routes(app: web.Application, states: KeyStates) -> None:
    def route(
        path: str,
        page: Callable[[KeyStates, StateQuery, float], msgspec.Struct],
        parameters: tuple[str, ...],
    ) -> None:
        async def answer(request: web.Request) -> web.Response:
            try:
                only(request.query, parameters)
                return as_json(page(states, state_query.parse(request.query), time.time()))
            except StateQueryError as error:
                return refused(Refused(400, "state_query", str(error)))
            except Refused as error:
                return refused(error)

        app.router.add_get(path, answer)

    route("/api/jobs", state_query.jobs, state_query.JOB_PARAMETERS)
    route("/api/workers", state_query.workers, state_query.WORKER_PARAMETERS)
    route("/api/queues", state_query.queues, state_query.QUEUE_PARAMETERS)
