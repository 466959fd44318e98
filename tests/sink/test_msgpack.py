"""Msgpack bodies, held against the other implementation."""

import struct
import time
import tracemalloc
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.bodies import msgpack as msgpack_body
from ttsink.bodies import msgpack_walk
from ttsink.bodies.body import split
from ttsink.bodies.limits import BodyRefused, Limits
from ttsink.bodies.value import Malformed

TYPE = "application/msgpack"
WIDE = Limits(max_fields=5000)
EVENT_TIME = msgpack.ExtType(0, struct.pack(">II", 1_767_323_045, 123_456_789))
TIME = "2026-01-02T03:04:05.123456Z"

SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=40)
JSON = st.recursive(
    SCALAR | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=8,
)
RECORD = st.dictionaries(st.text(max_size=10), JSON, max_size=5).map(lambda r: {"msg": "x"} | r)


def packed(*items: Any) -> bytes:
    return b"".join(msgpack.packb(item) for item in items)


@given(records=st.lists(RECORD, max_size=6), cut=st.integers(1, 20))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_records_come_back_and_a_cut_costs_only_the_last(
    records: list[dict[str, Any]], cut: int
) -> None:
    body = packed(*records)

    assert split(body, TYPE).values == records
    if records:
        last = len(msgpack.packb(records[-1]))
        values = split(body[: -min(cut, last - 1)], TYPE).values
        assert values[:-1] == records[:-1]
        assert isinstance(values[-1], Malformed)


@given(records=st.lists(RECORD, max_size=6))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_fluent_bits_events_have_their_time_as_date(records: list[dict[str, Any]]) -> None:
    new = packed(*([[EVENT_TIME, {}], record] for record in records))
    old = packed(*([EVENT_TIME, record] for record in records))
    expected = [{"date": TIME} | record for record in records]

    assert split(new, TYPE).values == expected
    assert split(old, TYPE).values == expected


@pytest.mark.parametrize("size", [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_every_width_of_length_is_walked(size: int) -> None:
    record = {"text": "x" * size, "list": [1] * min(size, 900), "map": {}, "bytes": b"y" * size}
    record["map"] = {str(n): n for n in range(min(size, 900))}
    expected = record | {"bytes": "y" * size}

    values = split(packed(record, [0] * size, {"last": 1}), TYPE, WIDE).values

    assert values[0] == expected
    assert values[-1] == {"last": 1}
    assert len(values) == size + 2


def test_an_array_of_maps_and_forwarded_numbers() -> None:
    assert split(packed([{"a": 1}, {"b": 2}]), TYPE).values == [{"a": 1}, {"b": 2}]
    assert split(packed([1_767_323_045, {"a": 1}]), TYPE).values == [
        {"date": 1_767_323_045, "a": 1}
    ]


def test_what_json_does_not_know_becomes_text() -> None:
    record = {
        "bytes": b"\xff\x00ok",
        "nan": float("nan"),
        "time": msgpack.Timestamp(1_767_323_045, 5000),
        "ext": msgpack.ExtType(5, b"abc"),
        "event": EVENT_TIME,
        b"name": 1,
        7: 2,
        None: 3,
    }

    (value,) = split(msgpack.packb(record), TYPE).values

    assert value == {
        "bytes": "\ufffd\x00ok",
        "nan": "nan",
        "time": "2026-01-02T03:04:05.000005+00:00",
        "ext": "YWJj",
        "event": TIME,
        "name": 1,
        "7": 2,
        "None": 3,
    }


ITEM = st.one_of(
    RECORD,
    RECORD.map(lambda record: [[EVENT_TIME, {}], record]),
    RECORD.map(lambda record: [EVENT_TIME, record]),
    st.sampled_from(
        [
            {"bytes": b"\xff", "nan": float("nan"), 7: 1},
            {"deep": [{"a": b"x", None: float("inf")}], "date": "own"},
            [[EVENT_TIME, {"source": "x"}], {"a": 1}],
            [[msgpack.ExtType(0, b"\xff" * 8), {}], {"opens": "a group"}],
            [msgpack.ExtType(0, struct.pack(">II", 0, 5)), {"time": "zero"}],
            [[msgpack.ExtType(0, struct.pack(">II", 1, 2_000_000_000)), {}], {"a": 1}],
            [{"a": 1}, {"b": 2}],
            {"data": [{"a": 1}, {"a": 2}], "n": 1},
            17,
            "text",
        ]
    ),
)


@given(items=st.lists(ITEM, max_size=12), block=st.integers(1, 5), bad=st.binary(max_size=3))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_record_is_the_same_alone_and_in_any_company(
    items: list[Any], block: int, bad: bytes
) -> None:
    body = packed(*items) + bad
    sizes = {"_BLOCK": block * 2, "_SMALL_BLOCK": block}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(msgpack_body, "_usual", lambda *_: None)
        one_by_one = split(body, TYPE)
    with pytest.MonkeyPatch.context() as patch:
        for name, size in sizes.items():
            patch.setattr(msgpack_body, name, size)
        in_blocks = split(body, TYPE)

    assert split(body, TYPE) == in_blocks == one_by_one


@given(body=st.binary(max_size=60) | st.lists(ITEM, max_size=4).map(lambda items: packed(*items)))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_ends_of_objects_are_the_same_by_either_way(body: bytes) -> None:
    limits = Limits()

    assert list(msgpack_walk.ends(body, limits)) == list(msgpack_walk._walked(body, 0, limits))


@given(
    records=st.lists(RECORD, min_size=1, max_size=80),
    places=st.sets(st.integers(0, 79), max_size=5),
    is_event=st.booleans(),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_bytes_that_are_no_text_cost_no_neighbour(
    records: list[dict[str, Any]], places: set[int], is_event: bool
) -> None:
    """Logs in another encoding than UTF-8 come so: the lengths are right, the bytes are not."""
    marked = [{**record, "word": "ok", "n": n} for n, record in enumerate(records)]
    pieces = [packed([[EVENT_TIME, {}], record] if is_event else record) for record in marked]
    for at in places & set(range(len(pieces))):
        pieces[at] = pieces[at].replace(b"\xa4word\xa2ok", b"\xa4word\xa2\xe9\xff")
        marked[at]["word"] = "\ufffd\ufffd"

    result = split(b"".join(pieces), TYPE)

    dated = [{"date": TIME} | record for record in marked] if is_event else marked
    assert result.values == dated
    assert result.repaired == sum(record["word"] != "ok" for record in marked)
    assert result.malformed == 0


def test_what_nests_too_deep_is_cut_and_says_so() -> None:
    deep: Any = "end"
    for _ in range(80):
        deep = {"a": deep}

    result = split(packed({"n": 1}, deep, [deep], {"n": 2}), TYPE)

    assert result.cut == (1, 2)
    assert b"deeper structure truncated" in msgspec.json.encode(result.values[1])
    assert [result.values[0], result.values[3]] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("kind", [b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9"])
@pytest.mark.parametrize("times", [1, 500])
def test_lengths_that_are_a_lie_cost_neither_time_nor_memory(kind: bytes, times: int) -> None:
    good = packed(*({"a": n} for n in range(50)))
    started = time.process_time()
    tracemalloc.start()
    result = split(good + (kind + b"\x0f\xff\xff\xff") * times + b"\x01", TYPE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert result.values[:50] == [{"a": n} for n in range(50)]
    assert isinstance(result.values[50], Malformed)
    assert len(result.values) == 51
    assert peak < 4_000_000
    assert time.process_time() - started < 2


def test_more_objects_than_records_are_allowed_are_counted() -> None:
    result = split(packed(*({"a": n} for n in range(5000))), TYPE, Limits(max_records=100))

    assert (len(result.values), result.rejected) == (100, 4900)


def test_metadata_and_groups_of_otlp_become_the_form_of_otlp() -> None:
    start = msgpack.ExtType(0, struct.pack(">ii", -1, 0))
    end = msgpack.ExtType(0, struct.pack(">ii", -2, 0))
    group = {"resource": {"attributes": {"service.name": "billing"}}, "scope": {"name": "jobs"}}
    otlp = {"severity_number": 9, "severity_text": "INFO", "attributes": {"job": "j"}}
    body = packed(
        [[start, {"schema": "otlp"}], group],
        [[EVENT_TIME, {"otlp": otlp}], {"log": "hello"}],
        [[end, {}], {}],
        [[EVENT_TIME, {"source": "x"}], {"log": "plain"}],
    )

    assert split(body, TYPE).values == [
        {
            "date": TIME,
            "message": "hello",
            "severity_number": 9,
            "severity_text": "INFO",
            "attributes": {"job": "j"},
            "resources": {"service.name": "billing"},
            "scope": {"name": "jobs"},
        },
        {"date": TIME, "metadata": {"source": "x"}, "log": "plain"},
    ]


def test_one_unreadable_object_costs_only_itself() -> None:
    bad = b"\x81\x81\xa1a\x01\x01"  # a map for a name

    result = split(packed({"a": 1}) + bad + packed({"b": 2}), TYPE)

    assert result.values[0] == {"a": 1}
    assert isinstance(result.values[1], Malformed)
    assert result.values[2] == {"b": 2}
    assert (result.malformed, result.repaired) == (1, 0)


def test_text_that_is_no_utf8_is_repaired() -> None:
    bad = b"\x82\xa1a\xa2\xff\xfe\xa1b\xd7\x00" + EVENT_TIME.data

    result = split(packed({"a": 1}) + bad + packed({"b": 2}), TYPE)

    assert result.values == [{"a": 1}, {"a": "\ufffd\ufffd", "b": TIME}, {"b": 2}]
    assert (result.malformed, result.repaired) == (0, 1)


@given(body=st.binary(max_size=200))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_bytes_give_values_that_can_be_encoded(body: bytes) -> None:
    msgspec.json.encode(split(body, TYPE))


@pytest.mark.parametrize("opening", [b"\x91", b"\x81\xa1a", b"\xdd\x00\x00\x00\x01"])
@pytest.mark.parametrize("levels", [60, 100, 900, 20_000])
def test_no_depth_raises(opening: bytes, levels: int) -> None:
    result = split(opening * levels + b"\x01" + packed({"ok": 1}), TYPE)

    msgspec.json.encode(result)
    assert result.values[-1] == {"ok": 1}


def test_a_count_without_its_items_allocates_nothing() -> None:
    (value,) = split(b"\xdd\xff\xff\xff\xff\x01", TYPE).values

    assert isinstance(value, Malformed)


def test_too_many_values_are_refused() -> None:
    with pytest.raises(BodyRefused) as refused:
        split(b"\x94\xc0\xc0\xc0\xc0" * 30, TYPE, Limits(max_values=100))

    assert refused.value.status == 413


def test_json_under_the_type_of_msgpack_is_json() -> None:
    assert split(b'{"a":1}\n{"b":2}', TYPE).shape == "json_lines"
