"""`GET /api/stream`: records as server-sent events, from any place on, then live."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random
from typing import Final, NamedTuple

from aiohttp import web

from ttsink.http.auth import holder
from ttsink.http.client import client
from ttsink.http.ingest import refused
from ttsink.http.parameters import only
from ttsink.http.streams import Seat, Seats
from ttsink.intake.admission import Refused
from ttsink.store.subscriber import MAX_TAIL, Start, Subscriber
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttwire import filter as filters
from ttwire import instant, sse

RETRY_MS: Final = 3_000
CLOSING_RETRY_MS: Final = (1_000, 5_000)
"""When all streams close at once a random time in this range is given, so that the viewers do
not come back in the same instant."""

PACE_SECONDS: Final = 0.02
"""Between two writes to a reader that is up to date: what comes meanwhile goes out in one."""

PACE_STREAM_SECONDS: Final = 0.002
"""More for every stream that is open: what all of them together cost the intake is bounded, at
about a tenth of one core."""

MAX_RATE: Final = 1_000_000.0

PARAMETERS: Final = ("filter", "tail", "since", "last_event_id", "lastEventId", "rate", "state")

SWITCH: Final = {"": False, "0": False, "false": False, "off": False} | {
    "1": True,
    "true": True,
    "on": True,
}

HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
}


class Asked(NamedTuple):
    """What one request for a stream asks for."""

    wanted: Wanted
    start: Start
    rate: float | None
    state: bool


def add_routes(app: web.Application, view: View, seats: Seats) -> None:
    random = Random()  # noqa: S311  spreads reconnections

    async def stream(request: web.Request) -> web.StreamResponse:
        try:
            question = asked(request.query, request.headers, time.time())
            seat = seats.take(
                client(request.remote or "?"),
                _departed(request),
                holder(request.headers.get("Authorization")),
            )
            seat.wants_states = question.state
        except Refused as error:
            return refused(error)
        try:
            return await _serve(request, question, seat, view, seats, random)
        finally:
            seats.leave(seat, seat.closing or "departed")

    app.router.add_get("/api/stream", stream, allow_head=False)


def asked(query: Mapping[str, str], headers: Mapping[str, str], now: float) -> Asked:
    """Reads the parameters of a stream.

    Raises:
        Refused: 400, naming the parameter, and for a filter the column.
    """
    only(query, PARAMETERS)
    last_event_id = (
        headers.get("Last-Event-ID")
        or query.get("last_event_id")
        or query.get("lastEventId")  # what the polyfills of EventSource send
        or ""
    )
    tail = number(query, "tail", 0, MAX_TAIL)
    rate = number(query, "rate", 0, MAX_RATE)
    return Asked(
        wanted=Wanted(read_filter(query, now)),
        start=Start(last_event_id, since(query, now), int(tail)),
        rate=rate or None,
        state=switch(query, "state"),
    )


def read_filter(query: Mapping[str, str], now: float) -> filters.Filter:
    """The `filter` parameter. Raises Refused: 400 with the column."""
    try:
        return filters.parse(query.get("filter", ""), now=now)
    except filters.FilterError as error:
        raise Refused(400, "filter", f"filter, {error}") from None


def number(query: Mapping[str, str], name: str, low: float, high: float) -> float:
    """A number of a query, cut to `high`; `low` where it is not given. Raises Refused: 400."""
    text = query.get(name)
    if not text:
        return low
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not value >= low:
        raise Refused(400, name, f"{name}: expected a number from {low:g} on, found {text[:32]!r}")
    return min(value, high)


def switch(query: Mapping[str, str], name: str) -> bool:
    """Whether a parameter is on; not given is off. Raises Refused: 400."""
    text = query.get(name, "")
    if text not in SWITCH:
        raise Refused(400, name, f"{name}: expected 1 or 0, found {text[:32]!r}")
    return SWITCH[text]


def since(query: Mapping[str, str], now: float) -> float | None:
    """The `since` parameter as epoch seconds. Raises Refused: 400."""
    text = query.get("since")
    if not text:
        return None
    moment = instant.instant(text, now)
    if moment is None:
        raise Refused(
            400, "since", f"since: expected {instant.UNREADABLE_TIME}, found {text[:32]!r}"
        )
    return datetime.fromisoformat(moment).timestamp()


def _departed(request: web.Request) -> Callable[[], bool]:
    return lambda: request.transport is None or request.transport.is_closing()


async def _serve(
    request: web.Request,
    question: Asked,
    seat: Seat,
    view: View,
    seats: Seats,
    random: Random,
) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    response.headers["X-Tracetail-Epoch"] = view.epoch
    writer = _Writer(response, seat, seats)
    await response.prepare(request)
    subscriber = Subscriber(
        view, question.wanted, question.start, seat.wake, rate=question.rate, now=seats.clock()
    )
    try:
        await writer.write(sse.retry(RETRY_MS) + sse.HEARTBEAT)
        await _pump(subscriber, seat, seats, writer)
        await writer.write(sse.retry(random.randint(*CLOSING_RETRY_MS)) + b"\n")
        await response.write_eof()
    except TimeoutError:
        seat.close("slow")
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        seat.close("departed")
    finally:
        subscriber.close()
    return response


async def _pump(subscriber: Subscriber, seat: Seat, seats: Seats, writer: "_Writer") -> None:
    """Writes until the seat is closed; sleeps when there is nothing to read."""
    while seat.closing is None:
        before = subscriber.sent
        step = subscriber.step(seats.clock())
        seats.metrics.stream_events.inc(subscriber.sent - before)
        while subscriber.gaps:
            reason, count = subscriber.gaps.popitem()
            seats.metrics.stream_gaps.labels(reason).inc(count)
        frames = step.frames + seat.told()
        if frames:
            await writer.write(frames)
        elif seat.silent:
            await writer.write(sse.HEARTBEAT)
        if step.behind:
            await asyncio.sleep(0)
            continue
        if frames:
            await asyncio.sleep(PACE_SECONDS + PACE_STREAM_SECONDS * len(seats))
        await seat.woken()


class _Writer:
    """Writes to one reader, or raises TimeoutError where it does not read."""

    def __init__(self, response: web.StreamResponse, seat: Seat, seats: Seats) -> None:
        self._response = response
        self._seat = seat
        self._seats = seats

    async def write(self, frames: bytes) -> None:
        async with asyncio.timeout(self._seats.settings.write_seconds):
            await self._response.write(frames)
        self._seat.wrote(self._seats.clock())
