"""What a filter says of a record by its head alone, before its JSON is decoded."""

from collections.abc import Callable

import msgspec

from ttwire.level import NO_LEVEL, rank
from ttwire.matcher import id_test, ranks_of
from ttwire.pattern import whole
from ttwire.term import Absent, And, IdIs, LevelIs, Match, Node, Not, Or, Time

Verdict = Callable[[str | None, str | None, int, str | None, str], bool | None]
"""`(job, worker, level rank, trace id, timestamp) -> True, False, or None for unknown`.

An empty timestamp or trace id is unknown: `received` stands in for a timestamp that a record
lacks, and a caller may not have the trace id at hand. A record without one has None.
"""


class Required(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every matching record has; None where the filter asks for nothing exact.

    `since` and `until` are timestamps, both included.
    """

    job: str | None = None
    worker: str | None = None
    queue: str | None = None
    trace_id: str | None = None
    since: str | None = None
    until: str | None = None


def verdict(node: Node) -> Verdict | None:
    """None where the head never decides anything of this node."""
    match node:
        case And(terms):
            return _all([verdict(term) for term in terms])
        case Or(terms):
            return _any([verdict(term) for term in terms])
        case Not(term):
            inner = verdict(term)
            return None if inner is None else _opposite(inner)
        case Match("job", pattern):
            job_is = whole(pattern.parts)
            return lambda job, _w, _l, _t, _at: job is not None and job_is(job)
        case Match("worker", pattern):
            worker_is = whole(pattern.parts)
            return lambda _j, worker, _l, _t, _at: worker is not None and worker_is(worker)
        case Absent("job"):
            return lambda job, _w, _l, _t, _at: job is None
        case Absent("worker"):
            return lambda _j, worker, _l, _t, _at: worker is None
        case Absent("trace"):
            return lambda _j, _w, _l, trace, _at: None if trace == "" else trace is None
        case Absent("level"):
            return lambda _j, _w, level, _t, _at: level == NO_LEVEL
        case LevelIs(operator, level):
            ranks = frozenset(ranks_of(operator, rank(level)))
            return lambda _j, _w, level, _t, _at: level in ranks
        case IdIs("trace", _, _):
            trace_is = id_test(node)
            return lambda _j, _w, _l, trace, _at: (
                None if trace == "" else trace is not None and trace_is(trace)
            )
        case Time("since", timestamp):
            return lambda _j, _w, _l, _t, at: at >= timestamp if at else None
        case Time("until", timestamp):
            return lambda _j, _w, _l, _t, at: at <= timestamp if at else None
        case _:
            return None


def _opposite(inner: Verdict) -> Verdict:
    def test(
        job: str | None, worker: str | None, level: int, trace: str | None, at: str
    ) -> bool | None:
        said = inner(job, worker, level, trace, at)
        return None if said is None else not said

    return test


def _all(parts: list[Verdict | None]) -> Verdict | None:
    tests = [part for part in parts if part is not None]
    complete = len(tests) == len(parts)
    if not tests and not complete:
        return None
    if complete and len(tests) == 1:
        return tests[0]

    def test(
        job: str | None, worker: str | None, level: int, trace: str | None, at: str
    ) -> bool | None:
        sure = complete
        for one in tests:
            said = one(job, worker, level, trace, at)
            if said is False:
                return False
            sure = sure and said is not None
        return True if sure else None

    return test


def _any(parts: list[Verdict | None]) -> Verdict | None:
    tests = [part for part in parts if part is not None]
    complete = len(tests) == len(parts)
    if not tests:
        return None

    def test(
        job: str | None, worker: str | None, level: int, trace: str | None, at: str
    ) -> bool | None:
        sure = complete
        for one in tests:
            said = one(job, worker, level, trace, at)
            if said:
                return True
            sure = sure and said is not None
        return False if sure else None

    return test


def required(node: Node) -> Required:
    """From the terms that are joined by AND at the top; of several, the narrowest time."""
    terms = node.terms if isinstance(node, And) else (node,)
    found: dict[str, str] = {}
    for term in terms:
        match term:
            case Match("job" | "worker" | "queue" as field, pattern) if pattern.literal is not None:
                found[field] = pattern.literal
            case IdIs("trace", digits, start=False) if len(digits) == 32:
                found["trace_id"] = digits
            case Time("since", timestamp):
                found["since"] = max(found.get("since", ""), timestamp)
            case Time("until", timestamp):
                found["until"] = min(found.get("until", "~"), timestamp)
            case _:
                pass
    return Required(**found)


def decides(node: Node) -> bool:
    """Whether the head alone always decides, for a record that has a timestamp."""
    match node:
        case And(terms) | Or(terms):
            return all(map(decides, terms))
        case Not(term):
            return decides(term)
        case _:
            return verdict(node) is not None
