"""Bodies of every shape: the same records, whatever the agent made of them."""

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.shapes import ENCODINGS, SHAPES
from ttsink.bodies.body import split, split_by_shape
from ttsink.bodies.encoding import decode
from ttsink.bodies.limits import DEFAULT, BodyRefused, Limits
from ttsink.bodies.rows import LEARNT_AT, Shapes
from ttsink.bodies.value import Malformed, Split

TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('\n\u2028\x85\x00{}[]",\\'),
    max_size=20,
)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
JSON = st.recursive(
    SCALAR.filter(lambda value: value not in {float("inf"), float("-inf")}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
# The first member keeps a record from looking like a wrapper, a metric or a span.
RECORD = st.dictionaries(TEXT, JSON, max_size=5).map(lambda rest: {"msg": "x"} | rest)
RECORDS = st.lists(RECORD, min_size=1, max_size=8)


def checked(result: Split) -> Split:
    """What must hold of every result."""
    lines = [msgspec.json.encode(v.text if isinstance(v, Malformed) else v) for v in result.values]
    assert all(len(line) <= 4 * DEFAULT.max_record_bytes for line in lines)
    assert result.malformed == sum(isinstance(v, Malformed) for v in result.values)
    assert all(0 <= place < len(result.values) for place in result.cut)
    return result


@given(
    records=RECORDS,
    shape=st.sampled_from(sorted(SHAPES)),
    encodings=st.sampled_from(sorted(ENCODINGS)),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_records_in_any_shape_and_encoding_come_back(
    records: list[dict[str, Any]], shape: str, encodings: str
) -> None:
    body = SHAPES[shape](records).encode()

    result = checked(split(decode(ENCODINGS[encodings](body), encodings)))

    assert result.values == records
    assert (result.malformed, result.rejected, result.cut) == (0, 0, ())


@given(body=st.binary(max_size=300), content_type=st.sampled_from(["", "text/plain", "a/json"]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_bytes_give_values_that_can_be_encoded(body: bytes, content_type: str) -> None:
    result = checked(split(body, content_type))

    if body.strip(b" \t\r\n").removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n"):
        assert result.values


@given(body=st.text(alphabet='{}[]",:\\\n 1aeN.-', max_size=60))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_anything_that_looks_like_json_gives_values(body: str) -> None:
    checked(split(body.encode()))


BAD_LINES = st.sampled_from(
    [
        b"not json",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e400}',
        b'{"a":',
        b'{"a":"b',
        b"}",
        b"]",
        b'{"a":1}}',
        b"\x00\x01\xff",
        b"{'a': 1}",
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 3000,
        b'{"a":' * 3000,
    ]
)


@given(
    records=RECORDS,
    bad=st.lists(BAD_LINES, min_size=1, max_size=4),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_no_good_line_is_lost_beside_bad_ones(
    records: list[dict[str, Any]], bad: list[bytes], seed: Any
) -> None:
    marked = [{**record, "n": n} for n, record in enumerate(records)]
    lines = [json.dumps(record).encode() for record in marked]
    for line in bad:
        lines.insert(seed.randint(0, len(lines)), line)

    result = checked(split(b"\n".join(lines)))

    good = [value for value in result.values if isinstance(value, dict) and "n" in value]
    assert good == marked
    assert len(result.values) - len(good) >= len(bad)


def test_a_brace_that_stands_alone_is_kept_beside_the_lines_behind_it() -> None:
    result = checked(split(b'{\n{"n":1}\n{"n":2}\n'))

    assert result.values == [Malformed("{"), {"n": 1}, {"n": 2}]


@pytest.mark.parametrize("bad", [b'{"n":NaN}', b'{"n":1e400}', b'{"n":,}', b"nope", b'{"n" 1}'])
@pytest.mark.parametrize(
    ("start", "between", "end"),
    [(b"[", b",", b"]"), (b"[\n", b",\n", b"\n]"), (b'{"data":[', b",", b"]}"), (b"", b"", b"")],
)
def test_a_bad_item_of_an_array_costs_only_itself(
    bad: bytes, start: bytes, between: bytes, end: bytes
) -> None:
    if not between and not bad.endswith(b"}"):
        bad += b"}"  # back to back, nothing else says where bare text ends
    body = start + between.join([b'{"n":1}', bad, b'{"n":3}']) + end

    result = checked(split(body))

    assert result.values == [{"n": 1}, Malformed(bad.decode()), {"n": 3}]


def test_a_body_that_was_cut_off_keeps_what_came_before() -> None:
    body = b'[{"n":1},{"n":2},{"n":'

    assert split(body).values == [{"n": 1}, {"n": 2}, Malformed('{"n":')]


def test_an_object_over_several_lines_that_cannot_be_read_is_one_piece() -> None:
    body = b'{\n  "n": 1\n}\n{\n  "n": NaN\n}\n{\n  "n": 3\n}'

    result = checked(split(body))

    assert result.values == [{"n": 1}, Malformed('{\n  "n": NaN\n}'), {"n": 3}]


def test_lines_are_split_on_newlines_only() -> None:
    body = '{"a":"x\u2028y\x85z"}\n{bad \u2028 line}\n'.encode()

    assert split(body).values == [{"a": "x\u2028y\x85z"}, Malformed("{bad \u2028 line}")]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (b'{"a":"x\ty"}', {"a": "x\ty"}),
        (b'{"a":"\x00"}', {"a": "\x00"}),
        (rb'{"a":"\ud800!"}', {"a": "\ufffd!"}),
        (rb'{"\udc00":1}', {"\ufffd": 1}),
        (rb'{"a":"\ud83d\ude00"}', {"a": "😀"}),
    ],
)
def test_characters_json_does_not_allow_are_replaced_and_counted(
    line: bytes, value: dict[str, Any]
) -> None:
    result = checked(split(line + b'\n{"b":2}\n'))

    assert result.values == [value, {"b": 2}]
    assert result.repaired == (0 if b"ude00" in line else 1)


def test_numbers_stay_exact_and_the_last_of_equal_names_wins() -> None:
    body = b'{"a":18446744073709551617,"b":-9223372036854775809,"c":1,"c":2}'

    assert split(body).values == [{"a": 2**64 + 1, "b": -(2**63) - 1, "c": 2}]


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b'"hello"\n"a b"', ["hello", "a b"]),
        (b'42\nnull\ntrue\n1.5\n"x"', ["42", "null", "true", "1.5", "x"]),
        (b'[1,"x",{"a":1},[2]]', ["1", "x", {"a": 1}, "[2]"]),
        (b"\xef\xbb\xbf" + b'{"a":1}', [{"a": 1}]),
        (b"", []),
        (b" \r\n\n", []),
        (b"[]", []),
    ],
)
def test_bare_values_are_messages(body: bytes, values: list[Any]) -> None:
    assert checked(split(body)).values == values


def test_lines_of_text_are_messages_where_text_was_declared_and_malformed_elsewhere() -> None:
    body = b'[INFO] start\n{"a":1}\n{broken\n "quoted"\n42'

    text = checked(split(body, "text/plain; charset=utf-8"))
    other = checked(split(body, "application/json"))

    assert text.values == ["[INFO] start", {"a": 1}, "{broken", '"quoted"', "42"]
    assert text.malformed == 0
    assert other.malformed == 2
    assert split(b"plain text", "application/json").shape == "text"


def test_json_under_a_text_content_type_is_read_as_json() -> None:
    assert split(b'[{"a":1}]', "text/plain").values == [{"a": 1}]
    assert split(b'{"a":1}\n{"a":2}', "text/plain").values == [{"a": 1}, {"a": 2}]


def test_what_a_wrapper_says_is_said_of_each_record() -> None:
    body = b'{"source":"ci","events":[{"a":1},{"source":"own"}]}'

    result = split(body)

    assert result.values == [{"source": "ci", "a": 1}, {"source": "own"}]
    assert result.shape == "json_wrapper"


def test_every_wrapper_of_a_body_is_opened_in_its_place() -> None:
    body = b'{"data":[{"a":1},{"a":2}],"n":1}\n{"a":3}\n{"events":[]}\n{"logs":[{"a":4}],"n":2}'

    result = checked(split(body))

    assert result.values == [{"n": 1, "a": 1}, {"n": 1, "a": 2}, {"a": 3}, {"n": 2, "a": 4}]
    assert result.shape == "json_wrapper"


def test_what_a_wrapper_says_is_repeated_within_a_bound() -> None:
    body = b'{"source":"%b","data":[%b]}' % (b"x" * 200, b",".join([b'{"a":1}'] * 1000))

    values = split(body, "", Limits(max_body_bytes=100_000)).values

    assert values == [{"source": "x" * 200, "a": 1}] + [{"a": 1}] * 999


def test_wrappers_are_opened_whatever_shape_was_met_before() -> None:
    shapes = Shapes()
    body = b'{"data":[{"a":1}]}\n{"data":[{"a":2}]}\n'

    found = [split_by_shape(shapes, body).values for _ in range(LEARNT_AT + 2)]

    assert found == [[{"a": 1}, {"a": 2}]] * len(found)


@given(
    batches=st.lists(RECORDS, min_size=1, max_size=4),
    between=st.sampled_from(["", "\n", " ", "\r\n"]),
    bad=st.sampled_from(["", '{"n":NaN}', '{"n":,}', '{"n" 1}', '{"n":1e400}']),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_bad_item_in_one_of_many_wrappers_costs_no_record(
    batches: list[list[dict[str, Any]]], between: str, bad: str, seed: Any
) -> None:
    number = iter(range(100))
    marked = [[{**record, "n": next(number)} for record in batch] for batch in batches]
    items = [[json.dumps(record) for record in batch] for batch in marked]
    seed.choice(items).insert(0, bad) if bad else None
    body = between.join('{"data":[' + ",".join(batch) + "]}" for batch in items)

    result = checked(split(body.encode()))

    good = [value for value in result.values if isinstance(value, dict) and "n" in value]
    assert good == [record for batch in marked for record in batch]
    assert len(result.values) == len(good) + bool(bad)


@pytest.mark.parametrize(
    "body",
    [
        b'{"message":"x","items":[{"a":1}]}',
        b'{"items":[1,2]}',
        b'{"items":[{"a":1}],"data":[{"a":1}]}',
        b'{"items":[{"a":1}],"more":{"b":1}}',
        b'{"stuff":[{"a":1}]}',
    ],
)
def test_a_record_that_holds_a_list_is_no_wrapper(body: bytes) -> None:
    assert split(body).values == [json.loads(body)]


class TestLimits:
    LIMITS = Limits(
        max_records=5, max_record_bytes=600, max_depth=4, max_fields=10, max_key_bytes=64
    )

    @staticmethod
    def bodies(record: dict[str, Any]) -> list[bytes]:
        good = {"ok": 1}
        return [SHAPES[shape]([good, record, good]).encode() for shape in sorted(SHAPES)]

    def check(self, record: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for body in self.bodies(record):
            result = split(body, "", self.LIMITS)
            assert result.cut == (1,), body
            assert len(result.values) == 3
            value = result.values[1]
            assert isinstance(value, dict)
            assert len(msgspec.json.encode(value)) <= self.LIMITS.max_record_bytes
            found.append(value)
        return found

    def test_the_longest_strings_are_shortened_with_a_mark(self) -> None:
        for value in self.check({"a": "x" * 900, "b": "short", "c": {"d": "y" * 300}}):
            assert value["b"] == "short"
            assert value["a"].startswith("xxx")
            assert value["a"].endswith(" bytes]")
            lost = 900 - value["a"].index("…")
            assert value["a"].endswith(f"…[truncated {lost} bytes]")

    def test_what_is_not_made_of_strings_is_replaced_whole(self) -> None:
        for value in self.check({"a": list(range(1000)), "b": 1}):
            assert value["a"].startswith("…[truncated ")
            assert value["b"] == 1

    def test_deep_structure_is_replaced_by_a_mark(self) -> None:
        for value in self.check({"a": {"b": {"c": {"d": {"e": 1}}}}}):
            assert value == {"a": {"b": {"c": {"d": "…[deeper structure truncated]"}}}}

    def test_fields_over_the_limit_are_left_out_with_a_mark(self) -> None:
        for value in self.check({f"k{n:02}": n for n in range(25)}):
            assert value["…"] == "[truncated 15 fields]"
            assert len(value) == 11

    def test_fields_are_counted_at_every_level(self) -> None:
        self.check({"a": {"b": {f"k{n}": n for n in range(20)}}})

    def test_a_long_name_is_cut(self) -> None:
        for value in self.check({"k" * 100: 1}):
            (name,) = value
            assert name.endswith("bytes]")
            assert len(name.encode()) <= 64

    def test_records_within_the_limits_are_untouched(self) -> None:
        record = {"a": {"b": {"c": {"d": "x" * 400}}}, "k" * 64: 1}
        for body in self.bodies(record):
            result = split(body, "", self.LIMITS)
            assert result.cut == ()
            assert result.values[1] == record

    @pytest.mark.parametrize("shape", sorted(SHAPES))
    def test_records_over_the_count_are_rejected_and_counted(self, shape: str) -> None:
        body = SHAPES[shape]([{"n": n} for n in range(8)]).encode()

        result = split(body, "", self.LIMITS)

        assert result.values == [{"n": n} for n in range(5)]
        assert result.rejected == 3

    def test_a_line_that_is_no_json_is_cut_as_text(self) -> None:
        result = split(b'{"ok":1}\n' + b"x" * 1000, "", self.LIMITS)

        bad = result.values[1]
        assert isinstance(bad, Malformed)
        assert bad.truncated
        assert result.cut == (1,)
        assert len(bad.text.encode()) <= 600
        assert bad.text.endswith("bytes]")


@given(
    plan=st.lists(st.sampled_from(["small", "large", "deep", "wide"]), min_size=1, max_size=12),
    shape=st.sampled_from(sorted(SHAPES)),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_exactly_the_records_over_a_limit_are_cut(plan: list[str], shape: str) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "small": {"msg": "a", "b": {"c": [1]}},
        "large": {"msg": "x" * 900},
        "deep": {"msg": {"a": [[[[1]]]]}},
        "wide": {"msg": "x"} | {f"k{n}": n for n in range(10)},
    }
    body = SHAPES[shape]([kinds[kind] for kind in plan]).encode()

    result = split(body, "", TestLimits.LIMITS)

    assert result.cut == tuple(i for i, kind in enumerate(plan[:5]) if kind != "small")
    assert result.rejected == max(0, len(plan) - 5)


@pytest.mark.parametrize("opening", [b'{"a":', b"[", b'[{"a":'])
@pytest.mark.parametrize("levels", [65, 300, 900, 5000, 40_000])
def test_no_depth_raises(opening: bytes, levels: int) -> None:
    closing = opening.replace(b'"a":', b"")[::-1].replace(b"{", b"}").replace(b"[", b"]")
    deep = opening * levels + b"1" + closing * levels

    for body in (deep, deep + b'\n{"ok":1}', b'{"x":' + deep + b'}\n{"ok":1}'):
        result = checked(split(body))
        assert result.values
        if body is not deep:
            assert result.values[-1] == {"ok": 1}


def test_a_deep_record_keeps_its_readable_part() -> None:
    body = b'{"msg":"here","a":' + b'{"a":' * 5000 + b'"}]"' + b"}" * 5000 + b"}"

    result = checked(split(body))

    (value,) = result.values
    assert isinstance(value, dict)
    assert value["msg"] == "here"
    assert result.cut == (0,)


def test_a_large_body_of_nothing_but_brackets_is_refused() -> None:
    with pytest.raises(BodyRefused) as refused:
        split(b"[" + b"[]," * 6_000_000 + b"[]]")

    assert refused.value.status == 413


SECOND = 1.0
"""Of processor time; a backtracking pattern takes minutes."""


@pytest.mark.parametrize(
    "piece",
    [b'{"}', b"}{", b'{"a":}' + b" " * 600, b"{\n", b'{"a":NaN},', b'{"a":[{},', b'{"a":"\\"'],
)
def test_damage_all_over_a_large_body_costs_linear_time(piece: bytes) -> None:
    """Twice the body takes about twice the time, not four times; in processor time."""

    def seconds(count: int) -> float:
        body = b'[{"a":NaN},' + piece * count
        return min(_processor_seconds(body) for _ in range(2))

    count = 60_000 // len(piece)
    once, four_times = seconds(count), seconds(count * 4)

    assert four_times < max(once, 0.02) * 10


def _processor_seconds(body: bytes) -> float:
    start = time.process_time()
    split(body)
    return time.process_time() - start


def test_blanks_after_a_brace_cost_linear_time() -> None:
    body = b"{x" + (b"}" + b" " * 200_000) * 3

    assert _processor_seconds(body) < SECOND
