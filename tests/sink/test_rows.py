"""Bodies of one shape, decoded as rows: the same records as on the common way."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.objects import MODERATE, OBJECTS, RECEIVED
from ttsink.bodies.body import split, split_by_shape
from ttsink.bodies.limits import Limits
from ttsink.bodies.rows import LEARNT_AT, MAX_PAUSE, MAX_SHAPES, Rows, Shapes
from ttsink.bodies.value import Split
from ttsink.dialects.dialect import Dialects
from ttwire.record import Record

PLAIN = b'{"job":"a","worker":"w-1","level":"info","message":"one","n":1}'
OTHER = b'{"job":"b","worker":"w-2","level":"warn","message":"two","n":{"deep":[2]}}'


def learnt(body: bytes, limits: Limits | None = None) -> Split:
    """What a body gives once its shape was met often enough."""
    shapes = Shapes()
    for _ in range(LEARNT_AT - 1):
        split_by_shape(shapes, body)
    return split_by_shape(shapes, body, "", limits or Limits())


def records(found: Split) -> list[Record]:
    return list(Dialects().records(found.values, received=RECEIVED, agent=None))


@MODERATE
@given(st.lists(OBJECTS, min_size=2, max_size=6), st.booleans(), st.booleans())
def test_records_are_the_same_whether_their_shape_was_learnt_or_not(
    objects: list[dict[str, Any]], same: bool, array: bool
) -> None:
    if same:  # values of their own under the keys of the first
        keys = list(objects[0])
        objects = [
            dict(zip(keys, [*each.values()] * len(keys), strict=False)) if each else {}
            for each in objects
        ]
        objects = [{key: each.get(key) for key in keys} for each in objects]
    made = list(map(msgspec.json.encode, objects))
    body = b"[%b]" % b",".join(made) if array else b"\n".join(made)

    assert records(learnt(body)) == records(split(body))
    assert list(learnt(body).values) == list(split(body).values)


def test_a_body_of_a_shape_met_before_is_read_as_rows() -> None:
    for body in (
        PLAIN + b"\n" + OTHER,
        PLAIN + b"\n\n" + OTHER + b"\n",
        b"[%b,%b]" % (PLAIN, OTHER),
    ):
        found = learnt(body)

        assert isinstance(found.values, Rows)
        assert found.shape == split(body).shape
        assert list(found.values) == split(body).values
        assert [found.values[at] for at in range(2)] == split(body).values
        assert list(found.values[1:]) == split(body).values[1:]
        assert [record.fields for record in records(found)] == [{"n": 1}, {"n": {"deep": [2]}}]


@pytest.mark.parametrize(
    "line",
    [
        b'{"job":"b","worker":"w-2","level":"warn","message":"two"}',
        b'{"job":"b","worker":"w-2","level":"warn","message":"two","n":1,"m":2}',
        b'{"job":"b","worker":"w-2","level":"warn","message":"two","n":1,"n":2}',
        b'{"n":1,"message":"two","level":"warn","worker":"w-2","job":"b"}',
        rb'{"\u006aob":"b","worker":"w-2","level":"warn","message":"two","n":2}',
        b'{"job":"???","worker":null,"level":7,"message":{"a":1},"n":2}',
        b'{"job":0,"worker":"w-2","level":"WARNING","message":"two","n":123456789012345678901234}',
        b'{"job":"b","worker":"w-2","level":"warn","message":"job=c level=error","n":2}',
        b'{"job":"b","worker":"w-2","level":"warn","message":"{\\"n\\":3,\\"msg\\":\\"in\\"}","n":2}',
        b'{"job":"b","worker":"w-2","level":"warn","message":"two","n":%b}' % (b"[" * 9 + b"]" * 9),
        b'"bare"',
        b"no JSON at all",
        b'{"job":"b","worker":"w-2","level":"warn","message":"bad \xff","n":2}',
        b"17",
        b"",
        b"{}",
    ],
)
@pytest.mark.parametrize("place", [1, 2])
def test_whatever_stands_beside_a_learnt_shape_is_read_as_ever(line: bytes, place: int) -> None:
    shapes = Shapes()
    for _ in range(LEARNT_AT):
        split_by_shape(shapes, PLAIN + b"\n" + PLAIN)
    lines = [PLAIN, PLAIN, OTHER]
    lines.insert(place, line)
    body = b"\n".join(lines)

    found = split_by_shape(shapes, body)

    assert list(found.values) == split(body).values
    assert (found.malformed, found.repaired) == (split(body).malformed, split(body).repaired)
    assert records(found) == records(split(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"n","kind":"absolute","gauge":{"value":1}}\n' * 3,
        b'{"version":"1.1","short_message":"m","_job":"a"}\n' * 3,
        b'{"data":[{"message":"m"},{"message":"n"}]}\n',
        b'{"data":[{"message":"m"},{"message":"n"}]}',
        b'{"message":"m"}\n',
        b'{"message":"m"}\n \n',
        b'{"quo\\"te":1}\n{"quo\\"te":2}\n',
        b"{}\n{}\n",
        b"\xef\xbb\xbf" + PLAIN + b"\n" + PLAIN,
        b'[{"message":"m"}]',
        b'[{"message":"m"},{"message":"n"}',
        b'[[{"message":"m"},{"message":"n"}]]',
        b"[" * 4000,
        b'{"a":' * 4000 + b"\n",
    ],
)
def test_bodies_that_are_no_rows_of_records_are_read_as_ever(body: bytes) -> None:
    found = learnt(body)

    assert not isinstance(found.values, Rows)
    assert found == split(body)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_records=2),
        Limits(max_record_bytes=100),
        Limits(max_fields=4),
        Limits(max_depth=3),
        Limits(max_key_bytes=3),
    ],
)
def test_rows_keep_the_limits(limits: Limits) -> None:
    line = b'{"level":"info","a":{"b":{"c":{"d":1}}},"message":"%b"}' % (b"x" * 80)
    body = b"\n".join([line] * 3)

    assert learnt(body, limits) == split(body, "", limits)


def test_a_shape_among_others_is_tried_ever_more_rarely() -> None:
    shapes = Shapes()
    mixed = PLAIN + b'\n{"other":1}\n'
    for _ in range(LEARNT_AT):
        shapes.rows(PLAIN + b"\n" + PLAIN)
    for _ in range(3 * MAX_PAUSE):
        assert shapes.rows(mixed) is None

    found = [shapes.rows(PLAIN + b"\n" + PLAIN) is not None for _ in range(MAX_PAUSE + 2)]

    assert found[0] is False
    assert found[-2:] == [True, True]


def test_shapes_that_never_come_again_are_forgotten() -> None:
    shapes = Shapes()
    for number in range(3 * MAX_SHAPES):
        assert shapes.rows(b'{"k%d":1}\n{"k%d":2}' % (number, number)) is None

    assert len(shapes) <= MAX_SHAPES
