"""Msgpack bodies, held against the other implementation."""

import struct
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    bad = b"\x81\xa1a\xa2\xff\xfe"  # text that is no UTF-8

    result = split(packed({"a": 1}) + bad + packed({"b": 2}), TYPE)

    assert result.values[0] == {"a": 1}
    assert isinstance(result.values[1], Malformed)
    assert result.values[2] == {"b": 2}
    assert result.malformed == 1


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
