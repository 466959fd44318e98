"""The records of a batch as columns: the same members, the same lines as records one by one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.objects import KEYS, LEAVES, MODERATE, OBJECTS, RECEIVED, WORDS
from ttsink.bodies.body import split, split_by_shape
from ttsink.bodies.limits import Limits
from ttsink.bodies.rows import LEARNT_AT, Rows, Shapes
from ttsink.bodies.value import Split, Value
from ttsink.dialects import text, timestamp
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.table import Table, column, field_lines_of, lines_of, replaced, with_fields
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttwire.record import Record, encode_lines

AGENT = "vector"
REDACTOR = Redactor(RedactionSettings(), b"k" * 32)
LIFECYCLE = Lifecycle(BUILT_IN)

MAIL = "for maria.lopez@example.com"
CANONICAL = {
    "job": st.sampled_from(["a", "b", "-", f"of {MAIL}"]),
    "worker": st.sampled_from(["w-1", "w-2", ""]),
    "queue": st.just("mail"),
    "attempt": st.integers(0, 3) | st.none() | st.just(10**7),
    "level": st.sampled_from(["info", "ERROR", "what"]),
    "message": st.sampled_from(
        ["", "done", "end\r\n", MAIL, "Task a.b failed", "a=1 b=2", '{"msg":"in","job":"c"}', "é"]
    ),
    "trace_id": st.sampled_from(["4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32, "4BF9", ""]),
    "span_id": st.sampled_from(["00f067aa0ba902b7", "0" * 16]),
    "timestamp": st.sampled_from(
        [
            "2026-01-02T03:04:05.123456Z",
            "2026-01-02T03:04:05.123456789Z",
            "2026-01-02T03:04:05.123456000Z",
            "2026-01-02T03:04:05Z",
        ]
    ),
    "file": st.sampled_from(["/a.log", "/dag_id=d/run_id=r/task_id=t/attempt=2.log"]),
    "status": st.sampled_from(["started", "failed", "fine", 3]),
    "password": st.just("hunter22"),
    "big": st.sampled_from([2**70, 1e300, -0.0, 0.1]),
    "kubernetes": st.fixed_dictionaries({"pod_name": st.just("p"), "labels": st.just({"a": "b"})}),
}


def like(values: list[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Objects with the same keys, and one value in some places."""
    return st.lists(
        st.fixed_dictionaries({key: CANONICAL.get(key, LEAVES) for key in values}),
        min_size=2,
        max_size=8,
    )


SAME = st.lists(st.sampled_from(sorted(CANONICAL)) | KEYS, min_size=1, max_size=9, unique=True)


def ordered(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Objects of the same keys in the order of the first's, as rows have them."""
    if len({frozenset(each) for each in objects}) == 1:
        return [{key: each[key] for key in objects[0]} for each in objects]
    return objects


BATCHES = (SAME.flatmap(like) | st.lists(OBJECTS, max_size=8)).map(ordered)


def learnt(body: bytes, limits: Limits) -> Split:
    """A body, as columns where all objects have the same keys."""
    shapes = Shapes()
    for _ in range(LEARNT_AT - 1):
        split_by_shape(shapes, body)
    return split_by_shape(shapes, body, "", limits)


def rows(objects: list[dict[str, Any]]) -> Sequence[Value]:
    return learnt(b"\n".join(map(msgspec.json.encode, objects)), Limits()).values


def read(values: Any) -> Any:
    return Dialects().records(values, received=RECEIVED, agent=AGENT)


def one_by_one(objects: list[dict[str, Any]]) -> list[Record]:
    body = b"\n".join(map(msgspec.json.encode, objects))
    return [record for value in split(body).values for record in read([value])]


@MODERATE
@given(BATCHES)
def test_a_tables_lines_and_columns_are_those_of_its_records(objects: list[dict[str, Any]]) -> None:
    records = read(rows(objects))
    listed = one_by_one(objects)

    assert lines_of(records) == encode_lines(listed)
    assert field_lines_of(records) == field_lines_of(listed)
    assert list(records) == listed
    assert [records[place] for place in range(len(listed))] == listed
    assert records[1:] == listed[1:]
    for member in Record.__struct_fields__:
        assert list(column(records, member)) == [getattr(record, member) for record in listed]


@MODERATE
@given(BATCHES, st.sets(st.integers(0, 7)))
def test_records_are_replaced_as_in_a_list(objects: list[dict[str, Any]], places: set[int]) -> None:
    records = read(rows(objects))
    listed = one_by_one(objects)
    other = Record(message="another", fields={"status": "failed"}, truncated=True)
    changed = {place: other for place in places if place < len(listed)}

    found = replaced(records, changed)

    assert list(records) == listed
    for place in changed:
        listed[place] = other
    assert list(found) == listed
    assert lines_of(found) == encode_lines(listed)
    assert field_lines_of(found) == field_lines_of(listed)
    assert (found is records) == (not changed)
    for member in Record.__struct_fields__:
        assert list(column(found, member)) == [getattr(record, member) for record in listed]
    keys = frozenset(("status", "nothing"))
    said = {place: each for each, places in with_fields(found, keys) for place in places}
    assert {place: said[place]["status"] for place in sorted(said)} == {
        place: record.fields["status"]
        for place, record in enumerate(listed)
        if "status" in record.fields
    }


@MODERATE
@given(BATCHES)
def test_what_is_hidden_and_what_is_said_of_states_is_the_same_of_a_table(
    objects: list[dict[str, Any]],
) -> None:
    records = read(rows(objects))
    listed = one_by_one(objects)

    hidden, counts = REDACTOR.records(records)
    expected, expected_counts = REDACTOR.records(listed)

    assert list(hidden) == list(expected)
    assert counts == expected_counts
    assert lines_of(hidden) == encode_lines(list(expected))
    assert LIFECYCLE.verdicts(records) == LIFECYCLE.verdicts(listed)
    assert LIFECYCLE.verdicts(hidden) == LIFECYCLE.verdicts(expected)


def test_a_batch_of_one_shape_is_a_table_of_columns() -> None:
    objects = [{"job": "a", "message": f"m{n}", "n": n, "\u00e9": [n]} for n in range(3)]

    records = read(rows(objects))

    assert isinstance(records, Table)
    assert records[-1] == list(records)[2]
    assert records[-1].fields == {"n": 2, "\u00e9": [2]}
    with pytest.raises(IndexError):
        records[3]


def test_members_given_twice_and_objects_without_fields_encode_as_ever() -> None:
    body = b"\n".join([b'{"job":"a","job":"b","message":"x"}'] * 2)
    values = learnt(body, Limits()).values

    assert isinstance(values, Rows)
    assert lines_of(read(values)) == encode_lines([*read(split(body).values)])
    assert b"fields" not in lines_of(read(values))


@MODERATE
@given(st.lists(LEAVES | st.sampled_from(sorted(WORDS)) | CANONICAL["timestamp"], max_size=5))
def test_times_cut_together_are_those_cut_singly(written: list[Any]) -> None:
    for values in (written, [each for each in written if type(each) in {int, float}]):
        cut = timestamp.cut_column(values)

        assert cut is None or list(zip(*cut, strict=True)) == [
            timestamp.instant(value, received=RECEIVED) for value in values
        ]


@MODERATE
@given(
    st.lists(st.integers(126_230_400_000_000, 7_226_582_400_000_000), min_size=1, max_size=5),
    st.sampled_from([1, 1_000, 1_000_000, 1.0, 1e3]),
    st.integers(0, 999),
)
def test_agents_times_are_cut_together(
    microseconds: list[int], unit: float, nanoseconds: int
) -> None:
    moments = [datetime.fromtimestamp(each // 1_000_000, UTC) for each in microseconds]
    numbers = [type(unit)(each / 1_000_000 * unit) for each in microseconds]
    texts = [
        f"{moment:%Y-%m-%dT%H:%M:%S}.{each % 1_000_000:06d}{nanoseconds:03d}Z"
        for moment, each in zip(moments, microseconds, strict=True)
    ]

    for values in (numbers, texts):
        cut = timestamp.cut_column(values)
        singly = [timestamp.instant(value, received=RECEIVED) for value in values]
        assert cut is not None or any("-02-29T" in str(value) for value in values)
        assert cut is None or list(zip(*cut, strict=True)) == singly


TOLD = [
    *WORDS,
    "I, [2026-01-02T03:04:05.123456 #12]  INFO -- : hi",
    "Jan  2 03:04:05 host app[1]: hi",
    "<34>1 2026-01-02T03:04:05Z web-1 app - - - hi",
    "12:03:04 Worker rq-1: started, version 2.0",
    "mail: a.b() (4bf92f35-77b3-4da6-a3ce-929d0e0e4736)",
    "Job 4bf92f35-77b3-4da6-a3ce-929d0e0e4736 is done",
    "[PID 12] [Thread-1] [a.b] [INFO] hi",
    "of application_1700000000000_0001 now",
    "Created job nightly-29384730",
    "Saw completed job: nightly-29384730, condition: Complete",
    "Created pod: nightly-29384730-x2x4z",
    "Error: no",
    "(warn) x",
    "level=error x",
    "FATAL\tx",
    "2026-01-02 03:04:05,123 root INFO x",
    "[2026-01-02 03:04:05] x",
]


@MODERATE
@given(
    st.lists(
        st.builds(
            "".join, st.lists(st.sampled_from(TOLD) | st.text(max_size=4), min_size=1, max_size=3)
        ),
        max_size=6,
    )
)
def test_a_message_that_is_passed_over_tells_nothing(messages: list[str]) -> None:
    passed = set(range(len(messages))).difference(text.candidates(messages))

    for place in passed:
        assert text.read(messages[place], received=RECEIVED) == text.Told()


def test_every_way_a_logger_begins_a_line_is_looked_at() -> None:
    said = [each for each in TOLD if text.read(each, received=RECEIVED) != text.Told()]

    assert [said[place] for place in text.candidates(said)] == said
    assert len(said) > 20
    assert not text.candidates(["step 3 of 7 is done", "", "a\nERROR: b"])


@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize("size", [10, 4_000, 40_000, 300_000])
def test_flat_records_are_held_to_the_limits_too(size: int, array: bool) -> None:
    objects = [{"job": "a", "message": "x" * (size if n == 40 else 100)} for n in range(90)]
    made = list(map(msgspec.json.encode, objects))
    body = b"[%b]" % b",".join(made) if array else b"\n".join(made)
    for limits, cut in (
        (Limits(), [40] if size == 300_000 else []),
        (Limits(max_fields=1), list(range(90))),
        (Limits(max_key_bytes=6), list(range(90))),
    ):
        found = learnt(body, limits)

        assert list(found.cut) == list(split(body, "", limits).cut) == cut
        assert list(found.values) == list(split(body, "", limits).values)
