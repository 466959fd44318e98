"""What records say of a job's or a worker's state.

Decides from values only: no clock, no memory. `jobstate.py` keeps what follows from it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec
import re2

from ttsink.dialects.table import column, with_fields
from ttsink.states.verdict import Subject, Verdict
from ttwire.record import Record
from ttwire.state import State

MAX_SCANNED_CHARACTERS: Final = 400
"""Job systems say a state at the front of a message; the rest of a stack trace says none."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way a job system says a state.

    `message` is an RE2 pattern searched in the first line of the message. Named groups are
    taken where they match: `attempt` (number), `seconds` (how long it ran), `worker` (which
    one is meant, where another process speaks of it).
    `field` and `values` say the same for a member of `fields` (dots go deeper, or are part of
    its name): its text, lower case, is one of `values`, whole or after a `.`, `:`, `/`, `-`, `_`
    or space.
    """

    system: str
    state: State
    message: str = ""
    field: str = ""
    values: tuple[str, ...] = ()
    of: Subject = "job"
    inferred: bool = False


class RuleError(ValueError):
    """A rule of the configuration cannot be used; its text says which and why."""


PLAIN_SYSTEM: Final = "plain"
"""The rules that read ordinary words."""

MAX_REMEMBERED_HEADS: Final = 4_096
"""Messages whose verdict is remembered: those without an id in them come again and again."""

AUTOMATON_BYTES: Final = 64 << 20
"""Room for RE2's automaton of the whole table, taken as needed; in its default of 8 MiB it falls
back to a search thirty times slower."""

_NAMED_GROUP: Final = re.compile(r"\(\?P<[a-z]+>")


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = AUTOMATON_BYTES
    return options


class Lifecycle:
    """A table of rules, compiled once. Later rules win over earlier ones."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._messages: list[tuple[Rule, Any]] = []
        self._fields: dict[str, dict[str, Rule]] = {}
        scan = re2.Set.SearchSet(_options())
        patterns: list[str] = []
        for rule in rules:
            if rule.message:
                try:
                    pattern = re2.compile(rule.message, _options())
                except re2.error as error:
                    reason = error.args[0]
                    if isinstance(reason, bytes):
                        reason = reason.decode(errors="replace")
                    raise RuleError(
                        f"[states] rules: rule of {rule.system!r}: message {rule.message!r} is "
                        f"no RE2 pattern: {reason}"
                    ) from None
                scan.Add(rule.message)
                patterns.append(rule.message)
                self._messages.append((rule, pattern if pattern.groupindex else None))
            if rule.field:
                known = self._fields.setdefault(rule.field.lower(), {})
                known.update((value.lower(), rule) for value in rule.values)
            if not rule.message and not (rule.field and rule.values):
                raise RuleError(
                    f"[states] rules: rule of {rule.system!r}: "
                    "needs `message`, or `field` with `values`"
                )
        if patterns:
            scan.Compile()
        self._scan = scan if patterns else None
        # Without its groups: an engine that must report groups cannot run as an automaton.
        bare = (_NAMED_GROUP.sub("(?:", pattern) for pattern in patterns)
        together = "|".join(f"(?:(?m){pattern})" for pattern in bare)
        self._any = re2.compile(together, _options()) if patterns else None
        self._heads: dict[str, Verdict | None] = {}
        self._values: dict[tuple[str, str], Rule | None] = {}
        self._members: dict[str, list[_Member]] = {}
        for order, name in enumerate(self._fields):
            for member in _members(order, name):
                self._members.setdefault(member.key, []).append(member)
        self._first_keys = frozenset(self._members)

    def verdicts(self, records: Sequence[Record]) -> dict[int, Verdict]:
        """What the records of a batch said, by their place in it; most say nothing.

        Two passes over columns find the few that need a look: about 0.3 us a record.
        """
        found: dict[int, Verdict] = {}
        for fields, places in with_fields(records, self._first_keys):
            if verdict := self._field_verdict(fields):
                found.update(dict.fromkeys(places, verdict))
        messages = column(records, "message")
        for place in self._candidates(messages):
            verdict = self._message_verdict(messages[place])
            if verdict is not None and (place not in found or not verdict.plain):
                found[place] = verdict
        return found

    def _candidates(self, messages: Sequence[str]) -> list[int]:
        """Places of messages with a line that some rule matches: a superset of what counts."""
        if self._any is None:
            return []
        text = "\n".join(messages).encode("utf-8", "surrogatepass")
        starts = [match.start() for match in self._any.finditer(text)]
        if not starts:
            return []
        sizes = list(accumulate(map(len, messages)))
        if sizes[-1] + len(messages) - 1 != len(text):
            sizes = list(accumulate(len(m.encode("utf-8", "surrogatepass")) for m in messages))
        # Each message before a place adds one newline.
        everywhere = range(len(messages))
        return sorted(
            {bisect_left(everywhere, start, key=lambda i: sizes[i] + i) for start in starts}
        )

    def _message_verdict(self, message: str) -> Verdict | None:
        head = message[:MAX_SCANNED_CHARACTERS].partition("\n")[0]
        if head in self._heads:
            return self._heads[head]
        verdict = self._look_up(head)
        if len(self._heads) >= MAX_REMEMBERED_HEADS:
            self._heads.clear()
        self._heads[head] = verdict
        return verdict

    def _look_up(self, head: str) -> Verdict | None:
        numbers = self._scan.Match(head.encode("utf-8", "replace")) if self._scan else ()
        if not numbers:
            return None
        rule, pattern = self._messages[max(numbers)]
        plain = rule.system == PLAIN_SYSTEM and rule.state != "retrying"
        if pattern is None:
            return Verdict(rule.state, rule.of, rule.inferred, plain=plain)
        match = pattern.search(head)
        said = match.groupdict() if match is not None else {}
        return Verdict(
            rule.state,
            rule.of,
            rule.inferred,
            _whole(said.get("attempt")),
            _seconds(said.get("seconds")),
            said.get("worker"),
            plain=plain,
        )

    def _field_verdict(self, fields: Mapping[str, Any]) -> Verdict | None:
        keys = self._first_keys.intersection(fields)
        told = [member for key in keys for member in self._members[key]]
        if len(keys) > 1:
            told.sort()  # the rules' order
        for _, name, key, rest in told:
            value: Any = fields[key]
            for inner, whole in rest:
                if type(value) is not dict:
                    value = None
                    break
                if inner in value:
                    value = value[inner]
                else:
                    value = value.get(whole)
                    break
            if not isinstance(value, str) or len(value) > MAX_SCANNED_CHARACTERS:
                continue
            if (name, value) in self._values:
                rule = self._values[name, value]
            else:
                words = self._fields[name]
                rule = next(filter(None, map(words.get, _endings(value.lower()))), None)
                if len(self._values) >= MAX_REMEMBERED_HEADS:
                    self._values.clear()
                self._values[name, value] = rule
            if rule is not None:
                return Verdict(rule.state, rule.of, rule.inferred)
        return None


class _Member(NamedTuple):
    """Where a rule's field may be: at `key` of the record, then at each of `rest`.

    Behind any of them the rest of the name may be one key: OpenTelemetry's names have dots.
    """

    order: int
    name: str
    key: str
    rest: tuple[tuple[str, str], ...]


def _members(order: int, name: str) -> Iterator[_Member]:
    path = name.split(".")
    rest = tuple((key, ".".join(path[depth:])) for depth, key in enumerate(path) if depth)
    yield _Member(order, name, path[0], rest)
    if rest:
        yield _Member(order, name, name, ())


_PARTS: Final = re.compile(r"[.:/\- _]+")

_DENIALS: Final = frozenset({"not", "never", "no", "non", "un"})


def _endings(text: str) -> Iterator[str]:
    """A value whole, as one word (Temporal's `EVENT_TYPE_...`), then its last words.

    `job_failed`, `task-retried` and `In Progress` are said as often as `failed` is.
    """
    yield text
    yield text.replace("_", "").removeprefix("eventtype")
    if text.startswith("event_type_"):
        return
    parts = _PARTS.split(text)
    for count in (3, 2, 1):
        if len(parts) >= count and not _DENIALS.intersection(parts[:-count]):
            yield "_".join(parts[-count:])


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _seconds(text: str | None) -> float | None:
    """A number, or hours, minutes and seconds as Python prints them."""
    try:
        parts = [float(part) for part in text.split(":")] if text else []
    except ValueError:
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + part
    return total if parts else None
