"""A row is exactly as wide as it has to be, and tells what the record says and nothing else."""

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttview import columns, glyphs, marking, told
from ttview.entry import Entry, Epochs, Hole, Rule, entry
from ttview.rows import Look, Rows, clipped
from ttview.sanitise import visible
from ttwire.record import Record

TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x07\u202e\u0301\t\n漢👩‍🚀 ═\x9b")), max_size=80
)
SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)), max_size=6)


def look(width: int, *, wrap: bool = False, share: bool = False, offset: int = 0) -> Look:
    fitted = columns.fit(columns.DEFAULT, width - 2, {}, 12)
    return Look(width, fitted, glyphs.UNICODE, zone=UTC, wrap=wrap, offset=offset, share=share)


def made(found: Record) -> Entry:
    return entry(found, Epochs(), by_time=False)


@given(
    message=TEXT,
    job=TEXT,
    key=st.text(max_size=8),
    value=TEXT,
    width=st.integers(12, 160),
    wrap=st.booleans(),
    share=st.booleans(),
    offset=st.integers(0, 40),
    opened=st.booleans(),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_row_is_as_wide_as_the_log_whatever_the_record_holds(
    message: str,
    job: str,
    key: str,
    value: str,
    width: int,
    wrap: bool,
    share: bool,
    offset: int,
    opened: bool,
) -> None:
    found = Record(
        id="e-1",
        timestamp="2026-01-02T03:04:05.123456Z",
        job=job,
        level="info",
        message=message,
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        fields={key: value},
    )
    rows = Rows(look(width, wrap=wrap, share=share, offset=0 if wrap else offset))
    if opened:
        rows.opened.add("e-1")
    item = made(found)
    for part in range(rows.tall(item)):
        row = rows.row(item, part, now=0.0, above=None)
        assert sum(columns.cells(text) for _, text in row.fragments) == width
        assert all(one.isprintable() for one in row.text)


@given(text=TEXT.map(visible), spans=SPANS, over=SPANS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_painting_changes_no_character(
    text: str, spans: list[tuple[int, int]], over: list[tuple[int, int]]
) -> None:
    def apart(found: list[tuple[int, int]], style: str) -> list[tuple[int, int, str]]:
        at = 0
        kept: list[tuple[int, int, str]] = []
        for gap, size in found:
            start, end = at + gap, at + gap + size
            if end > len(text):
                break
            kept.append((start, end, style))
            at = end
        return kept

    painted = marking.painted(text, "base", apart(spans, "kind"), apart(over, "hit"))

    assert "".join(part for _, part in painted) == text
    hit = sum(len(part) for style, part in painted if style == "hit")
    assert hit == sum(end - start for start, end, _ in apart(over, "hit"))


@given(text=TEXT.map(visible), width=st.integers(1, 60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_wrapping_keeps_every_character_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = columns.wrapped(text, max(width, 2))

    assert "".join(lines) == text
    assert all(columns.cells(line) <= max(width, 2) for line in lines)


@given(parts=st.lists(TEXT.map(visible), max_size=5), width=st.integers(0, 60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_clipping_fills_the_width_and_shows_that_there_is_more(
    parts: list[str], width: int
) -> None:
    row = clipped([("", part) for part in parts], width, "…")
    text = "".join(part for _, part in row)

    assert columns.cells(text) == width
    if columns.cells("".join(parts)) > width > 0:
        assert text.endswith("…")


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("took 1.8s", "duration", "1.8s"),
        ("sent 1,204 of 9", "number", "1,204"),
        ("user:65560, reading", "number", "65560"),
        ("GET https://a.example/v2?x=1 done", "address", "https://a.example/v2?x=1"),
        ("from 203.0.113.7:443 now", "address", "203.0.113.7:443"),
        ("to ada@example.com", "address", "ada@example.com"),
        ("wrote /var/spool/a.parquet", "path", "/var/spool/a.parquet"),
        ("lock 7c9e6679-7425-40de-944b-e07fc1f90ae7", "id", "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        ('rendered "monthly summary"', "quoted", '"monthly summary"'),
        ("customer [email:7f3a91] left", "masked", "[email:7f3a91]"),
        ("status=502 now", "field", "status="),
    ],
)
def test_what_stands_out_is_known_by_its_form(text: str, kind: str, part: str) -> None:
    found = {(style, text[start:end]) for start, end, style in marking.kinds(text)}

    assert (f"class:{kind}", part) in found


def test_a_python_traceback_is_told_by_its_error() -> None:
    message = "Traceback (most recent call last):\n  File ...\nTimeoutError: no answer\n"

    assert told.headline(message, 100) == "TimeoutError: no answer"


def test_fields_that_every_record_has_do_not_follow_the_message() -> None:
    record = Record(message="m", fields={"host": "a", "stream": "stdout", "rows": 7})

    assert told.inline(record) == [("rows", 7)]


def test_holes_say_how_many_and_why_and_rules_what_they_are_for() -> None:
    rows = Rows(look(120))
    hole = Hole(("", 0, 4, 1), "evicted", "e-4", "e-9", 1)
    up_to = hole._replace(key=("", 0, 4, 2), lost=5, exact=False, asked=True)

    assert "1 record left the sink's rings" in rows.row(hole, 0, now=0, above=None).text
    assert "up to 5 records" in rows.row(up_to, 0, now=0, above=None).text
    assert "gone from the sink" in rows.row(up_to, 0, now=0, above=None).text
    rule = rows.row(Rule(("", 0, 5, 1), "mark 03:04"), 0, now=0, above=None)
    assert "mark 03:04" in rule.text


@pytest.mark.parametrize("width", range(10, 220, 7))
def test_columns_fill_the_width_and_the_message_is_the_last_to_go(width: int) -> None:
    fitted = columns.fit(columns.DEFAULT, width, {"job": 40, "worker": 5}, 12)
    used = sum(one.width for one in fitted) + columns.SEPARATOR_CELLS * (len(fitted) - 1)

    assert used == width or [one.name for one in fitted] == ["level", "message"]
    assert "message" in [one.name for one in fitted]


def test_columns_are_spelled_as_they_are_read() -> None:
    words = "time level job:30 @customer.tier message trace"

    assert columns.spell(columns.parse(words.split())) == words
