"""The tree of a filter, made into a test of records: built once, run for every record."""

import operator as operators
from collections.abc import Callable, Iterable
from typing import Any, Final

from ttwire.level import NO_LEVEL, rank
from ttwire.pattern import Test, regex, whole, within
from ttwire.quantity import Quantity, number, quantity, unit_in_name
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
            if pattern.literal is not None and not field.startswith("@") and field != "attempt":
                return _equal(operators.attrgetter(field), pattern.literal)
            return _on_text(field, whole(pattern.parts), exact=pattern.literal)
        case Contains(field, value):
            holds = within((value,))
            return _on_text(field, lambda text: holds(text.casefold()))
        case Compare(field, operator, bound):
            return _on_bound(field, _side(field, operator, bound))
        case Range(field, low, high):
            sides = [
                _side(field, op, end) for op, end in ((">=", low), ("<=", high)) if end is not None
            ]
            return _on_bound(field, lambda value: all(side(value) for side in sides))
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
    whole_id = digits.zfill(TRACE_ID_DIGITS if node.field == "trace" else SPAN_ID_DIGITS)
    return lambda found: found == whole_id


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
    words = path.split(".", MAX_PATH_SPLITS)
    return lambda record: _lookup(record.fields, words, 0, path)


def _lookup(container: dict[str, Any], words: list[str], start: int, path: str) -> Any:
    """A key may itself hold dots (Kubernetes labels do): the longest key that leads on wins."""
    found = container.get(path)
    if found is not None:
        return found
    for end in range(len(words) - 1, start, -1):
        head = ".".join(words[start:end])
        within_it = container.get(head)
        if isinstance(within_it, dict):
            found = _lookup(within_it, words, end, path[len(head) + 1 :])
            if found is not None:
                return found
    return None


def _on_text(field: str, test: Test, *, exact: str | None = None) -> Matches:
    """Runs a test of texts on a value of any type; of a list, on each item."""
    get = _reader(field)
    as_number = None if exact is None else number(exact)

    def on_value(value: Any) -> bool:
        match value:
            case str():
                return test(value)
            case bool():
                return test("true" if value else "false")
            case int() | float():
                return value == as_number if as_number is not None else test(str(value))
            case list():
                return any(map(on_value, value))
            case _:
                return False

    if exact is None and test("") and test("\0"):  # a lone *: anything that is there
        return lambda record: get(record) is not None
    return lambda record: on_value(get(record))


def _on_bound(field: str, side: Callable[[Any], bool]) -> Matches:
    get = _reader(field)

    def on_value(value: Any) -> bool:
        if isinstance(value, list):
            return any(map(on_value, value))
        return side(value)

    return lambda record: on_value(get(record))


def _side(field: str, operator: str, bound: str) -> Callable[[Any], bool]:
    """Whether a value lies on one side of a bound.

    A bound without a unit is held against the number as it stands. One with a unit is held
    against the field's unit, which its name ends in or its text has; a number without either
    counts as seconds or bytes. A bound that is no number is compared as text.
    """
    compare = COMPARISONS[operator]
    limit = quantity(bound)
    if limit is None:
        return lambda value: isinstance(value, str) and compare(value, bound)
    factor, dimension = unit_in_name(field) or (1, limit.dimension)

    def side(value: Any) -> bool:
        read = _as_quantity(value)
        if read is None:
            return False
        if read.dimension == limit.dimension:
            return compare(read.number, limit.number)
        if read.dimension or dimension != limit.dimension:
            return False
        return compare(read.number * factor, limit.number)

    return side


def _as_quantity(value: Any) -> Quantity | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return Quantity(value)
    return quantity(value) if isinstance(value, str) else None
