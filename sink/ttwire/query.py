"""The text of a filter, read into its tree."""

import re
from collections.abc import Callable
from typing import Final, cast

import re2

from ttwire.field import BY_NAME, CAN_BE_NONE, FLAGS, LEVEL_WORDS, Field
from ttwire.instant import UNREADABLE_TIME, instant
from ttwire.level import LEVELS, Level
from ttwire.pattern import compiled
from ttwire.quantity import number
from ttwire.scan import FilterError, Scanner
from ttwire.term import (
    NONES,
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
    Operator,
    Pattern,
    Range,
    Regex,
    Text,
    Time,
    either,
    every,
    opposite,
)
from ttwire.trace import SPAN_ID_DIGITS, TRACE_ID_DIGITS, span_id, trace_id

MAX_TERMS: Final = 200
"""Each term costs a test for every record and subscriber."""

MAX_PATTERNS: Final = 16
"""Each may hold MAX_PATTERN_MEMORY_BYTES."""

MAX_DEPTH: Final = 24
"""Groups within groups; far from Python's recursion limit, and past what anyone reads."""

_NAME: Final = re.compile(r"[A-Za-z_][\w.\-/]*?(?=:|=|!=|~=|[<>])")
_OPERATOR: Final = re.compile(r":~|=~|:|==?|!=|~=|>=|<=|>|<")
_COMPARISON: Final = re.compile(r">=|<=|>|<")
_ID: Final = re.compile(r"([0-9a-fA-F]{1,32})\*?")
_LEVELS_EXPECTED: Final = f"a level ({', '.join(LEVELS)}) or none"


class Parser:
    """Reads one text once: `Parser(text, now).tree()`; `now` is epoch seconds."""

    def __init__(self, text: str, now: float) -> None:
        self._scan = Scanner(text)
        self._now = now
        self._terms = 0
        self._patterns = 0
        self._depth = 0

    def tree(self) -> Node:
        """Raises FilterError."""
        scan = self._scan
        scan.skip_spaces()
        if scan.at_end:
            return And()
        node = self._either(self._own_term)
        if scan.peek:
            scan.fail('no ")" without a "(" before it')
        return node

    def _either(self, term: Callable[[], Node]) -> Node:
        terms = [self._all(term)]
        while self._scan.keyword("OR", "||"):
            terms.append(self._all(term))
        return either(terms)

    def _all(self, term: Callable[[], Node]) -> Node:
        scan = self._scan
        terms: list[Node] = []
        wanted = True
        while True:
            scan.skip_spaces()
            if scan.at_end or scan.peek == ")" or scan.at_keyword("OR", "||"):
                if wanted:
                    scan.fail("a term")
                return every(terms)
            if scan.keyword("AND", "&&"):
                if wanted:
                    scan.fail('a term before "AND"', back=3)
                wanted = True
                continue
            terms.append(self._signed(term))
            wanted = False

    def _signed(self, term: Callable[[], Node]) -> Node:
        scan = self._scan
        negative = False
        while True:
            if scan.keyword("NOT"):
                scan.skip_spaces()
            elif scan.peek in {"-", "!"}:
                scan.at += 1
            else:
                break
            negative = not negative
            if scan.at_end or scan.peek.isspace() or scan.peek == ")":
                scan.fail("a term to exclude")
        node = self._group(term) if scan.peek == "(" else self._counted(term)
        return opposite(node) if negative else node

    def _group(self, term: Callable[[], Node]) -> Node:
        scan = self._scan
        opened = scan.at
        self._depth += 1
        if self._depth > MAX_DEPTH:
            scan.fail(f"at most {MAX_DEPTH} groups within each other")
        scan.at += 1
        node = self._either(term)
        if scan.peek != ")":
            scan.fail(f'")" for the "(" in column {opened + 1}')
        scan.at += 1
        self._depth -= 1
        return node

    def _counted(self, term: Callable[[], Node]) -> Node:
        self._terms += 1
        if self._terms > MAX_TERMS:
            self._scan.fail(f"at most {MAX_TERMS} terms")
        node = term()
        self._scan.boundary()
        return node

    def _own_term(self) -> Node:
        scan = self._scan
        start = scan.at
        if scan.peek == "/":
            return self._regex("message")
        if scan.peek == "@":
            return self._after_name("@" + scan.path(), None, start)
        name = scan.take(_NAME)
        if name is not None:
            field = BY_NAME.get(name.lower())
            rest = scan.ahead(3)
            # A URL, a C++ name, an arrow: text with a colon or an angle, not a field.
            is_text = rest.startswith(("://", "::")) or (field is None and rest[0] in "<>")
            if not is_text:
                if field is None:
                    self._refuse_slip(name, start)
                return self._after_name(field.name if field else f"@{name}", field, start)
            scan.at = start
        if scan.starts("|=", "|~"):
            scan.fail('the text itself in quotes, or /a pattern/; "|=" is not used here')
        pattern = scan.pattern()
        if pattern.literal == "":
            scan.fail("text between the quotes", at=start)
        return Text(pattern)

    def _refuse_slip(self, name: str, start: int) -> None:
        """A field's name with one letter wrong would silently match nothing."""
        near = next((known for known in BY_NAME if _one_slip(name.lower(), known)), None)
        if near is not None:
            raise FilterError(
                start + 1,
                f'"{BY_NAME[near].name}", or "@{name}" for a field of your own',
                f'"{name}"',
            )

    def _after_name(self, name: str, field: Field | None, start: int) -> Node:
        scan = self._scan
        operator = scan.take(_OPERATOR)
        if operator is None:
            scan.fail(f'":" and a value after "{name}" ("{name}:*" for any)')
        if scan.at_end or scan.peek.isspace() or scan.peek == ")":
            written = scan.text[start : scan.at]
            scan.fail(f'a value right after "{written}"; to search for that text, put it in quotes')
        match operator:
            case "!=":
                return opposite(self._value(name, field))
            case "~=":
                return self._contains(name, field)
            case ":~" | "=~":
                if scan.peek == "/":
                    return self._regex(name)
                at = scan.at
                return self._compiled(name, scan.plain(), ignore_case=False, at=at)
            case ">" | ">=" | "<" | "<=":
                return self._compare(name, field, operator)
            case _:
                if scan.peek == "(":
                    return self._group(lambda: self._value(name, field))
                return self._value(name, field)

    def _value(self, name: str, field: Field | None) -> Node:
        scan = self._scan
        comparison = scan.take(_COMPARISON)
        if comparison is not None:
            return self._compare(name, field, comparison)
        if scan.peek == "[":
            return self._range(name, field)
        kind = field.kind if field else "key"
        if scan.peek == "/" and kind in {"key", "message"}:
            return self._regex(name)
        start = scan.at
        pattern = scan.pattern()
        bare = scan.text[start] not in '"“”„‟'
        if bare and name in CAN_BE_NONE and pattern.literal in NONES:
            return Absent(name)
        if pattern.anything and name in CAN_BE_NONE:
            return Not(Absent(name))
        literal = pattern.literal
        match kind:
            case "message":
                return Text(pattern)
            case "level":
                return LevelIs("=", self._level(literal, start))
            case "trace" | "span":
                return self._identity(name, pattern, start)
            case "flag":
                flag = next((known for known in FLAGS if known == literal), None)
                if flag is None:
                    scan.fail(" or ".join(FLAGS), at=start)
                return Is(flag)
            case "time":
                return self._time(name, literal, start)
            case _:
                if kind == "number" and (literal is None or number(literal) is None):
                    scan.fail("a number, or none", at=start)
                return Match(name, pattern)

    def _compare(self, name: str, field: Field | None, operator: str) -> Node:
        scan = self._scan
        start = scan.at
        if scan.at_end or scan.peek.isspace() or scan.peek == ")":
            scan.fail(f'a value right after "{operator}"')
        bound = scan.plain()
        kind = field.kind if field else None
        if kind == "level":
            return LevelIs(cast("Operator", operator), self._level(bound, start))
        if kind == "number" and number(bound) is None:
            scan.fail("a number", at=start)
        if kind not in {None, "number"}:
            scan.fail(f'a value without "{operator}" for {name}', at=start - len(operator))
        return Compare(name, cast("Operator", operator), bound)

    def _range(self, name: str, field: Field | None) -> Node:
        scan = self._scan
        start = scan.at
        kind = field.kind if field else None
        if kind not in {None, "number", "level"}:
            scan.fail(f"no range for {name}")
        scan.at += 1
        low_at, low = self._end()
        if not scan.keyword("TO"):
            scan.skip_spaces()
            scan.fail('"TO" between the two ends: [a TO b]')
        high_at, high = self._end()
        scan.skip_spaces()
        if scan.peek != "]":
            scan.fail(f'"]" for the "[" in column {start + 1}')
        scan.at += 1
        if kind == "level":
            terms: list[Node] = []
            if low is not None:
                terms.append(LevelIs(">=", self._level(low, low_at)))
            if high is not None:
                terms.append(LevelIs("<=", self._level(high, high_at)))
            return every(terms) if terms else Not(Absent("level"))
        for at, end in ((low_at, low), (high_at, high)):
            if kind == "number" and end is not None and number(end) is None:
                scan.fail("a number, or * for an open end", at=at)
        return Range(name, low, high)

    def _end(self) -> tuple[int, str | None]:
        scan = self._scan
        scan.skip_spaces()
        at = scan.at
        if scan.peek == "*":
            scan.at += 1
            return at, None
        if scan.at_end or scan.peek == "]":
            scan.fail("an end of the range: a value, or *")
        return at, scan.plain(stop="]")

    def _contains(self, name: str, field: Field | None) -> Node:
        scan = self._scan
        start = scan.at
        kind = field.kind if field else "key"
        if kind not in {"key", "message"}:
            scan.fail(f'":" after {name}; "~=" looks within texts', at=start - 2)
        value = scan.plain()
        if not value:
            scan.fail("text between the quotes", at=start)
        return Text(Pattern((value,))) if kind == "message" else Contains(name, value)

    def _regex(self, name: str) -> Node:
        start = self._scan.at
        pattern, ignore_case = self._scan.slashed()
        return self._compiled(name, pattern, ignore_case=ignore_case, at=start)

    def _compiled(self, name: str, pattern: str, *, ignore_case: bool, at: int) -> Node:
        if not name.startswith("@") and BY_NAME[name].kind not in {"key", "message"}:
            self._scan.fail(f"no pattern for {name}", at=at)
        if not pattern:
            self._scan.fail("a pattern between the slashes", at=at)
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            self._scan.fail(f"at most {MAX_PATTERNS} patterns", at=at)
        try:
            compiled(pattern, ignore_case=ignore_case)
        except re2.error as error:
            (reason,) = error.args
            text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise FilterError(at + 1, "a pattern in RE2's syntax", text) from None
        return Regex(name, pattern, ignore_case)

    def _level(self, word: str | None, at: int) -> Level:
        level = LEVEL_WORDS.get((word or "").lower())
        if level is None:
            self._scan.fail(_LEVELS_EXPECTED, at=at)
        return level

    def _identity(self, name: str, pattern: Pattern, at: int) -> Node:
        scan = self._scan
        is_trace = name == "trace"
        size = TRACE_ID_DIGITS if is_trace else SPAN_ID_DIGITS
        text = "*".join(pattern.parts)
        start_of = _ID.fullmatch(text)
        if start_of is not None and len(start_of[1]) <= size:
            digits = start_of[1].lower()
            whole = len(digits) == size
            low_half = len(digits) == SPAN_ID_DIGITS and not text.endswith("*")
            return IdIs("trace" if is_trace else "span", digits, start=not whole and not low_half)
        normal = (trace_id if is_trace else span_id)(text)
        if normal is None:
            scan.fail(f"a {name} id in a known form, the start of one in hex, or none", at=at)
        return IdIs("trace" if is_trace else "span", normal)

    def _time(self, name: str, text: str | None, at: int) -> Node:
        timestamp = None if text is None else instant(text, self._now)
        if timestamp is None:
            self._scan.fail(UNREADABLE_TIME, at=at)
        return Time("since" if name == "since" else "until", timestamp)


def _one_slip(written: str, known: str) -> bool:
    """Whether one letter was left out, put in, changed, or swapped with its neighbour."""
    if min(len(written), len(known)) < 3 or abs(len(written) - len(known)) > 1:
        return False
    if len(written) == len(known):
        wrong = [at for at, (a, b) in enumerate(zip(written, known, strict=True)) if a != b]
        swapped = (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and written[wrong[0]] == known[wrong[1]]
            and written[wrong[1]] == known[wrong[0]]
        )
        return swapped or (len(wrong) == 1 and len(known) > 3)
    longer, shorter = sorted((written, known), key=len, reverse=True)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
