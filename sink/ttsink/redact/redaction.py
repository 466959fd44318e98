"""Nothing personal and no secret gets past intake: what holds a value holds its mark instead.

The road of a batch: what records hold is scanned as encoded JSON, all at once and in linear
time; records on suspect lines are taken apart, their texts are searched layer by layer, and
only what changed is encoded again. Records without a hit stay the very same objects.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ttsink.dialects.table import replaced
from ttsink.redact.cut import Cut, Cutter
from ttsink.redact.mark import Marker, marks_of
from ttsink.redact.member import Members
from ttsink.redact.name import Names
from ttsink.redact.pem import key_lines
from ttsink.redact.ruleset import NUMBER_KINDS, Ruleset
from ttsink.redact.secret import PRIVATE_KEY
from ttsink.redact.settings import RedactionSettings
from ttsink.redact.suspect import NAMES, Suspects, suspects
from ttwire.record import Record
from ttwire.span import Span, SpanEvent

_encoder = msgspec.json.Encoder()


class Redactor:
    """Made once from the settings and the key of the installation; keeps nothing of a record.

    Raises:
        RedactionSettingsError: see `Ruleset`.
    """

    def __init__(self, settings: RedactionSettings, key: bytes) -> None:
        self._rules = Ruleset(settings)
        self._marker = Marker(key, settings.digits, settings.modes, NUMBER_KINDS)
        self._marks = marks_of(self._rules.kinds)
        self._names = Names(settings.fields, settings.keep_fields, self._rules.off)
        self.kinds = self._rules.kinds

    def records(self, records: Sequence[Record]) -> tuple[Sequence[Record], Mapping[str, int]]:
        """The records without the values, the same ones where nothing hit; values by kind."""
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
        every: list[str] = []
        cutter = self._cutter()
        members = self._members(cutter)
        for index in found.places():
            record = records[index]
            kinds: list[str] = []
            changed: dict[str, Any] = {}
            if index in found.messages:
                message = cutter.text(record.message, "", kinds)
                changed["message"] = message if isinstance(message, str) else ""
            if index in found.fields:
                changed["fields"] = members.clean(record.fields, kinds)
            if index in found.named:
                changed |= {name: _name(cutter, getattr(record, name), kinds) for name in NAMES}
            if kinds:
                redacted = tuple(sorted({*record.redacted, *kinds}))
                clean[index] = msgspec.structs.replace(record, **changed, redacted=redacted)
                every += kinds
        counts = Counter(every)
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
        kinds: list[str] = []
        cutter = self._cutter()
        members = self._members(cutter)
        clean = spans.copy()
        for index in suspects:
            clean[index] = _span(cutter, members, spans[index], kinds)
        return (clean if kinds else spans), Counter(kinds)

    def text(self, text: str) -> tuple[str, Mapping[str, int]]:
        """One text alone, for what is neither record nor span."""
        kinds: list[str] = []
        clean = self._cutter().text(text, "", kinds)
        return (clean if isinstance(clean, str) else ""), Counter(kinds)

    def cuts(self, text: str, *, context: str = "", numbers: bool = True) -> list[Cut]:
        """Where the values are, for a person who asks; see `ttsink redact --explain`."""
        return self._cutter().cuts(text, context, numbers=numbers)

    def named_kind(self, name: str) -> str | None:
        """The kind of what a field of this name holds, if the name alone decides."""
        return self._names.kind(name)

    def _cutter(self) -> Cutter:
        return Cutter(self._rules, self._marker, self._marks)

    def _members(self, cutter: Cutter) -> Members:
        return Members(cutter, self._names, self._rules, self._marks)


def _span(cutter: Cutter, members: Members, span: Span, kinds: list[str]) -> Span:
    return msgspec.structs.replace(
        span,
        name=_name(cutter, span.name, kinds),
        service=_name(cutter, span.service, kinds),
        kind=_name(cutter, span.kind, kinds),
        status_message=_name(cutter, span.status_message, kinds, numbers=True),
        attributes=members.clean(span.attributes, kinds),
        events=tuple(
            SpanEvent(
                _name(cutter, event.name, kinds) or "",
                event.time,
                members.clean(event.attributes, kinds),
            )
            for event in span.events
        ),
    )


def _name(cutter: Cutter, name: str | None, kinds: list[str], *, numbers: bool = False) -> Any:
    if not name:
        return name
    clean = cutter.text(name, "", kinds, numbers=numbers)
    return clean if isinstance(clean, str) else name
