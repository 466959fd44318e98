"""Nothing personal and no secret gets past intake: what holds a value holds its mark instead.

The road of a batch: what records hold is scanned as encoded JSON, all at once and in linear
time; records on suspect lines are taken apart, their texts are searched layer by layer, and
only what changed is encoded again. Records without a hit stay the very same objects.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ttsink.dialects.table import lines_of, replaced
from ttsink.redact.credential import SCHEME, SCHEMES
from ttsink.redact.mark import Marker, marks_of
from ttsink.redact.name import kind_of
from ttsink.redact.pem import key_lines
from ttsink.redact.ruleset import KIND_OF_NAMED_FIELD, NUMBER_KINDS, Found, Ruleset
from ttsink.redact.secret import PRIVATE_KEY
from ttsink.redact.settings import RedactionSettings
from ttsink.redact.suspect import NAMES, Suspects, suspects
from ttsink.redact.view import View, views
from ttwire.record import Record
from ttwire.span import Span, SpanEvent

MAX_DEPTH = 128
"""Levels of nesting that are looked into; intake cuts records at half of it. What lies deeper
is replaced whole, as nobody has seen what it is."""
MAX_PASSES = 4
"""Times a text is searched again after something was cut from it."""
MIN_PAIRED_CHARS = 6
"""A shorter text behind a secret's name in a list is not taken for the secret."""
TOO_DEEP = "[too_deep]"

_encoder = msgspec.json.Encoder()
_DROPPED = object()


class Redacted(NamedTuple):
    """`counts` are values replaced, by kind; `blob` is `encode_lines(records)`."""

    records: Sequence[Record]
    blob: bytes
    counts: Mapping[str, int]


class Cut(NamedTuple):
    """One value as it was found in a text: bounds in the text's UTF-8, kind and replacement."""

    start: int
    end: int
    kind: str
    mark: bytes


def _plain_name(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


class Redactor:
    """Made once from the settings and the key of the installation; keeps nothing of a record.

    Raises:
        RedactionSettingsError: see `Ruleset`.
    """

    def __init__(self, settings: RedactionSettings, key: bytes) -> None:
        self._rules = Ruleset(settings)
        self._marker = Marker(key, settings.digits, settings.modes, NUMBER_KINDS)
        self._marks = marks_of(self._rules.kinds)
        self._named = frozenset(map(_plain_name, settings.fields))
        self._kept = frozenset(map(_plain_name, settings.keep_fields))
        self.kinds = self._rules.kinds

    def apply(self, records: Sequence[Record], blob: bytes) -> Redacted:
        """The records without the values, and their JSON; `blob` is `encode_lines(records)`."""
        clean, counts = self.records(records)
        if clean is records:
            return Redacted(records, blob, counts)
        return Redacted(clean, lines_of(clean), counts)

    def records(self, records: Sequence[Record]) -> tuple[Sequence[Record], Mapping[str, int]]:
        """As `apply`, for records that are not encoded yet; the same ones where nothing hit."""
        return self.rewritten(records, self.suspects(records))

    def suspects(self, records: Sequence[Record]) -> Suspects:
        """The records that have to be looked into: a scan of all, quick whatever they hold."""
        return suspects(self._rules, records)

    def rewritten(
        self, records: Sequence[Record], found: Suspects
    ) -> tuple[Sequence[Record], Mapping[str, int]]:
        """As `records`, where the suspects are known; safe in any thread, as all of this is."""
        if not found:
            return records, {}
        clean: dict[int, Record] = {}
        counts: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for index in found.places():
            record = records[index]
            kinds.clear()
            changed: dict[str, Any] = {}
            if index in found.messages:
                message = self._text(record.message, "", kinds)
                changed["message"] = message if isinstance(message, str) else ""
            if index in found.fields:
                changed["fields"] = self._object(record.fields, 0, kinds)
            if index in found.named:
                changed |= {name: self._name(getattr(record, name), kinds) for name in NAMES}
            if kinds:
                redacted = tuple(sorted({*record.redacted, *kinds}))
                clean[index] = msgspec.structs.replace(record, **changed, redacted=redacted)
                counts.update(kinds)
        if counts[PRIVATE_KEY.kind]:
            self._key_lines(records, clean, counts)
        return replaced(records, clean), counts

    def _key_lines(
        self, records: Sequence[Record], clean: dict[int, Record], counts: Counter[str]
    ) -> None:
        kind = PRIVATE_KEY.kind
        for index, start, end in key_lines(records):
            record = clean.get(index, records[index])
            whole = records[index].message
            mark = self._marker.mark(kind, whole[start:end].encode()).decode()
            clean[index] = msgspec.structs.replace(
                record,
                message=whole[:start] + mark + whole[end:],
                redacted=tuple(sorted({*record.redacted, kind})),
            )
            counts[kind] += 1

    def spans(self, spans: list[Span]) -> tuple[list[Span], Mapping[str, int]]:
        """Spans without the values: names, attributes, events and status messages."""
        suspects = self._rules.suspects(
            _encoder.encode_lines(
                [
                    (s.name, s.service, s.kind, s.status_message, s.attributes, s.events)
                    for s in spans
                ]
            )
        )
        if not suspects:
            return spans, {}
        counts: Counter[str] = Counter()
        clean = spans.copy()
        for index in suspects:
            clean[index] = self._span(spans[index], counts)
        return (clean, counts) if counts else (spans, counts)

    def text(self, text: str) -> tuple[str, Mapping[str, int]]:
        """One text alone, for what is neither record nor span."""
        counts: Counter[str] = Counter()
        clean = self._text(text, "", counts)
        return (clean if isinstance(clean, str) else ""), counts

    def cuts(self, text: str, *, context: str = "", numbers: bool = True) -> list[Cut]:
        """Where the values are, for a person who asks; see `ttsink redact --explain`."""
        prefix = _context(context)
        source = prefix + text.encode("utf-8", "surrogatepass")
        return [
            Cut(start - len(prefix), end - len(prefix), kind, mark)
            for start, end, kind, mark in self._cuts(source, len(prefix), numbers=numbers)[0]
        ]

    def named_kind(self, name: str) -> str | None:
        """The kind of what a field of this name holds, if the name alone decides."""
        plain = _plain_name(name)
        if plain in self._kept:
            return None
        kind = KIND_OF_NAMED_FIELD if plain in self._named else kind_of(name)
        return None if kind in self._rules.off else kind

    def _span(self, span: Span, counts: Counter[str]) -> Span:
        return msgspec.structs.replace(
            span,
            name=self._name(span.name, counts),
            service=self._name(span.service, counts),
            kind=self._name(span.kind, counts),
            status_message=self._name(span.status_message, counts, numbers=True),
            attributes=self._object(span.attributes, 0, counts),
            events=tuple(
                SpanEvent(
                    self._name(event.name, counts) or "",
                    event.time,
                    self._object(event.attributes, 0, counts),
                )
                for event in span.events
            ),
        )

    def _name(self, name: str | None, counts: Counter[str], *, numbers: bool = False) -> Any:
        if not name:
            return name
        clean = self._text(name, "", counts, numbers=numbers)
        return clean if isinstance(clean, str) else name

    def _object(
        self, members: dict[str, Any], depth: int, counts: Counter[str], kind: str | None = None
    ) -> dict[str, Any]:
        """`kind` is given where a name above says that everything here is a secret.

        Environments and headers are often lists of `{"name": ..., "value": ...}`.
        """
        clean: dict[str, Any] = {}
        changed = False
        spoken = members.get("name", members.get("key"))
        of_value = self.named_kind(spoken) if isinstance(spoken, str) else None
        for key, value in members.items():
            name = self._text(key, "", counts)
            shown = name if isinstance(name, str) else f"[{len(clean)}]"
            named = self.named_kind(key) or kind or (of_value if key == "value" else None)
            if named is None:
                held = self._value(value, key, depth, counts)
            else:
                held = self._whole(value, key, named, depth, counts)
            if held is _DROPPED:
                changed = True
                continue
            while shown in clean:
                shown += "'"  # two keys with one mark: both members stay
            changed = changed or held is not value or shown is not key
            clean[shown] = held
        return clean if changed else members

    def _value(self, value: Any, key: str, depth: int, counts: Counter[str]) -> Any:
        if isinstance(value, str):
            return self._text(value, key, counts)
        if isinstance(value, dict):
            if depth >= MAX_DEPTH:
                return TOO_DEEP
            return self._object(value, depth + 1, counts)
        if isinstance(value, list | tuple):
            if depth >= MAX_DEPTH:
                return TOO_DEEP
            items = self._items(value, key, depth, counts)
            changed = any(a is not b for a, b in zip(items, value, strict=True))
            return [item for item in items if item is not _DROPPED] if changed else value
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(value)
            shown = self._text(written, key, counts)
            return value if shown is written else shown
        return value

    def _items(self, items: Sequence[Any], key: str, depth: int, counts: Counter[str]) -> list[Any]:
        """An argument after `--password` is one, and a header's value after its name."""
        clean = []
        kind = None
        paired = len(items) % 2 == 0 and all(isinstance(item, str) for item in items)
        for place, item in enumerate(items):
            if kind is not None and isinstance(item, str) and not item.startswith("-"):
                clean.append(self._whole(item, key, kind, depth + 1, counts))
            else:
                clean.append(self._value(item, key, depth + 1, counts))
            named = isinstance(item, str) and item.startswith("--") and "=" not in item
            if paired and place % 2 == 0 and not named:
                named = _is_secret(items[place + 1])
            kind = self.named_kind(item) if named else None
        return clean

    def _whole(self, value: Any, key: str, kind: str, depth: int, counts: Counter[str]) -> Any:
        """A value under a name such as `password`: marked whole, except what says nothing."""
        if isinstance(value, dict) and depth < MAX_DEPTH:
            return self._object(value, depth + 1, counts, kind)
        if isinstance(value, list | tuple) and depth < MAX_DEPTH:
            each = [self._whole(v, key, kind, depth + 1, counts) for v in value]
            return [item for item in each if item is not _DROPPED]
        if value is None or isinstance(value, bool) or value == "":
            return value
        written = value if isinstance(value, str) else str(value)
        source = written.encode("utf-8", "surrogatepass")
        rest = self._marks.sub(b"", source).strip()
        if rest in _SAYS_NOTHING or self._rules.allows(source):
            return value
        if rest != source.strip() and rest.lower() in SCHEMES:
            return value
        counts[kind] += 1
        if self._marker.drops(kind):
            return _DROPPED
        scheme = SCHEME.match(source)
        head = scheme.end() if scheme and scheme.end() < len(source) else 0
        return (source[:head] + self._marker.mark(kind, source[head:])).decode()

    def _text(
        self, text: str, key: str, counts: Counter[str], *, numbers: bool = True
    ) -> str | object:
        """The same object where nothing was found; `_DROPPED` for a field that is to go."""
        prefix = _context(key)
        source = prefix + text.encode("utf-8", "surrogatepass")
        skip = len(prefix)
        changed = False
        for _ in range(MAX_PASSES):
            cuts, settled = self._cuts(source, skip, numbers=numbers)
            if not cuts:
                break
            changed = True
            parts: list[bytes] = []
            at = 0
            for start, end, kind, mark in cuts:
                counts[kind] += 1
                if key and self._marker.drops(kind):
                    return _DROPPED
                parts += (source[at:start], mark)
                at = end
            parts.append(source[at:])
            source = b"".join(parts)
            if settled:
                break
        return source[skip:].decode("utf-8", "surrogatepass") if changed else text

    def _cuts(
        self, source: bytes, skip: int, *, numbers: bool
    ) -> tuple[Sequence[tuple[int, int, str, bytes]], bool]:
        """What to cut from `source[skip:]`, in order and without overlaps.

        And whether that settles it. Where candidates overlapped or stood in several layers,
        cutting one may have changed what another rule sees, and the text is searched again.
        """
        found: list[tuple[int, int, View, Found]] = []
        for view in views(source, self._marks):
            for one in self._rules.find(view.text, numbers=numbers):
                start, end = view.source(one.start, one.end)
                if end > skip:
                    found.append((max(start, skip), end, view, one))
        if not found:
            return (), True
        found.sort(key=lambda each: (each[0], -each[1], each[3].order))
        cuts = []
        start, end, view, best = found[0]
        widest = end - start
        for first, last, other, one in found[1:]:
            if first >= end:
                cuts.append(self._cut(source, skip, start, end, view, best))
                start, end, view, best = first, last, other, one
                widest = end - start
                continue
            end = max(end, last)
            if (last - first, -one.order) > (widest, -best.order):
                view, best, widest = other, one, last - first
        cuts.append(self._cut(source, skip, start, end, view, best))
        return cuts, len(found) == 1

    def _cut(
        self, source: bytes, skip: int, start: int, end: int, view: View, found: Found
    ) -> tuple[int, int, str, bytes]:
        mark = self._marker.mark(found.kind, found.value)
        quote = _missing_quote(source, skip, view, found)
        return start, end, found.kind, quote + mark + quote


_NAME = re.compile(r"[A-Za-z_-]+[0-9]{0,3}")


def _is_secret(value: str) -> bool:
    """Whether this can be a header's value: lists of names stand in logs too."""
    return len(value) >= MIN_PAIRED_CHARS and _NAME.fullmatch(value) is None


_SAYS_NOTHING = frozenset({b"", b"null", b"none", b"None", b"true", b"false", b"***", b"-"})


_CONTEXT_END = b" | "
"""Between a key and its value where a rule needs a word: nothing that makes them a pair, for
which names decide (`named_kind`)."""
_NOT_IN_CONTEXT = re.compile(rb"[^0-9A-Za-z_.\x80-\xf4-]")
MAX_CONTEXT_CHARS = 128


def _context(key: str) -> bytes:
    if not key or len(key) > MAX_CONTEXT_CHARS:
        return b""
    return _NOT_IN_CONTEXT.sub(b" ", key.encode("utf-8", "surrogatepass")) + _CONTEXT_END


def _missing_quote(source: bytes, skip: int, view: View, found: Found) -> bytes:
    """The quote a mark needs where a bare number stood in JSON inside a string.

    It is written as deep in escapes as the nearest quote before it.
    """
    text = view.text[skip:]
    start, end = found.start - skip, found.end - skip
    if not found.value.isdigit() or text.lstrip()[:1] not in {b"{", b"["}:
        return b""
    if text[:start].rstrip()[-1:] not in {b":", b",", b"["}:
        return b""
    if text[end:].lstrip()[:1] not in {b",", b"}", b"]"}:
        return b""
    at = text.rfind(b'"', 0, start)
    if at < 0:
        return b'"'
    first, last = view.source(at + skip, at + skip + 1)
    while source[first - 1 : first] == b"\\":
        first -= 1
    quote = source[first:last]
    if text[at + 1 : start].lstrip()[:1] in {b"{", b"["}:
        # It opens the string that holds this JSON: one layer less deep than what is needed.
        return quote[:-1] * 2 + b'\\"'
    return quote
