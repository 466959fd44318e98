"""What holds for any record whatever it says."""

import random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from support.objects import MODERATE, OBJECTS, RECEIVED, TEXT
from ttsink.bodies.value import Malformed
from ttsink.dialects import fields as dialect_fields
from ttsink.dialects.dialect import Dialects
from ttwire.level import LEVELS
from ttwire.record import Record

VALUES = st.lists(OBJECTS | TEXT | st.builds(Malformed, TEXT, st.booleans()), max_size=12)


def read(values: list[Any]) -> list[Record]:
    return list(Dialects().records(values, received=RECEIVED, agent=None))


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


@MODERATE
@given(VALUES)
def test_anything_becomes_records_that_encode_with_members_of_their_kind(values: list[Any]) -> None:
    found = read(copied(values))

    assert len(found) == len(values)
    for record in found:
        assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == msgspec.convert(
            msgspec.to_builtins(record), Record
        )
        assert record.level is None or record.level in LEVELS
        assert len(record.timestamp) == 27
        assert record.timestamp.endswith("Z")
        assert record.trace_id is None or (
            len(record.trace_id) == 32 and record.trace_id.strip("0")
        )
        assert record.span_id is None or (len(record.span_id) == 16 and record.span_id.strip("0"))
        assert record.attempt is None or record.attempt >= 0


def said(record: Record) -> set[str]:
    """Every leaf of a record, as text; times and levels also as others write them."""
    members = [getattr(record, name) for name in dialect_fields.MEMBERS]
    return {str(leaf) for leaf in [*members, *leaves(record.fields)] if leaf is not None}


@MODERATE
@given(st.lists(OBJECTS, min_size=1, max_size=6))
def test_nothing_readable_is_lost(values: list[dict[str, Any]]) -> None:
    """A leaf is a member, a field, or said in full by a time, a level or an opened line."""
    before = copied(values)

    for value, record in zip(before, read(values), strict=True):
        kept = said(record)
        for key, leaf in value.items():
            if leaf is None or leaf == "" or isinstance(leaf, dict | list):
                continue
            told = {str(leaf), msgspec.json.encode(leaf).decode(), str(leaf).strip().lower()}
            again = Dialects().records([{key: leaf}], received=RECEIVED, agent=None)[0]
            in_full = {again.timestamp, again.level, again.message, str(again.attempt)} - {""}
            assert told & kept or in_full & (kept | {record.timestamp}), (key, leaf)


@MODERATE
@given(st.lists(OBJECTS, min_size=1, max_size=8), st.integers(0, 2**32))
def test_a_record_is_the_same_alone_and_in_any_company(
    values: list[dict[str, Any]], seed: int
) -> None:
    alone = [read([copied(value)])[0] for value in values]
    order = list(range(len(values))) * 2
    random.Random(seed).shuffle(order)

    together = read([copied(values[at]) for at in order])

    assert together == [alone[at] for at in order]
