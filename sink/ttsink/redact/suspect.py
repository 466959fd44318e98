"""Which records of a batch may hold something, told by a scan of what they hold as JSON."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ttsink.dialects.table import column, field_lines_of
from ttsink.redact.ruleset import Ruleset
from ttwire.record import Record

NAMES = ("job", "worker", "queue", "agent")

_encoder = msgspec.json.Encoder()


class Suspects(NamedTuple):
    """Places of records by what of them is to be looked into; falsy where nothing is."""

    messages: set[int]
    fields: set[int]
    named: set[int]

    def __bool__(self) -> bool:
        return bool(self.messages or self.fields or self.named)

    def places(self) -> list[int]:
        return sorted(self.messages | self.fields | self.named)


def suspects(rules: Ruleset, records: Sequence[Record]) -> Suspects:
    """Only what can hold a value is scanned: not ids, times or levels, most of a line.

    Names of jobs are few and are scanned once for each that the batch has.
    """
    return Suspects(
        rules.suspects(_encoder.encode_lines(column(records, "message"))),
        rules.suspects(field_lines_of(records)),
        _named(rules, records),
    )


def _named(rules: Ruleset, records: Sequence[Record]) -> set[int]:
    columns = [column(records, member) for member in NAMES]
    names = set().union(*columns)
    each = [name for name in names if name]
    found = {each[place] for place in rules.suspects(_encoder.encode_lines(each))}
    if not found:
        return set()
    return {
        place
        for place, named in enumerate(zip(*columns, strict=True))
        if not found.isdisjoint(named)
    }
