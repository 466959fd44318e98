"""A sink over HTTP as a `Source`: keeps the stream open and answers what the screen asks."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec

from ttview import backoff, sanitise
from ttview.address import Address
from ttview.api import Api, RefusedError, UnreachableError
from ttview.backoff import Backoff
from ttview.feed import (
    AboutSeen,
    Arrival,
    Arrived,
    Connection,
    Deliver,
    Failed,
    GapSeen,
    LedgerSeen,
    PageLoaded,
    PageRequest,
    StatesChanged,
    StreamRequest,
    TraceLoaded,
)
from ttwire import gap, record
from ttwire.about import About, Refusal
from ttwire.account import Ledger
from ttwire.page import Page
from ttwire.record import Record
from ttwire.span import Trace
from ttwire.sse import Decoder, Event
from ttwire.state import JobPage, QueuePage, States, WorkerPage
from ttwire.trace import trace_id as normal_trace_id

STREAM_RECORDS_PER_SECOND: Final = 2_000
"""Asked of the sink as `rate=`: more than fifteen frames a second of 60 new rows can show. What
it leaves out is a gap in place, which `/api/records` fills."""

SLICE_EVENTS: Final = 256
"""Decoded before other work of the loop gets its turn: about a millisecond."""

PAUSE_SECONDS: Final = 0.02
"""Between two deliveries of a stream that brings more than the screen can show: each one costs a
wake-up, and a frame lasts at least 66 ms."""

STATE_PAGE: Final = 500
"""States asked for at once; the most a sink gives."""

MAX_STATE_PAGES: Final = 50
"""Of jobs, of workers and of queues in one refresh; what is beyond is said by a `Failed`."""

Shape = TypeVar("Shape")
StatePage = TypeVar("StatePage", JobPage, WorkerPage, QueuePage)

_states_decoder = msgspec.json.Decoder(States)


class Client:
    """The sink at one address. See `ttview.feed.Source` for what each verb promises."""

    def __init__(
        self,
        address: Address,
        *,
        rate: int = STREAM_RECORDS_PER_SECOND,
        clock: Callable[[], float] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._api = Api(address)
        self._rate = rate
        self._clock = clock
        self._chance = chance
        self._deliver: Deliver | None = None
        self._request = StreamRequest()
        self._stream: asyncio.Task[None] | None = None
        self._generation = 0
        self._asked: dict[object, asyncio.Task[None]] = {}
        self._hurry = asyncio.Event()
        self.unreadable = 0

    @property
    def name(self) -> str:
        return self._api.address.name

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def follow(self, request: StreamRequest) -> None:
        if self._stream is not None:
            self._stream.cancel()
        self._request = request
        self._generation += 1
        work = self._keep_open(request, self._generation)
        self._stream = asyncio.get_running_loop().create_task(work)

    def retry(self) -> None:
        if self._stream is not None and self._stream.done():
            self.follow(self._request)
        else:
            self._hurry.set()

    def page(self, request: PageRequest) -> None:
        self._ask(request, self._page(request))

    def trace(self, trace_id: str) -> None:
        self._ask(("trace", trace_id), self._trace(trace_id))

    def refresh(self) -> None:
        self._ask("states", self._states())
        self._ask("ledger", self._ledger())
        self._ask("about", self._about())

    async def aclose(self) -> None:
        self._deliver = None
        tasks = [*self._asked.values(), *([self._stream] if self._stream else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._api.aclose()

    # The stream

    async def _keep_open(self, request: StreamRequest, generation: int) -> None:
        decoder = Decoder(request.since or "")
        schedule = Backoff()
        while True:
            self._say(Connection("connecting", f"connecting to {self.name}"))
            asked: float | None = None
            try:
                opened = False
                async for events in self._api.stream(self._query(request, decoder), decoder):
                    if not opened:
                        opened, schedule = True, backoff.worked()
                        self._say(Connection("live", self.name))
                        self.refresh()
                    await self._take(events, generation)
                detail = f"{self.name} closed the stream"
                asked = decoder.retry_ms / 1000 if decoder.retry_ms is not None else None
            except RefusedError as refused:
                detail, asked = refused.refusal.detail, refused.retry_after
                if refused.final:
                    self._say(Connection("refused", detail))
                    return
            except UnreachableError as unreachable:
                detail = str(unreachable)
            schedule = backoff.failed(schedule, self._now(), self._chance(), asked)
            wait = schedule.due - self._now()
            self._say(Connection("waiting", detail, wait))
            await self._sleep(wait)
            # A cut within an event leaves half of it behind.
            decoder = Decoder(decoder.last_event_id)

    def _query(self, request: StreamRequest, decoder: Decoder) -> dict[str, str]:
        query = {"state": "1", "rate": str(self._rate)}
        if request.filter:
            query["filter"] = request.filter
        if not decoder.last_event_id:
            query["tail"] = str(request.tail)
        return query

    async def _take(self, events: Sequence[Event], generation: int) -> None:
        for start in range(0, len(events), SLICE_EVENTS):
            for arrival in self._arrivals(events[start : start + SLICE_EVENTS]):
                # The screen may have asked for another stream while it took the one before.
                if generation == self._generation:
                    self._say(arrival)
            await asyncio.sleep(0)
        if events:
            await asyncio.sleep(PAUSE_SECONDS)

    def _arrivals(self, events: Sequence[Event]) -> Iterator[Arrival]:
        """Runs of records together, everything else in its place between them."""
        records: list[Record] = []
        for event in events:
            try:
                if event.event == "record":
                    records.append(record.decode(event.data))
                    continue
                arrival = _arrival(event)
            except msgspec.DecodeError as error:
                arrival = self._could_not_read(event, error)
            if arrival is not None:
                if records:
                    yield Arrived(records)
                    records = []
                yield arrival
        if records:
            yield Arrived(records)

    def _could_not_read(self, event: Event, error: Exception) -> Arrival | None:
        """Said once; a sink that sends one such event sends many."""
        self.unreadable += 1
        if self.unreadable > 1:
            return None
        detail = f"an event `{event.event}` of this sink cannot be read: {error}"
        return Failed("stream", Refusal("unreadable", sanitise.visible(detail, 300)))

    def _now(self) -> float:
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    async def _sleep(self, seconds: float) -> None:
        self._hurry.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass

    # Single answers

    def _ask(self, key: object, work: Coroutine[Any, Any, None]) -> None:
        """Runs it unless the same is on its way."""
        if key in self._asked:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._asked[key] = task
        task.add_done_callback(lambda _: self._asked.pop(key, None))

    async def _page(self, request: PageRequest) -> None:
        query = {"limit": str(request.limit)}
        if request.filter:
            query["filter"] = request.filter
        if request.before is not None:
            query["before"] = request.before
        if request.after is not None:
            query["after"] = request.after
        page = await self._get("page", "/api/records", query, Page, request)
        if page is not None:
            self._say(PageLoaded(request, page))

    async def _trace(self, trace_id: str) -> None:
        normal = normal_trace_id(trace_id)
        if normal is None:
            self._say(Failed("trace", Refusal("no_trace_id", "this is no W3C trace id")))
            return
        trace = await self._get("trace", f"/api/traces/{normal}", {}, Trace)
        if trace is not None:
            self._say(TraceLoaded(trace))

    async def _ledger(self) -> None:
        ledger = await self._get("ledger", "/api/ledger", {}, Ledger)
        if ledger is not None:
            self._say(LedgerSeen(ledger))

    async def _about(self) -> None:
        about = await self._get("about", "/api/info", {}, About)
        if about is not None:
            self._say(AboutSeen(about))

    async def _states(self) -> None:
        """All three kinds, or a `Failed`: a list of half the jobs would pass for all of them."""
        jobs = await self._all("/api/jobs", JobPage)
        workers = await self._all("/api/workers", WorkerPage)
        queues = await self._all("/api/queues", QueuePage)
        if jobs is None or workers is None or queues is None:
            return
        states = States(
            tuple(job for page in jobs for job in page.jobs),
            tuple(worker for page in workers for worker in page.workers),
            tuple(queue for page in queues for queue in page.queues),
        )
        self._say(StatesChanged(states, whole=True))

    async def _all(self, path: str, shape: type[StatePage]) -> list[StatePage] | None:
        pages: list[StatePage] = []
        after: str | None = None
        while len(pages) < MAX_STATE_PAGES:
            query = {"limit": str(STATE_PAGE)} | ({"after": after} if after is not None else {})
            page = await self._get("states", path, query, shape)
            if page is None:
                return None
            pages.append(page)
            after = page.next
            if after is None:
                return pages
        detail = f"{path} has more than {MAX_STATE_PAGES} pages; only these are shown"
        self._say(Failed("states", Refusal("too_many", detail)))
        return pages

    async def _get(
        self,
        what: str,
        path: str,
        query: dict[str, str],
        shape: type[Shape],
        request: PageRequest | None = None,
    ) -> Shape | None:
        try:
            return msgspec.json.decode(await self._api.get(path, query), type=shape)
        except RefusedError as refused:
            said = refused.refusal
        except UnreachableError as unreachable:
            said = Refusal("unreachable", str(unreachable))
        except msgspec.DecodeError as error:
            said = Refusal("unreadable", f"the answer to {path} cannot be read: {error}")
        self._say(Failed(what, said, request))
        return None

    def _say(self, arrival: Arrival) -> None:
        if self._deliver is not None:
            self._deliver(arrival)


def _arrival(event: Event) -> Arrival | None:
    """What an event other than a record says; None for kinds this viewer does not know.

    Raises:
        msgspec.DecodeError
    """
    if event.event == "gap":
        return GapSeen(gap.decode(event.data))
    if event.event == "state":
        return StatesChanged(_states_decoder.decode(event.data))
    return None
