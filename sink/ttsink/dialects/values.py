"""One value of a member, or a column of them, to what the contract wants."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec

from ttsink.dialects import pod, severity, timestamp
from ttsink.dialects.severity import Scale
from ttwire import trace

MAX_KEY_CHARS: Final = 256
"""A longer name of a job, worker or queue is cut; the whole stays among the fields."""

MAX_GOOD_NAMES: Final = 16_384
"""Names found good and remembered: for these one look-up replaces four checks. More would not
stay in the processor's caches, and cost more than they save."""

MAX_ATTEMPT: Final = 1_000_000
"""A larger number is not a count of tries."""

MAX_SHOWN_CHARS: Final = 2048
"""Of an object that stands in a message's place, this much is shown; it stays a field too."""

CUT: Final = "…"

Read = tuple[Any, bool]
"""The member's value or None, and whether it says all that was there."""

_NOT_READ: Final[Read] = (None, False)


class Reader(Protocol):
    """How one member is read."""

    def column(self, raw: Sequence[Any], rule: str, /) -> Sequence[Any] | None:
        """All values at once when each is already as it should be, else None."""
        ...

    def one(self, raw: Any, rule: str, /) -> Read: ...

    def each(self, raw: Sequence[Any], rule: str, /) -> Iterable[Read]:
        """`one` of every value."""
        return [self.one(value, rule) for value in raw]


# A job that is part of another name, by rule.
_DERIVED: Final = {"pod": pod.run, "owner": pod.owner}


class Names(Reader):
    """Job, worker and queue: a text that is no placeholder."""

    def __init__(self, placeholders: Iterable[str]) -> None:
        plain = {text.lower() for text in placeholders}
        zeros = {"0" * length for length in range(1, 65)} | {"00000000-0000-0000-0000-000000000000"}
        self._none = {*plain, *zeros}
        self._spelled = {
            spelled
            for text in self._none
            for spelled in (text, text.upper(), text.title(), text.capitalize())
        }

        self._good: dict[Any, str] = {}

    def column(self, raw: Sequence[Any], rule: str) -> Sequence[Any] | None:
        """Each name is one object however often it comes: what counts by it finds it at once."""
        if rule:
            return None
        good = self._good
        try:
            return list(map(good.__getitem__, raw))
        except KeyError:
            pass
        except TypeError:
            return None
        if (
            set(map(type, raw)) != {str}
            or not self._spelled.isdisjoint(raw)
            or max(map(len, raw)) > MAX_KEY_CHARS
            or list(map(str.strip, raw)) != list(raw)
        ):
            return None
        if 2 * len(set(raw)) > len(raw):
            return raw  # names that hardly come twice are not worth remembering
        if len(good) > MAX_GOOD_NAMES:
            good.clear()
        return [good.setdefault(name, name) for name in raw]

    def one(self, raw: Any, rule: str) -> Read:
        kind = type(raw)
        if rule:
            job = _DERIVED[rule](raw) if kind is str else None
            return _NOT_READ if job is None else self.one(job, "")
        if kind is int or (kind is float and raw.is_integer() and abs(raw) < 2**53):
            text = str(int(raw))
        elif kind is str:
            text = raw.strip()
        else:
            return _NOT_READ
        if text.lower() in self._none:
            return _NOT_READ
        if len(text) > MAX_KEY_CHARS:
            return text[: MAX_KEY_CHARS - 1] + CUT, False
        return text, kind is not float and text == str(raw)

    def part(self, raw: Any) -> str | None:
        """A part of a longer name, where 0 is a value: the first of an array of tasks."""
        if (raw == 0 and type(raw) in {int, str}) or raw == "0":
            return "0"
        text: str | None = self.one(raw, "")[0]
        return text


_FROM_ZERO: Final = {
    "retried": 1,
    "retries": 1,
    "taskretries": 1,
    "attemptsmade": 1,
    "slurmrestartcount": 1,
    "retrycount": 2,
}
"""Counts of earlier tries by field: what to add for the number of this one.

Sidekiq sets `retry_count` to 0 for the first retry, which is the second try.
"""


class Attempts(Reader):
    def column(self, raw: Sequence[Any], rule: str) -> Sequence[Any] | None:
        if rule in _FROM_ZERO or set(map(type, raw)) != {int}:
            return None
        few = set(raw)
        return raw if min(few) >= 0 and max(few) <= MAX_ATTEMPT else None

    def one(self, raw: Any, rule: str) -> Read:
        kind = type(raw)
        digits = kind is str and len(raw) <= 8 and raw.isascii() and raw.isdecimal()
        if not digits and kind is not int and not (kind is float and raw.is_integer()):
            return _NOT_READ
        number = int(raw)
        if not 0 <= number <= MAX_ATTEMPT:
            return _NOT_READ
        return number + _FROM_ZERO.get(rule, 0), rule not in _FROM_ZERO and str(number) == str(raw)


class Levels(Reader):
    def column(self, raw: Sequence[Any], rule: str) -> Sequence[Any] | None:
        plain = severity.PLAIN[_scale(rule)]
        try:
            return list(map(plain.__getitem__, raw))
        except (KeyError, TypeError):
            return None

    def one(self, raw: Any, rule: str) -> Read:
        return severity.level(raw, _scale(rule))


def _scale(rule: str) -> Scale:
    return rule  # type: ignore[return-value]  # the plan's rule for a level is its scale


class Messages(Reader):
    def column(self, raw: Sequence[Any], _rule: str) -> Sequence[Any] | None:
        try:
            "".join(raw)  # half the cost of a look at the types
        except TypeError:
            return None
        return raw

    def one(self, raw: Any, _rule: str) -> Read:
        kind = type(raw)
        if kind is str:
            return raw, True
        if kind is int or kind is float or kind is bool:
            return msgspec.json.encode(raw).decode(), True
        return _NOT_READ


def shown(value: Any) -> str:
    """An object or array in a message's place, as text to look at."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + CUT


class Times(Reader):
    """Holds `received` for the years of times that have none: one a batch."""

    def __init__(self, received: str, offset_minutes: int) -> None:
        self._received = received
        self._offset_minutes = offset_minutes

    def column(self, raw: Sequence[Any], _rule: str) -> Sequence[Any] | None:
        return timestamp.column(raw)

    def one(self, raw: Any, _rule: str) -> Read:
        if type(raw) is dict:
            raw = _instant_nanoseconds(raw)
        return timestamp.instant(raw, received=self._received, offset_minutes=self._offset_minutes)

    def each(self, raw: Sequence[Any], rule: str) -> Iterable[Read]:
        cut = timestamp.cut_column(raw)
        return super().each(raw, rule) if cut is None else zip(*cut, strict=True)


def _instant_nanoseconds(raw: dict[str, Any]) -> int | None:
    """Log4j's `instant`: seconds and nanoseconds of the Unix epoch."""
    seconds, nanoseconds = raw.get("epochSecond"), raw.get("nanoOfSecond", 0)
    if len(raw) > 2 or type(seconds) is not int or type(nanoseconds) is not int:
        return None
    return seconds * 1_000_000_000 + nanoseconds if 0 <= nanoseconds < 1_000_000_000 else None


MIN_ID_CHARS: Final = 8
"""A shorter text in a field named `trace` or `span` is a word or a number, not an id."""


_HEX_DIGITS: Final = b"0123456789abcdef"


def _whole_hex(raw: Sequence[Any], digits: int) -> Sequence[Any] | None:
    """The column when each is lower-case hex of this many digits and not all zeros."""
    ends = b"\n" * len(raw)
    try:
        joined = ("\n".join(raw) + "\n").encode()
    except (TypeError, UnicodeEncodeError):
        return None
    # As many lines as values, each of as many digits: a thirtieth of a look at each.
    if joined[digits :: digits + 1] != ends or joined.translate(None, _HEX_DIGITS) != ends:
        return None
    return None if b"0" * digits in joined else raw


class TraceIds(Reader):
    """Every convention of `ttwire.trace`; decimal only in Datadog's own fields."""

    def column(self, raw: Sequence[Any], rule: str) -> Sequence[Any] | None:
        return None if rule == "requestid" else _whole_hex(raw, trace.TRACE_ID_DIGITS)

    def one(self, raw: Any, rule: str) -> Read:
        text = _id_text(raw, rule)
        if text is None:
            return _NOT_READ
        if rule == "ddtraceid":
            return trace.datadog_id(text), False
        if len(text) < MIN_ID_CHARS or (rule == "requestid" and text[0] != "|"):
            return _NOT_READ  # most requests' ids are no traces
        found = trace.trace_id(text)
        return found, found == text.lower()


class SpanIds(Reader):
    def column(self, raw: Sequence[Any], rule: str) -> Sequence[Any] | None:
        if rule in {"requestid", "ddspanid"}:  # no span's, and decimal
            return None
        return _whole_hex(raw, trace.SPAN_ID_DIGITS)

    def one(self, raw: Any, rule: str) -> Read:
        text = _id_text(raw, rule)
        if text is None:
            return _NOT_READ
        if rule == "ddspanid":
            return trace.datadog_span_id(text), False
        if len(text) < MIN_ID_CHARS or (rule == "requestid" and text[0] != "|"):
            return _NOT_READ
        found = trace.span_id(text)
        return found, found == text.lower()


def _id_text(raw: Any, rule: str) -> str | None:
    if type(raw) is str:
        return raw
    if type(raw) is list and len(raw) == 1 and type(raw[0]) is str:
        return raw[0]  # a header's values, of which there may be several
    return str(raw) if type(raw) is int and rule.startswith("dd") else None


def trim(messages: list[Any]) -> None:
    """Takes off the end of line that is no part of a message.

    Docker's json-file driver and Fluent Bit's multiline parsers leave one behind every line.
    All messages are looked at as one text first, which costs a thirtieth of a loop.
    """
    joined = "\0".join(messages)
    if "\n" in joined and "\n\0" in joined + "\0":
        for at, message in enumerate(messages):
            if message.endswith("\n"):
                messages[at] = message.removesuffix("\n").removesuffix("\r")
