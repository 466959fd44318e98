"""Server-sent events: the letter of WHATWG HTML 9.2, whatever way the bytes are cut."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttwire import sse
from ttwire.record import Record, decode, encode

Triple = tuple[str, str, str]


def decoded(chunks: Iterable[bytes]) -> tuple[list[Triple], str, int | None]:
    decoder = sse.Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [(e.event, e.text, e.id) for e in events], decoder.last_event_id, decoder.retry_ms


def cuts(stream: bytes) -> list[list[bytes]]:
    """Whole, byte by byte, and in two at every place."""
    return [
        [stream],
        [bytes([byte]) for byte in stream],
        *([stream[:at], stream[at:]] for at in range(1, len(stream))),
    ]


M = "message"

# The name, the bytes, the events as (event, data, id), the last event id, the retry time.
CASES: list[tuple[str, bytes, list[Triple], str, int | None]] = [
    (
        "the specification's example of stock prices",
        b"data: YHOO\ndata: +2\ndata: 10\n\n",
        [(M, "YHOO\n+2\n10", "")],
        "",
        None,
    ),
    (
        "the specification's example of ids and comments",
        (
            b": test stream\n\ndata: first event\nid: 1\n\n"
            b"data:second event\nid\n\ndata:  third event\n\n"
        ),
        [(M, "first event", "1"), (M, "second event", ""), (M, " third event", "")],
        "",
        None,
    ),
    (
        "the specification's example of empty data",
        b"data\n\ndata\ndata\n\ndata:",
        [(M, "", ""), (M, "\n", "")],
        "",
        None,
    ),
    (
        "the specification's example of the space after a colon",
        b"data:test\n\ndata: test\n\n",
        [(M, "test", ""), (M, "test", "")],
        "",
        None,
    ),
    ("no bytes", b"", [], "", None),
    ("a leading byte order mark", b"\xef\xbb\xbfdata: a\n\n", [(M, "a", "")], "", None),
    (
        "only the first of two byte order marks is taken off",
        b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n",
        [(M, "b", "")],
        "",
        None,
    ),
    (
        "a byte order mark later on belongs to the field's name",
        b"data: a\n\n\xef\xbb\xbfdata: b\n\ndata: c\n\n",
        [(M, "a", ""), (M, "c", "")],
        "",
        None,
    ),
    ("half a byte order mark", b"\xef\xbbdata: a\n\ndata: b\n\n", [(M, "b", "")], "", None),
    ("CR", b"data: a\rdata: b\r\rdata: c\r\r", [(M, "a\nb", ""), (M, "c", "")], "", None),
    ("CRLF", b"data: a\r\ndata: b\r\n\r\n", [(M, "a\nb", "")], "", None),
    ("mixed line ends", b"data: a\n\rdata: b\r\n\n", [(M, "a", ""), (M, "b", "")], "", None),
    ("LF CR is two ends", b"data: a\n\r\n\rdata: b\n\n", [(M, "a", ""), (M, "b", "")], "", None),
    (
        "line separators of Unicode are data",
        "data: a\u2028b\u2029c\u0085d\x0b\x0c\n\n".encode(),
        [(M, "a\u2028b\u2029c\u0085d\x0b\x0c", "")],
        "",
        None,
    ),
    (
        "unknown fields",
        b"data:a\nfoo: b\n data: c\nDATA: d\ndata : e\n\n",
        [(M, "a", "")],
        "",
        None,
    ),
    ("a comment between data", b"data:1\n:x\ndata:2\n:\n\n", [(M, "1\n2", "")], "", None),
    ("a field that begins with a colon", b":data: a\n\n", [], "", None),
    ("a name", b"event: a\ndata: x\n\ndata: y\n\n", [("a", "x", ""), (M, "y", "")], "", None),
    ("an empty name", b"event: a\nevent:\ndata: x\n\n", [(M, "x", "")], "", None),
    ("a name without data is forgotten", b"event: a\n\ndata: x\n\n", [(M, "x", "")], "", None),
    ("a sticky id", b"id: 7\ndata: x\n\ndata: y\n\n", [(M, "x", "7"), (M, "y", "7")], "7", None),
    ("an id without data is invisible", b"id: 7\n\n", [], "7", None),
    (
        "an empty id resets",
        b"id: 7\ndata: x\n\nid:\ndata: y\n\n",
        [(M, "x", "7"), (M, "y", "")],
        "",
        None,
    ),
    (
        "an id with NUL is ignored",
        b"id: 7\ndata: x\n\nid: 8\0\ndata: y\n\n",
        [(M, "x", "7"), (M, "y", "7")],
        "7",
        None,
    ),
    ("an id keeps a second space", b"id:  7\n\n", [], " 7", None),
    ("data keeps NUL", b"data: \0\n\n", [(M, "\0", "")], "", None),
    ("an event without end", b"data: a\n\nid: 9\ndata: b\n", [(M, "a", "")], "", None),
    ("a line without end", b"data: a\n\nid: 9\ndata: b", [(M, "a", "")], "", None),
    ("retry", b"retry: 3000\n", [], "", 3000),
    ("retry with letters", b"retry: 3000\nretry: 5x\n\n", [], "", 3000),
    ("retry with other digits", "retry: 3000\nretry: ٣\n\n".encode(), [], "", 3000),
    ("retry with a sign", b"retry: -1\nretry: 1.5\nretry:\nretry\n\n", [], "", None),
    ("invalid UTF-8 is replaced", b"data: \xff\n\n", [(M, "\ufffd", "")], "", None),
    ("a character cut in two", "data: ü€😀\n\n".encode(), [(M, "ü€😀", "")], "", None),
    ("heartbeats", b"id: 1\ndata: a\n\n:\n:\n\n\n\n:\n\n", [(M, "a", "1")], "1", None),
]


@pytest.mark.parametrize(
    ("stream", "events", "last", "retry"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_every_cut_of_a_stream_gives_the_events_of_the_specification(
    stream: bytes, events: list[Triple], last: str, retry: int | None
) -> None:
    for chunks in cuts(stream):
        assert decoded(chunks) == (events, last, retry)


texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = texts.filter(lambda text: bool(text) and not set(text) & {"\r", "\n"})
record_ids = texts.filter(lambda text: not set(text) & {"\r", "\n", "\0"})


@settings(derandomize=True, max_examples=150)
@given(st.lists(st.tuples(names, texts, record_ids), max_size=4), st.data())
def test_what_is_framed_is_decoded_again(sent: list[Triple], data: st.DataObject) -> None:
    stream = b"".join(sse.frame(name, text.encode(), place) for name, text, place in sent)
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]

    received, last, _ = decoded(chunks)

    assert received == [
        (name, text.replace("\r\n", "\n").replace("\r", "\n"), place) for name, text, place in sent
    ]
    assert last == (sent[-1][2] if sent else "")


RECORD = b"id: e-1\nevent: record\ndata: {}\n\n"
PIECES = [
    *(RECORD, RECORD[:-1], RECORD[:-4], b"id: \0" + RECORD[3:], b"\r", b"\n", b"\n\n", b"data"),
    *(b":", b" ", b"id", b"\0", b"x", b"retry", b"\xef\xbb\xbf", b"7"),
]


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=24))
def test_the_cut_of_the_bytes_never_changes_what_is_decoded(pieces: list[bytes]) -> None:
    whole = decoded([b"".join(pieces)])

    assert decoded(pieces) == whole
    assert decoded([bytes([byte]) for byte in b"".join(pieces)]) == whole


def test_a_record_is_sent_with_its_id_in_the_frame_and_in_the_json() -> None:
    line = encode(Record(job="a", message="line\nend \u2028 ü"))

    (event,) = sse.Decoder().feed(sse.record_frame(line, "7f3a-12"))

    assert (event.event, event.id) == ("record", "7f3a-12")
    assert decode(event.data) == Record(id="7f3a-12", job="a", message="line\nend \u2028 ü")


def test_the_bytes_on_the_wire_are_these() -> None:
    assert sse.record_frame(b'{"message":"x"}', "e-1") == (
        b'id: e-1\nevent: record\ndata: {"id":"e-1","message":"x"}\n\n'
    )
    assert sse.record_frame(b"{}", "e-1") == b'id: e-1\nevent: record\ndata: {"id":"e-1"}\n\n'
    assert sse.frame("gap", b"{}") == b"event: gap\ndata: {}\n\n"
    assert sse.frame("gap", b"a\r\nb\rc\nd", "e-1") == (
        b"id: e-1\nevent: gap\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
    )
    assert sse.cursor_frame("e-2") == b"id: e-2\n\n"
    assert sse.retry(3000) == b"retry: 3000\n"
    assert sse.comment() == sse.HEARTBEAT == b":\n"
    assert sse.comment("hello") == b": hello\n"


@pytest.mark.parametrize("bad", ["a\nb", "a\rb"])
def test_a_line_end_where_none_may_be_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        sse.frame(bad, b"")
    with pytest.raises(ValueError, match="line end"):
        sse.frame("a", b"", bad)
    with pytest.raises(ValueError, match="line end"):
        sse.cursor_frame(bad)
    with pytest.raises(ValueError, match="line end"):
        sse.comment(bad)


def test_an_id_with_nul_and_a_negative_wait_are_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        sse.cursor_frame("\0")
    with pytest.raises(ValueError, match="negative"):
        sse.retry(-1)


LIMIT = 12


@pytest.mark.parametrize(
    ("length", "kept"), [(LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False), (LIMIT * 3, False)]
)
def test_an_event_with_a_line_over_the_bound_is_dropped_counted_and_passed(
    length: int, kept: bool
) -> None:
    stream = b"id: 1\n" + b"data: ".ljust(length, b"x") + b"\n\nid: 2\ndata: ok\n\n"
    for chunks in cuts(stream):
        decoder = sse.Decoder(max_line_bytes=LIMIT)
        ids = [event.id for chunk in chunks for event in decoder.feed(chunk)]

        assert ids == (["1", "2"] if kept else ["2"])
        assert decoder.dropped == (0 if kept else 1)


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_the_bound_holds_for_records_as_they_are_usually_written(size: int) -> None:
    data = b"x" * (size - len(b"data: "))
    stream = b"id: 1\nevent: record\ndata: " + data + b"\n\nid: 2\nevent: x\ndata: ok\n\n"
    for chunks in cuts(stream):
        decoder = sse.Decoder(max_line_bytes=LIMIT + 1, max_event_bytes=LIMIT)
        ids = [event.id for chunk in chunks for event in decoder.feed(chunk)]

        assert (ids, decoder.dropped) == ((["1", "2"], 0) if size == LIMIT else (["2"], 1))


def test_the_id_of_a_dropped_event_counts_or_a_reconnection_would_meet_it_for_ever() -> None:
    decoder = sse.Decoder(max_line_bytes=LIMIT)

    assert decoder.feed(b"id: 5\ndata: " + b"x" * 99 + b"\n\n") == []
    assert (decoder.last_event_id, decoder.dropped) == ("5", 1)


def test_an_event_over_the_bound_in_many_lines_is_dropped_and_its_memory_freed() -> None:
    decoder = sse.Decoder(max_event_bytes=100)

    for _ in range(1000):
        assert decoder.feed(b"data: 0123456789\n") == []
        assert sum(map(len, decoder._data)) <= 100
    assert decoder.feed(b"\ndata: ok\n\n") == [sse.Event("message", b"ok")]
    assert decoder.dropped == 1


def test_a_line_without_end_holds_no_more_than_the_bound() -> None:
    decoder = sse.Decoder(max_line_bytes=100)

    for _ in range(100):
        assert decoder.feed(b"x" * 50) == []
    assert sum(map(len, decoder._pieces)) == 101


def test_a_new_connection_begins_with_the_id_of_the_last() -> None:
    decoder = sse.Decoder("e-9")

    assert decoder.last_event_id == "e-9"
    assert decoder.feed(b"data: x\n\n") == [sse.Event("message", b"x", "e-9")]


def test_a_very_long_retry_is_no_error() -> None:
    decoder = sse.Decoder()

    decoder.feed(b"retry: " + b"9" * 10_000 + b"\n")

    assert decoder.retry_ms == 999_999_999_999


def test_many_record_frames_are_the_same_as_one_by_one() -> None:
    records = [(7, b'{"message":"x"}'), (8, b"{}")]

    assert sse.record_frames("e", records) == [
        sse.record_frame(line, f"e-{position}") for position, line in records
    ]
