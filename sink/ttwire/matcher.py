"""The tree of a filter, made into a test of records: built once, run for every record."""

import operator as operators
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final, NamedTuple

from ttwire.level import NO_LEVEL, rank
from ttwire.pattern import Test, regex, whole, within
from ttwire.quantity import number, quantity, unit_in_name
from ttwire.record import Record
from ttwire.term import (
    Absent,
    And,
    Compare,
    Contains,
    IdIs,
    Is,
    LevelIs,
    Match,
    Node,
    Not,
    Or,
    Range,
    Regex,
    Text,
    Time,
)
from ttwire.trace import SPAN_ID_DIGITS, TRACE_ID_DIGITS, low64

MAX_PATH_SPLITS: Final = 16
"""Dots in a path that are tried as nesting; what lies past them is one key."""

Matches = Callable[[Record], bool]

_MEMBERS: Final = {"trace": "trace_id", "span": "span_id"}
COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operators.eq,
    ">": operators.gt,
    ">=": operators.ge,
    "<": operators.lt,
    "<=": operators.le,
}


def matcher(node: Node) -> Matches:
    match node:
        case And(terms):
            return _every(terms)
        case Or(terms):
            return _any([matcher(term) for term in terms])
        case Not(term):
            test = matcher(term)
            return lambda record: not test(record)
        case Text(pattern):
            holds = within(pattern.parts)
            return lambda record: holds(record.message.casefold())
        case Regex("message", pattern, ignore_case):
            found = regex(pattern, ignore_case=ignore_case)
            return lambda record: found(record.message)
        case Regex(field, pattern, ignore_case):
            return _on_text(field, regex(pattern, ignore_case=ignore_case))
        case Match("redacted", pattern):
            kind = whole(pattern.parts)
            return lambda record: any(map(kind, record.redacted))
        case Match(field, pattern):
            if pattern.anything:
                return _present(field)
            if pattern.literal is not None and not field.startswith("@") and field != "attempt":
                return _equal(operators.attrgetter(field), pattern.literal)
            return _on_text(field, whole(pattern.parts), exact=pattern.literal)
        case Contains(field, value):
            holds = within((value,))
            return _on_text(field, lambda text: holds(text.casefold()))
        case Compare(field, operator, bound):
            return _on_bound(field, _side(field, operator, bound))
        case Range(field, low, high):
            return _on_bound(field, _between(field, low, high))
        case Absent("level"):
            return lambda record: rank(record.level) == NO_LEVEL
        case Absent(field):
            get = operators.attrgetter(_MEMBERS.get(field, field))
            return lambda record: get(record) is None
        case LevelIs(operator, level):
            ranks = frozenset(ranks_of(operator, rank(level)))
            return lambda record: rank(record.level) in ranks
        case IdIs(field, _, _):
            get = operators.attrgetter(_MEMBERS[field])
            names = id_test(node)
            return lambda record: (found := get(record)) is not None and names(found)
        case Is("redacted"):
            return lambda record: bool(record.redacted)
        case Is(flag):
            return operators.attrgetter(flag)
        case Time("since", timestamp):
            return lambda record: (record.timestamp or record.received) >= timestamp
        case Time(_, timestamp):
            return lambda record: "" < (record.timestamp or record.received) <= timestamp
    raise AssertionError(node)


def ranks_of(operator: str, bound: int) -> Iterable[int]:
    """The ranks of levels on this side of the bound; never the rank of none."""
    compare = COMPARISONS[operator]
    return (place for place in range(NO_LEVEL + 1, rank("fatal") + 1) if compare(place, bound))


def id_test(node: IdIs) -> Test:
    digits = node.digits
    if node.start:
        # A padded id is shown without its zeros, so its start is looked for there too.
        return lambda found: found.startswith(digits) or found.lstrip("0").startswith(digits)
    if node.field == "trace" and len(digits) == SPAN_ID_DIGITS:
        return lambda found: low64(found) == digits
    if node.field == "span":
        span = digits.zfill(SPAN_ID_DIGITS)
        return lambda found: found == span
    whole_id = digits.zfill(TRACE_ID_DIGITS)
    half_id = low64(whole_id).zfill(TRACE_ID_DIGITS)
    if whole_id == half_id:
        return lambda found: low64(found) == low64(half_id)
    # The same trace as a 64-bit tracer logs it.
    return lambda found: found in {whole_id, half_id}


def _equal(get: Callable[[Record], Any], literal: str) -> Matches:
    return lambda record: get(record) == literal


def _every(terms: tuple[Node, ...]) -> Matches:
    """Cheap tests first; words of the message fold its case once."""
    words = [within(term.pattern.parts) for term in terms if isinstance(term, Text)]
    tests = [matcher(term) for term in sorted(terms, key=_cost) if not isinstance(term, Text)]
    if words:
        tests.append(_words(words))
    if not tests:
        return lambda _: True
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda record: first(record) and second(record)

    def test(record: Record) -> bool:
        for one in tests:  # noqa: SIM110 - a generator for every record costs twice this
            if not one(record):
                return False
        return True

    return test


def _words(words: list[Test]) -> Matches:
    def test(record: Record) -> bool:
        text = record.message.casefold()
        for word in words:  # noqa: SIM110 - see _every
            if not word(text):
                return False
        return True

    return test


def _any(tests: list[Matches]) -> Matches:
    def test(record: Record) -> bool:
        for one in tests:  # noqa: SIM110 - see _every
            if one(record):
                return True
        return False

    return test


def _cost(node: Node) -> int:
    match node:
        case LevelIs() | Absent() | Is() | IdIs() | Time():
            return 0
        case Match(field, _):
            return 1 if field.startswith("@") else 0
        case Not(term):
            return _cost(term)
        case Regex():
            return 3
        case _:
            return 2


def _reader(field: str) -> Callable[[Record], Any]:
    """What a field's name stands for; None where the record lacks it."""
    if not field.startswith("@"):
        return operators.attrgetter(field)
    path = field[1:]
    if "." not in path:
        return lambda record: record.fields.get(path)
    way = _way(path.split(".", MAX_PATH_SPLITS))
    return lambda record: _lookup(record.fields, way)


class _Way(NamedTuple):
    """What is left of a path, and each key it may begin with, the longest first."""

    path: str
    turns: tuple[tuple[str, "_Way"], ...] = ()


def _way(words: list[str]) -> _Way:
    ways: dict[int, _Way] = {}
    for start in reversed(range(len(words))):
        ends = reversed(range(start + 1, len(words)))
        turns = tuple((".".join(words[start:end]), ways[end]) for end in ends)
        ways[start] = _Way(".".join(words[start:]), turns)
    return ways[0]


def _lookup(container: dict[str, Any], way: _Way) -> Any:
    """A key may itself hold dots (Kubernetes labels do): the longest key that leads on wins."""
    path, turns = way
    found = container.get(path)
    if found is not None:
        return found
    for key, rest in turns:
        inner = container.get(key)
        if type(inner) is dict:
            found = _lookup(inner, rest)
            if found is not None:
                return found
    return None


def _on_text(field: str, test: Test, *, exact: str | None = None) -> Matches:
    """Runs a test of texts on a value of any type; of a list, on each item."""
    get = _reader(field)
    if not field.startswith("@") and field != "attempt":
        return lambda record: (text := get(record)) is not None and test(text)
    as_number = None if exact is None else number(exact)

    def on_value(value: Any) -> bool:
        kind = type(value)  # what JSON decodes to has no subclasses, and isinstance costs more
        if kind is str:
            return test(value)
        if value is None or kind is dict:
            return False
        if kind is list:
            return any(map(on_value, value))
        if kind is bool:
            return test("true" if value else "false")
        return bool(value == as_number) if as_number is not None else test(str(value))

    return lambda record: on_value(get(record))


def _present(field: str) -> Matches:
    get = _reader(field)
    return lambda record: get(record) is not None


def _on_bound(field: str, side: Callable[[Any], bool]) -> Matches:
    get = _reader(field)

    def test(record: Record) -> bool:
        value = get(record)
        if value is None:
            return False
        return any(map(side, value)) if type(value) is list else side(value)

    return test


def _between(field: str, low: str | None, high: str | None) -> Callable[[Any], bool]:
    above = None if low is None else _side(field, ">=", low)
    below = None if high is None else _side(field, "<=", high)
    if above is None:
        return below or (lambda _: True)
    if below is None:
        return above
    return lambda value: above(value) and below(value)


def _side(field: str, operator: str, bound: str) -> Callable[[Any], bool]:
    """Whether a value lies on one side of a bound.

    A bound without a unit is held against the number as it stands. One with a unit is held
    against the field's unit, which its name ends in or its text has; a number without either
    counts as seconds or bytes. A bound that is no number is compared as text.
    """
    compare = COMPARISONS[operator]
    limit = quantity(bound)
    if limit is None:
        return lambda value: type(value) is str and compare(value, bound)
    own = unit_in_name(field) if limit.dimension else None
    comparable = own is None or own[1] == limit.dimension
    bare_bound = _plain(limit.number / own[0]) if own and comparable else _plain(limit.number)

    def side(value: Any) -> bool:
        kind = type(value)
        if kind is int or kind is float:
            return comparable and compare(value, bare_bound)
        read = quantity(value) if kind is str else None
        if read is None:
            return False
        if not read.dimension:
            return comparable and compare(read.number, bare_bound)
        return read.dimension == limit.dimension and compare(read.number, limit.number)

    return side


def _plain(exact: float | Fraction) -> float:
    """A number that compares fast: whole numbers exactly, others as the nearest float."""
    if isinstance(exact, Fraction):
        return exact.numerator if exact.denominator == 1 else float(exact)
    return exact
