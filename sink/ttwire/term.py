"""The tree of a filter, and its canonical text."""

import re
from typing import Final, Literal

import msgspec

from ttwire.level import Level

Operator = Literal["=", ">", ">=", "<", "<="]
KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "TO"})


class Pattern(msgspec.Struct, frozen=True):
    """Literal parts with a `*` between neighbours; one part is an exact value.

    Parts other than the first and the last are not empty.
    """

    parts: tuple[str, ...]

    @property
    def literal(self) -> str | None:
        return self.parts[0] if len(self.parts) == 1 else None

    @property
    def anything(self) -> bool:
        return self.parts == ("", "")


class Text(msgspec.Struct, frozen=True):
    """The message holds this, in any case."""

    pattern: Pattern


class Regex(msgspec.Struct, frozen=True):
    """A place in the field's text matches this RE2 pattern."""

    field: str
    pattern: str
    ignore_case: bool = False


class Match(msgspec.Struct, frozen=True):
    """The field's whole text is this. A path of one's own is `@` and the path."""

    field: str
    pattern: Pattern


class Contains(msgspec.Struct, frozen=True):
    """The field's text holds this, in any case."""

    field: str
    value: str


class Compare(msgspec.Struct, frozen=True):
    """The field's number, duration or text lies on this side of the bound."""

    field: str
    operator: Operator
    bound: str


class Range(msgspec.Struct, frozen=True):
    """Between the two, both included; None is open."""

    field: str
    low: str | None
    high: str | None


class Absent(msgspec.Struct, frozen=True):
    """The record has no such member."""

    field: str


class LevelIs(msgspec.Struct, frozen=True):
    """A record without a level matches no comparison."""

    operator: Operator
    level: Level


class IdIs(msgspec.Struct, frozen=True):
    """Trace or span id; `start` takes every id that begins so.

    Sixteen digits of a trace id without `start` are the id of a 64-bit tracer, and so are 32 of
    which the first half is zeros: they match the padded id and the low half of a longer one.
    A longer one matches its padded low half: a 64-bit tracer logs the same trace so.
    """

    field: Literal["trace", "span"]
    digits: str
    start: bool = False


class Is(msgspec.Struct, frozen=True):
    flag: Literal["malformed", "truncated", "redacted"]


class Time(msgspec.Struct, frozen=True):
    """`timestamp` is as in Record: RFC 3339 in UTC with microseconds; the bound is included."""

    field: Literal["since", "until"]
    timestamp: str


class Not(msgspec.Struct, frozen=True):
    """Never of a Not."""

    term: "Node"


class And(msgspec.Struct, frozen=True):
    """Never of an And; without terms it is the empty filter, which keeps everything."""

    terms: tuple["Node", ...] = ()


class Or(msgspec.Struct, frozen=True):
    """Two terms or more, never an Or."""

    terms: tuple["Node", ...]


Node = (
    Text
    | Regex
    | Match
    | Contains
    | Compare
    | Range
    | Absent
    | LevelIs
    | IdIs
    | Is
    | Time
    | Not
    | And
    | Or
)


def either(terms: list[Node]) -> Node:
    """The terms joined by OR, groups of the same kind merged."""
    flat: list[Node] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Or) else (term,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def every(terms: list[Node]) -> Node:
    """The terms joined by AND, groups of the same kind merged."""
    flat: list[Node] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, And) else (term,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def opposite(node: Node) -> Node:
    return node.term if isinstance(node, Not) else Not(node)


_BARE_WORD: Final = re.compile(r"\w[\w.\-]*")
_BARE_VALUE: Final = re.compile(r"\w[\w.\-/+:]*")
_BARE_PATH: Final = re.compile(r"[\w@$][\w@$.\-/]*")


def canonical(node: Node) -> str:
    """The one text of a tree; it parses back to an equal tree."""
    match node:
        case And(terms):
            return " ".join(
                f"({canonical(t)})" if isinstance(t, Or) else canonical(t) for t in terms
            )
        case Or(terms):
            return " OR ".join(
                f"({canonical(t)})" if isinstance(t, And) else canonical(t) for t in terms
            )
        case Not(term):
            inner = canonical(term)
            return f"-({inner})" if isinstance(term, (And, Or)) else f"-{inner}"
        case Text(pattern):
            return _pattern(pattern, _BARE_WORD, reserved=KEYWORDS)
        case Regex(field, pattern, ignore_case):
            name = "" if field == "message" else f"{_name(field)}:"
            return f"{name}/{_slashed(pattern)}/{'i' if ignore_case else ''}"
        case Match(field, pattern):
            return f"{_name(field)}:{_pattern(pattern, _BARE_VALUE, reserved=NONES)}"
        case Contains(field, value):
            return f"{_name(field)}~={_value(value)}"
        case Compare(field, operator, bound):
            return f"{_name(field)}:{operator}{_value(bound)}"
        case Range(field, low, high):
            ends = ("*" if end is None else _value(end) for end in (low, high))
            return f"{_name(field)}:[{' TO '.join(ends)}]"
        case Absent(field):
            return f"{field}:none"
        case LevelIs(operator, level):
            return f"level:{'' if operator == '=' else operator}{level}"
        case IdIs(field, digits, start):
            return f"{field}:{digits}{'*' if start else ''}"
        case Is(flag):
            return f"is:{flag}"
        case Time(field, timestamp):
            return f"{field}:{timestamp}"


NONES: Final = frozenset({"none", "None", "NONE"})
"""The spellings that stand for the lack of a member, unless they are quoted."""


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(field: str) -> str:
    if not field.startswith("@"):
        return field
    path = field[1:]
    return field if _BARE_PATH.fullmatch(path) else "@" + quoted(path)


def _value(value: str) -> str:
    return value if _BARE_VALUE.fullmatch(value) and value not in KEYWORDS else quoted(value)


def _pattern(pattern: Pattern, bare: re.Pattern[str], reserved: frozenset[str]) -> str:
    literal = pattern.literal
    if literal is not None:
        return literal if bare.fullmatch(literal) and literal not in reserved else quoted(literal)
    return "*".join(
        part if not part or bare.fullmatch(part) else quoted(part) for part in pattern.parts
    )


def _slashed(pattern: str) -> str:
    """A pattern with its slashes escaped; other escapes are left whole."""
    return re.sub(r"(\\.)|/", lambda found: found[1] or "\\/", pattern, flags=re.DOTALL)
