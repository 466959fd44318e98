"""Pages of job, worker and queue states.

Sorted and filtered here, so that a viewer with 10,000 jobs behind it fetches one screen of them.
"""

import base64
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, get_args

import msgspec

from ttsink.states.keystate import Job, Worker
from ttsink.states.queuestate import Queue
from ttsink.states.states import KeyStates
from ttwire.state import JobPage, QueuePage, State, WorkerPage

MAX_PAGE: Final = 500
"""Rows of one answer: more than a screen has, few enough to encode in a few milliseconds."""

DEFAULT_PAGE: Final = 100
STATES: Final[frozenset[str]] = frozenset(get_args(State))

STATE_ORDER: Final[dict[str, int]] = {
    state: place
    for place, state in enumerate(
        ("failed", "silent", "retrying", "running", "queued", "cancelled", "succeeded", "unknown")
    )
}
"""What needs a look comes first."""

STATE_STEP: Final = 1e11
"""Seconds that part two states in one number: more than any clock shows."""

_SORTS: Final[dict[str, Callable[[Iterable[Any], float], list[Any]]]] = {
    "recent": lambda rows, _: [(-row.arrived, row.key, row) for row in rows],
    "state": lambda rows, _: [
        (STATE_ORDER[row.shown_state()] * STATE_STEP - row.arrived, row.key, row) for row in rows
    ],
    "errors": lambda rows, _: [(-row.errors, row.key, row) for row in rows],
    "rate": lambda rows, now: [(-row.pulse.rate(now), row.key, row) for row in rows],
    "records": lambda rows, _: [(-row.records, row.key, row) for row in rows],
    "key": lambda rows, _: [(row.key, row.key, row) for row in rows],
}
"""Rows with their place in the order; 10,000 of them are placed in a few milliseconds."""

SORTS: Final = tuple(_SORTS)

QUEUE_PARAMETERS: Final = ("key", "after", "limit")
WORKER_PARAMETERS: Final = (*QUEUE_PARAMETERS, "sort", "state", "min_errors", "min_rate")
JOB_PARAMETERS: Final = (*WORKER_PARAMETERS, "queue", "worker")
"""What a request for each may ask with; the whole of it is for jobs."""


class StateQueryError(ValueError):
    """A parameter of the request is not usable; its text says which and what would be right."""


class StateQuery(msgspec.Struct, frozen=True):
    """What a request asks for.

    `state`: any of these; `key`: part of the key, case-insensitive; `min_errors`, `min_rate`
    (records a second); `queue` and `worker`: jobs only; `after`: the `next` of the page before,
    for the same sort.
    """

    sort: str = "recent"
    state: frozenset[str] = frozenset()
    key: str = ""
    queue: str | None = None
    worker: str | None = None
    min_errors: int = 0
    min_rate: float = 0.0
    after: str | None = None
    limit: int = DEFAULT_PAGE


def parse(parameters: Mapping[str, str]) -> StateQuery:
    """A query from the parameters of a request, whose names are among JOB_PARAMETERS.

    Raises:
        StateQueryError: names the parameter, what was found, and what would be right.
    """
    sort = parameters.get("sort", "recent")
    if sort not in _SORTS:
        raise StateQueryError(f"sort={sort!r} is not one of {', '.join(SORTS)}")
    wanted = frozenset(filter(None, parameters.get("state", "").split(",")))
    if not wanted <= STATES:
        raise StateQueryError(
            f"state={','.join(sorted(wanted - STATES))!r} is not one of {', '.join(sorted(STATES))}"
        )
    return StateQuery(
        sort=sort,
        state=wanted,
        key=parameters.get("key", "").lower(),
        queue=parameters.get("queue"),
        worker=parameters.get("worker"),
        min_errors=int(_number(parameters, "min_errors", 0)),
        min_rate=_number(parameters, "min_rate", 0),
        after=parameters.get("after"),
        limit=min(MAX_PAGE, max(1, int(_number(parameters, "limit", DEFAULT_PAGE)))),
    )


def _number(parameters: Mapping[str, str], name: str, default: float) -> float:
    text = parameters.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise StateQueryError(f"{name}={text!r} is not a number from 0 to 999999999")
    return number


def jobs(states: KeyStates, query: StateQuery, now: float) -> JobPage:
    states.settle()
    kept: Iterable[Job] = _kept(_in_order(states.jobs, query), query, now)
    if query.queue is not None:
        kept = (job for job in kept if job.queue == query.queue)
    if query.worker is not None:
        kept = (job for job in kept if query.worker in job.workers)
    rows, following = _page(kept, query, now)
    return JobPage([job.wire(now, states.settings) for job in rows], following)


def workers(states: KeyStates, query: StateQuery, now: float) -> WorkerPage:
    states.settle()
    rows, following = _page(_kept(_in_order(states.workers, query), query, now), query, now)
    return WorkerPage([worker.wire(now, states.settings) for worker in rows], following)


def queues(states: KeyStates, query: StateQuery, now: float) -> QueuePage:
    """In order of their keys; at most a page, from the key after `after` on."""
    states.settle()
    found = sorted(
        (q for q in states.queues.values() if query.key in q.key.lower()), key=lambda q: q.key
    )
    after = _place(query)
    if after is not None:
        found = [queue for queue in found if queue.key > after[-1]]
    rows: list[Queue] = found[: query.limit]
    following = _cursor([rows[-1].key]) if len(found) > len(rows) else None
    return QueuePage([queue.wire(now) for queue in rows], following)


Row = TypeVar("Row", Job, Worker)


def _in_order(rows: Mapping[str, Row], query: StateQuery) -> Iterable[Row]:
    """The newest first where that is asked for: they are kept oldest first."""
    return reversed(rows.values()) if query.sort == "recent" else rows.values()  # type: ignore[call-overload]


def _kept(rows: Iterable[Row], query: StateQuery, now: float) -> Iterable[Row]:
    for row in rows:
        if query.state and row.shown_state() not in query.state:
            continue
        if query.key and query.key not in row.key.lower():
            continue
        if row.errors < query.min_errors:
            continue
        if query.min_rate and row.pulse.rate(now) < query.min_rate:
            continue
        yield row


def _page(rows: Iterable[Row], query: StateQuery, now: float) -> tuple[list[Row], str | None]:
    """The first rows after the cursor.

    A cursor is a place in the order: a row that moved is at worst seen twice, and never the
    reason that others are skipped.
    """
    after = _place(query)
    if query.sort == "recent" and after is None:
        rows = _newest(rows, query.limit + 1)
    placed = _SORTS[query.sort](rows, now)
    try:
        if after is not None:
            placed = [entry for entry in placed if entry[:2] > after]
        first = heapq.nsmallest(query.limit + 1, placed)
    except TypeError:
        raise StateQueryError("after= belongs to another sort; ask without it") from None
    page = first[: query.limit]
    following = _cursor(page[-1][:2]) if len(first) > query.limit else None
    return [entry[2] for entry in page], following


def _newest(rows: Iterable[Row], count: int) -> list[Row]:
    """So many of the rows heard last, and those heard at the same moment; newest come first."""
    found: list[Row] = []
    for row in rows:
        if len(found) >= count and row.arrived < found[-1].arrived:
            break
        found.append(row)
    return found


def _cursor(place: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(query: StateQuery) -> tuple[Any, ...] | None:
    if query.after is None:
        return None
    try:
        text = base64.urlsafe_b64decode(query.after + "=" * (-len(query.after) % 4))
        return tuple(msgspec.json.decode(text, type=list[Any]))
    except (ValueError, msgspec.DecodeError):
        raise StateQueryError("after= is no cursor of ours; ask without it") from None
