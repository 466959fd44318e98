"""The vocabulary between the screen and whatever brings it records.

A `Source` is a client of a sink or an engine in the same process. The screen asks it for things
and never waits: every answer is an `Arrival`, delivered on the event loop, in order.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from ttwire.about import About, Refusal
from ttwire.account import Ledger
from ttwire.gap import Gap
from ttwire.page import Page
from ttwire.record import Record
from ttwire.span import Trace
from ttwire.state import States

ConnectionState = Literal["connecting", "live", "waiting", "refused", "ended"]
"""`waiting`: the next try is set. `refused`: trying again would not help. `ended`: the input
had an end and it was reached."""

PAGE_RECORDS = 500
"""Records asked for at once when scrolling past what is held: some eight screens of 60 rows,
and about 200 KB on the wire."""

TAIL_RECORDS = 2_000
"""Records replayed when a stream opens: enough to scroll in without asking again."""


class StreamRequest(NamedTuple):
    """One open stream; `filter` is filter text, empty for everything.

    `since` is the id to go on after; without it the newest `tail` matching records come first.
    """

    filter: str = ""
    since: str | None = None
    tail: int = TAIL_RECORDS


class PageRequest(NamedTuple):
    """A page of records next to a cursor: `before` it, or `after` it. With neither, the newest."""

    filter: str = ""
    before: str | None = None
    after: str | None = None
    limit: int = PAGE_RECORDS


class Arrived(NamedTuple):
    """Records of the stream that is open now, oldest first, with their ids."""

    records: Sequence[Record]


class GapSeen(NamedTuple):
    """The stream skipped records here; it stands between what arrived before and after it."""

    gap: Gap


class StatesChanged(NamedTuple):
    """Jobs, workers and queues that changed; with `whole`, all there are: others are gone."""

    states: States
    whole: bool = False


class Connection(NamedTuple):
    """`detail` says in a person's words what was found. `next_try_seconds` counts from now."""

    state: ConnectionState
    detail: str = ""
    next_try_seconds: float | None = None


class LedgerSeen(NamedTuple):
    ledger: Ledger


class AboutSeen(NamedTuple):
    about: About


class PageLoaded(NamedTuple):
    """The answer to `request`, which it repeats so that a late answer can be told apart."""

    request: PageRequest
    page: Page


class TraceLoaded(NamedTuple):
    trace: Trace


class Failed(NamedTuple):
    """A request came to nothing. `what` names it: `page`, `trace`, `states`, `ledger`."""

    what: str
    refusal: Refusal
    request: PageRequest | None = None


Arrival = (
    Arrived
    | GapSeen
    | StatesChanged
    | Connection
    | LedgerSeen
    | AboutSeen
    | PageLoaded
    | TraceLoaded
    | Failed
)

Deliver = Callable[[Arrival], None]


class Source(Protocol):
    """Where records come from. No method blocks or raises for another's fault."""

    @property
    def name(self) -> str:
        """What the screen calls it: a URL without secrets, a file name, `stdin`."""
        ...

    def start(self, deliver: Deliver) -> None:
        """Called once, within a running event loop, before any request."""
        ...

    def follow(self, request: StreamRequest) -> None:
        """Opens the stream, and keeps it open: reconnecting goes on from the last id seen.

        A stream that was open is closed first; nothing of it is delivered after this returns.
        """
        ...

    def page(self, request: PageRequest) -> None:
        """Answered by `PageLoaded`, or `Failed` with `what="page"`."""
        ...

    def trace(self, trace_id: str) -> None:
        """Answered by `TraceLoaded`, or `Failed` with `what="trace"`."""
        ...

    def refresh(self) -> None:
        """Asks for jobs, workers, queues (`StatesChanged`, whole), ledger and about anew."""
        ...

    def retry(self) -> None:
        """Tries at once where the next try is set for later."""
        ...

    async def aclose(self) -> None: ...
