"""What holds for any record whatever it says."""

import random
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttsink import dialect_fields
from ttsink.dialect import Dialects
from ttsink.dialect_presets import PRESETS
from ttsink.value import Malformed
from ttwire.level import LEVELS
from ttwire.record import Record

RECEIVED = "2026-11-22T12:00:00.000000Z"
MODERATE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

NAMES = sorted(
    {
        entry
        for preset in PRESETS.values()
        for field in preset.__struct_fields__
        for entry in getattr(preset, field)
        if "{" not in entry
    }
    | {*dialect_fields.LEVEL, *dialect_fields.TRACE_ID, *dialect_fields.SPAN_ID}
    | {"job", "worker", "queue", "attempt", "job_id", "task_name", "task_id", "pid", "hostname"}
    | {"attributes", "resources", "kubernetes", "extra", "source_type", "envelope", "n", "É.x"}
)
WORDS = [
    "info", "WARNING", "notice", "3", "30", "17", "-", "???", "null", "0", "", "file", "w-1",
    "2026-11-22T10:15:01.123456Z", "2026-11-22T10:15:01Z", "2026-11-22T10:15:01.123456789+09:00",
    "2026-02-30T10:15:01Z", "2026-02-29T10:15:01.000000Z", "1767323045", "1970-01-01T00:00:00Z",
    "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0" * 32, "0" * 16,
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    '{"msg":"inner","level":"error","timestamp":"2026-11-22T10:15:01Z"}', '{"a":', "{}",
    "level=warn job=a msg=hello", "a=1 b=2", "I0102 03:04:05.678901 1 m.go:1] hi",
    "<11>Nov 22 10:15:01 web-1 app: hi", "[2026-01-02 03:04:05,123: INFO/P-1] x",
    "pid=1 tid=a class=B jid=b4a577edbccf1d805744efa9 INFO: start",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LEAVES = (
    st.sampled_from(WORDS)
    | TEXT
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([0, 1, 2, 7, 30, 400, 1767323045, 1767323045123, 1767323045123456789])
    | st.floats(allow_nan=False, allow_infinity=False)
)
KEYS = st.sampled_from(NAMES) | TEXT
OBJECTS = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=8),
    lambda inner: st.dictionaries(KEYS, LEAVES | inner | st.lists(LEAVES, max_size=3), max_size=6),
    max_leaves=12,
)
VALUES = st.lists(OBJECTS | TEXT | st.builds(Malformed, TEXT, st.booleans()), max_size=12)


def read(values: list[Any]) -> list[Record]:
    return Dialects().records(values, received=RECEIVED, agent=None)


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
