"""What redaction would take out of a team's own lines, by which rule and where.

Never the value itself: its length and, of a long one, how it begins; and the line as it would
be kept, with control characters shown as escapes.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from ttsink.bodies.body import split
from ttsink.bodies.limits import BodyRefused, Limits
from ttsink.dialects.dialect import Dialects
from ttsink.redact.redaction import Redactor
from ttwire.record import Record

SHOWN_CHARS = 2
"""Characters of a value that are shown, so that a person recognises it in the line."""
MIN_SHOWN_CHARS = 12
"""A shorter value shows none: two of eight characters would be a quarter of a password."""
RECEIVED = "1970-01-01T00:00:00.000000Z"
_MEMBERS = ("job", "worker", "queue", "agent", "message")


class Find(NamedTuple):
    """One value in one line. `start` and `end` are characters of the text at `where`.

    `by_name` says that the name of the field decided, not what it holds.
    """

    line: int
    rule: str
    where: str
    start: int
    end: int
    shown: str
    mark: str
    by_name: bool = False


class Explained(NamedTuple):
    line: int
    finds: tuple[Find, ...]
    kept: str


def printable(text: str) -> str:
    """The text with everything a terminal might obey written as an escape."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def glimpse(value: str) -> str:
    head = printable(value[:SHOWN_CHARS]) + "..." if len(value) >= MIN_SHOWN_CHARS else "..."
    return f"{head} ({len(value)} characters)"


class Explainer:
    """Reads lines as intake does, and compares records before and after redaction."""

    def __init__(self, redactor: Redactor, dialects: Dialects) -> None:
        self._redactor = redactor
        self._dialects = dialects

    def explain(self, number: int, line: bytes) -> Explained:
        finds: list[Find] = []
        kept: list[str] = []
        for record in self._records(line):
            after = self._redactor.records([record])[0][0]
            if after is record:
                continue
            for name in _MEMBERS:
                finds += self._texts(
                    number, name, "", getattr(record, name), numbers=name == "message"
                )
            finds += self._members(number, "fields", record.fields, after.fields)
            plain = msgspec.structs.replace(after, received="", timestamp="", agent=None)
            kept.append(printable(msgspec.json.encode(plain).decode()))
        return Explained(number, tuple(finds), "\n".join(kept))

    def _records(self, line: bytes) -> Sequence[Record]:
        try:
            values = split(line, "", Limits()).values
        except BodyRefused:
            return []
        return self._dialects.records(values, received=RECEIVED, agent=None)

    def _members(self, number: int, where: str, before: Any, after: Any) -> Iterator[Find]:
        """Both trees side by side; a key that was marked or dropped has no partner after."""
        if isinstance(before, dict):
            for key, value in before.items():
                path = f"{where}.{self._name(key)}"
                yield from self._texts(number, f"{where} (key)", "", key, numbers=True)
                held = after.get(key) if isinstance(after, dict) else None
                if held != value or not isinstance(value, str):
                    yield from self._member(number, path, key, value, held)
        elif isinstance(before, list | tuple):
            same = isinstance(after, list | tuple) and len(after) == len(before)
            for index, value in enumerate(before):
                held = after[index] if same else None
                yield from self._member(number, f"{where}[{index}]", "", value, held)

    def _member(self, number: int, path: str, key: str, value: Any, held: Any) -> Iterator[Find]:
        kind = self._redactor.named_kind(key) if key else None
        if isinstance(value, dict | list | tuple):
            yield from self._members(number, path, value, held)
        elif held != value and kind is not None:
            text = str(value)
            mark = held if isinstance(held, str) else f"[{kind}]"
            yield Find(number, kind, path, 0, len(text), glimpse(text), mark, by_name=True)
        elif value is not None and not isinstance(value, bool):
            text = str(value)
            finds = tuple(self._texts(number, path, key, text, numbers=True))
            yield from finds
            if not finds and isinstance(held, str) and held != text:
                # A name beside it decided: `{"name": "TOKEN", "value": ...}`, `--password X`.
                rule = held.rpartition("[")[2].partition(":")[0]
                yield Find(number, rule, path, 0, len(text), glimpse(text), held, by_name=True)

    def _texts(
        self, number: int, where: str, key: str, text: str | None, *, numbers: bool
    ) -> Iterator[Find]:
        if not text:
            return
        source = text.encode("utf-8", "surrogatepass")
        for cut in self._redactor.cuts(text, context=key, numbers=numbers):
            start = len(source[: cut.start].decode("utf-8", "replace"))
            value = source[cut.start : cut.end].decode("utf-8", "replace")
            mark = cut.mark.decode("utf-8", "replace")
            yield Find(number, cut.kind, where, start, start + len(value), glimpse(value), mark)

    def _name(self, key: str) -> str:
        """A key may hold a value itself."""
        return printable(self._redactor.text(key)[0])
