"""Files and standard input as a `Source`: an engine of the sink's, in a thread of its own."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ttview import sanitise
from ttview.exits import CommandError
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
from ttwire import filter  # noqa: A004 - the field's own word
from ttwire.about import About, Refusal
from ttwire.engine import ENTRY_POINT, ENTRY_POINT_GROUP, Engine, EngineError, OpenEngine
from ttwire.filter import EVERYTHING, Filter, FilterError
from ttwire.gap import Gap
from ttwire.span import Trace, TraceSource
from ttwire.trace import trace_id as normal_trace_id

POLL_SECONDS: Final = 0.1
"""Between two looks at the files: a new line is on the screen within two frames of it."""

REST_SECONDS: Final = 0.002
"""After a slice of counting of some 3 ms, so that keys are not kept waiting."""

SEARCH_SECONDS: Final = 0.25
"""For the newest records of a filter, or for a page of them: what was found by then is shown. The
rest has a cursor to go on from, and the screen asks on while it has room."""

INTERRUPT_SECONDS: Final = 0.1
"""A search gives way after this to whatever else was asked."""

LIVE_RECORDS: Final = 1_000
"""Handed over at once; then the screen's thread is waited for."""

MAX_BEHIND: Final = 20
"""Hand-overs in a row; an input that brings more leaves a gap and goes on with its end."""

HOLD_SECONDS: Final = 0.3
"""After whatever was asked nothing is counted, so that somebody who scrolls has the processor."""

MAX_NAME_CHARACTERS: Final = 60
"""Of a file's name in the header."""

STATES_SECONDS: Final = 1.0
MAX_TRACE_RECORDS: Final = 5_000
TRACE_SECONDS: Final = 10.0
"""A trace is whole or it is no use, so its records are searched for longer."""

HAND_OVER_SECONDS: Final = 5.0
"""Waited for the screen's thread; it never takes so long unless it is gone."""


class _Follow(NamedTuple):
    request: StreamRequest
    generation: int


class _Trace(NamedTuple):
    trace_id: str


class _Refresh(NamedTuple):
    pass


class _Stop(NamedTuple):
    pass


_Ask = _Follow | PageRequest | _Trace | _Refresh | _Stop


def installed() -> OpenEngine:
    """The engine that came with the sink's package.

    Raises:
        CommandError: there is none.
    """
    for found in entry_points(group=ENTRY_POINT_GROUP, name=ENTRY_POINT):
        loaded: OpenEngine = found.load()
        return loaded
    raise CommandError(
        "reading files needs the sink's package, and none is installed here: install tracetail"
        " (pip install tracetail), or in a checkout: pip install -e ."
    )


class Files:
    """See `ttview.feed.Source`. Opened before the screen: a wrong name is said in a line."""

    def __init__(
        self,
        files: Sequence[Path],
        pipe: BinaryIO | None,
        open_engine: OpenEngine,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises CommandError: a file cannot be read."""
        try:
            self._engine: Engine = open_engine(files, pipe)
        except EngineError as error:
            raise CommandError(str(error)) from error
        names = [sanitise.visible(path.name, MAX_NAME_CHARACTERS) for path in files] + (
            ["stdin"] if pipe is not None else []
        )
        self._name = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
        self._clock = clock
        self._deliver: Deliver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: queue.SimpleQueue[_Ask] = queue.SimpleQueue()
        self._paging: set[PageRequest] = set()
        self._generation = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="files", daemon=True)

    @property
    def name(self) -> str:
        return self._name

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def follow(self, request: StreamRequest) -> None:
        self._generation += 1
        self._asked.put(_Follow(request, self._generation))

    def page(self, request: PageRequest) -> None:
        # Asked twice, answered once: each answer makes the screen ask on.
        if request not in self._paging:
            self._paging.add(request)
            self._asked.put(request)

    def trace(self, trace_id: str) -> None:
        self._asked.put(_Trace(trace_id))

    def refresh(self) -> None:
        self._asked.put(_Refresh())

    def retry(self) -> None:
        """Nothing here is ever waited for."""

    async def aclose(self) -> None:
        self._deliver = None
        self._stopped = True
        self._asked.put(_Stop())
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, HAND_OVER_SECONDS)
        else:
            self._engine.close()

    # The thread. Only `_say` touches what belongs to the loop.

    def _run(self) -> None:
        worker = _Worker(self._engine, self._asked, self._say, self._wanted, self._clock)
        try:
            worker.run()
        finally:
            self._engine.close()

    def _wanted(self, generation: int | None) -> bool:
        return not self._stopped and generation in {None, self._generation}

    def _say(self, arrival: Arrival, generation: int | None = None) -> None:
        """Hands over and waits until the screen took it, so that nothing piles up between."""
        taken = threading.Event()

        def take() -> None:
            try:
                if isinstance(arrival, PageLoaded | Failed) and arrival.request is not None:
                    self._paging.discard(arrival.request)
                if self._deliver is not None and self._wanted(generation):
                    self._deliver(arrival)
            finally:
                taken.set()

        assert self._loop is not None
        with suppress(RuntimeError):  # the loop ended
            self._loop.call_soon_threadsafe(take)
            taken.wait(HAND_OVER_SECONDS)


class _Worker:
    """What the thread does, in order of urgency: what was asked, what is new, the account."""

    def __init__(
        self,
        engine: Engine,
        asked: queue.SimpleQueue[_Ask],
        say: Callable[..., None],
        wanted: Callable[[int | None], bool],
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._asked = asked
        self._say = say
        self._wanted = wanted
        self._clock = clock
        self._generation: int | None = None
        self._keep: Filter = EVERYTHING
        self._at = engine.end
        self._counting = True
        self._counted_at = clock()
        self._hold_until = 0.0
        self._ended = False
        self._whole_due = False

    def run(self) -> None:
        while True:
            try:
                ask = self._asked.get(timeout=REST_SECONDS if self._counting else POLL_SECONDS)
            except queue.Empty:
                self._idle()
                continue
            if isinstance(ask, _Stop):
                return
            self._answer(ask)
            self._hold_until = self._clock() + HOLD_SECONDS

    def _idle(self) -> None:
        if self._engine.poll():
            self._counting = True
            self._new()
        now = self._clock()
        if self._counting and now >= self._hold_until:
            self._counting = self._engine.count()
            self._whole_due = True
        if self._whole_due and (not self._counting or now - self._counted_at >= STATES_SECONDS):
            self._whole_due, self._counted_at = False, now
            self._account()
        for notice in self._engine.notices():
            self._say(Failed("file", Refusal("file", sanitise.visible(notice, 1000))))
        if not self._ended and self._engine.ended and self._generation is not None:
            self._ended = True
            self._say(Connection("ended", "standard input ended"))

    def _answer(self, ask: _Ask) -> None:
        try:
            if isinstance(ask, _Follow):
                self._follow(ask)
            elif isinstance(ask, PageRequest):
                self._page(ask)
            elif isinstance(ask, _Trace):
                self._trace(ask.trace_id)
            elif isinstance(ask, _Refresh):
                self._say(AboutSeen(About(version="", epoch=self._engine.end.partition("-")[0])))
                self._account()
        except FilterError as error:
            refusal = Refusal("bad_filter", str(error))
            if isinstance(ask, PageRequest):
                self._say(Failed("page", refusal, ask))
            else:
                self._say(Connection("refused", refusal.detail))

    def _account(self) -> None:
        self._say(StatesChanged(self._engine.states(), whole=True))
        self._say(LedgerSeen(self._engine.ledger()))

    def _follow(self, ask: _Follow) -> None:
        if not self._wanted(ask.generation):
            return
        self._keep = filter.parse(ask.request.filter, now=time.time())
        self._generation, self._ended = ask.generation, False
        self._at = self._engine.end
        self._tell(Connection("connecting", "reading"))
        if ask.request.since is not None:
            self._at = ask.request.since
            self._new()
        else:
            self._replay(ask)
        if self._wanted(ask.generation):
            self._tell(Connection("live", "following" if not self._engine.ended else "read"))

    def _replay(self, ask: _Follow) -> None:
        page = self._engine.older(None, self._keep, ask.request.tail, self._enough())
        if not page.records and page.older is not None:
            # Where the screen goes on asking from.
            self._tell(PageLoaded(PageRequest(ask.request.filter), page))
        for start in range(0, len(page.records), LIVE_RECORDS):
            self._tell(Arrived(page.records[start : start + LIVE_RECORDS]))

    def _new(self) -> None:
        """What came since the last look, in pieces; a flood is cut short to its end."""
        if self._generation is None:
            return
        for _ in range(MAX_BEHIND):
            page = self._engine.newer(self._at, self._keep, LIVE_RECORDS, self._hurried)
            if page.records:
                self._tell(Arrived(page.records))
            self._at = page.newer or self._engine.end
            if page.newer is None or not self._wanted(self._generation):
                return
            self._engine.poll()
        last = self._engine.older(None, self._keep, LIVE_RECORDS, self._hurried)
        first = last.records[0].id if last.records else self._engine.end
        self._tell(GapSeen(Gap("rate", self._at, first, exact=False)))
        if last.records:
            self._tell(Arrived(last.records))
        self._at = last.newer or self._engine.end

    def _hurried(self) -> bool:
        return not self._wanted(self._generation)

    def _tell(self, arrival: Arrival) -> None:
        self._say(arrival, self._generation)

    def _page(self, ask: PageRequest) -> None:
        keep = filter.parse(ask.filter, now=time.time())
        stop = self._enough()
        if ask.after is not None:
            page = self._engine.newer(ask.after, keep, ask.limit, stop)
        else:
            page = self._engine.older(ask.before, keep, ask.limit, stop)
        self._say(PageLoaded(ask, page))

    def _trace(self, trace_id: str) -> None:
        normal = normal_trace_id(trace_id)
        if normal is None:
            self._say(Failed("trace", Refusal("no_trace_id", "this is no W3C trace id")))
            return
        keep = filter.parse(f"trace:{normal}", now=time.time())
        began = self._clock()
        page = self._engine.older(
            None,
            keep,
            MAX_TRACE_RECORDS,
            lambda: self._clock() - began > TRACE_SECONDS or not self._wanted(None),
        )
        part = TraceSource("files", "ok", "only part was searched" if page.older else None)
        self._say(TraceLoaded(Trace(normal, records=tuple(page.records), sources=(part,))))

    def _enough(self) -> Callable[[], bool]:
        """Asked within a search: whether it took long enough, for itself or for what waits."""
        began = self._clock()

        def stop() -> bool:
            took = self._clock() - began
            waited_for = took > INTERRUPT_SECONDS and not self._asked.empty()
            return took > SEARCH_SECONDS or waited_for or not self._wanted(self._generation)

        return stop
