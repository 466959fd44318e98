"""Files and pipes without a sink: every line is a record in its place, whatever happens to them."""

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttsink.files import tape
from ttsink.files.embedded import Engine
from ttsink.files.needle import lines_with, needles
from ttwire.engine import Engine as EngineProtocol
from ttwire.engine import EngineError, OpenEngine
from ttwire.filter import EVERYTHING, Filter, parse
from ttwire.record import Record

Opened = Callable[..., Engine]


def never() -> bool:
    return False


@pytest.fixture
def opened() -> Iterator[Opened]:
    engines: list[Engine] = []

    def open_engine(*files: Path, pipe: io.BufferedIOBase | None = None) -> Engine:
        engine = Engine(files, pipe)  # type: ignore[arg-type]  # a pipe of a test
        engines.append(engine)
        return engine

    yield open_engine
    for engine in engines:
        engine.close()


def keep(text: str) -> Filter:
    return parse(text, now=0.0)


def lines(count: int, first: int = 1) -> bytes:
    return b"".join(
        b'{"timestamp":"2026-01-02T03:04:05Z","job":"j-%d","level":"%s","message":"line %d"}\n'
        % (n % 7, b"error" if n % 10 == 0 else b"info", n)
        for n in range(first, first + count)
    )


def messages(records: list[Record]) -> list[str]:
    return [record.message for record in records]


def everything(engine: Engine, filtered: Filter = EVERYTHING, page: int = 50) -> list[Record]:
    """All there is, a page at a time from the end."""
    records: list[Record] = []
    before: str | None = None
    while True:
        found = engine.older(before, filtered, page, never)
        records = [*found.records, *records]
        if found.older is None:
            return records
        before = found.older


def forward(engine: Engine, after: str, page: int = 50) -> list[Record]:
    records: list[Record] = []
    cursor: str | None = after
    while cursor is not None:
        found = engine.newer(cursor, EVERYTHING, page, never)
        records += found.records
        cursor = found.newer
    return records


def test_the_engine_is_what_the_viewer_looks_for() -> None:
    published: OpenEngine = Engine
    kind: type[EngineProtocol] = Engine

    assert (published, kind) == (Engine, Engine)


@pytest.mark.parametrize("page", [1, 7, 1000])
def test_every_line_is_seen_once_and_in_order_both_ways(
    opened: Opened, tmp_path: Path, page: int
) -> None:
    (tmp_path / "a.log").write_bytes(lines(200))
    engine = opened(tmp_path / "a.log")

    backward = everything(engine, page=page)

    assert messages(backward) == [f"line {n}" for n in range(1, 201)]
    assert forward(engine, engine.start, page) == backward
    assert forward(engine, backward[99].id, page) == backward[100:]
    assert len({record.id for record in backward}) == 200
    assert backward[0].job == "j-1"


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60).map(lambda b: b.replace(b"\n", b" ")),
            st.sampled_from(
                [
                    b"",
                    b"  ",
                    b"{broken",
                    b'{"message":"a"}',
                    b'{"message":"a"}{"message":"b"}',
                    b"[1,2]",
                    b"x" * 3000,
                    b"\xff\xfe",
                    b"\x00",
                ]
            ),
        ),
        max_size=30,
    ),
    st.integers(1, 9),
    st.booleans(),
)
def test_pages_of_any_size_hold_what_one_page_holds(
    tmp_path: Path, content: list[bytes], page: int, ends: bool
) -> None:
    path = tmp_path / "any.log"
    path.write_bytes(b"\n".join(content) + (b"\n" if ends else b""))
    engine = Engine([path])
    for _ in range(tape.PARTIAL_POLLS + 1):
        engine.poll()
    whole = engine.older(None, EVERYTHING, 10_000, never)

    assert everything(engine, page=page) == whole.records
    assert len({record.id for record in whole.records}) == len(whole.records)
    assert len(whole.records) >= sum(bool(line.strip(b" \t\r")) for line in content)
    engine.close()


def test_what_is_written_to_a_file_comes_with_the_next_poll(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(3))
    engine = opened(path)
    seen = engine.end

    assert not engine.poll()
    with path.open("ab") as file:
        file.write(lines(2, first=4) + b'{"message":"half')
        file.flush()
        assert engine.poll()
        assert messages(forward(engine, seen)) == ["line 4", "line 5"]
        file.write(b' and half"}\n')
    assert engine.poll()
    assert messages(forward(engine, seen)) == ["line 4", "line 5", "half and half"]


def test_a_last_line_without_an_end_is_shown_once_it_stays_so(
    opened: Opened, tmp_path: Path
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo")
    engine = opened(path)

    for _ in range(tape.PARTIAL_POLLS + 1):
        engine.poll()

    assert messages(everything(engine)) == ["one", "two"]


def test_a_file_that_was_rotated_is_read_to_its_end_and_then_the_new_one(
    opened: Opened, tmp_path: Path
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\n")
    engine = opened(path)
    with path.open("ab") as old:
        path.rename(tmp_path / "a.log.1")
        old.write(b"two, late\n")
    path.write_bytes(b"three\n")
    engine.poll()
    engine.poll()
    (tmp_path / "a.log.1").unlink()

    assert messages(everything(engine)) == ["one", "two, late", "three"]


def test_a_file_that_was_cut_starts_over_and_says_so(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    engine = opened(path)
    path.write_bytes(b"new\n")
    engine.poll()

    assert messages(everything(engine)) == ["new"]
    assert engine.notices() == [f"{path} was cut; what it held is gone"]
    assert engine.notices() == []


def test_several_files_are_one_log_in_the_order_their_lines_came(
    opened: Opened, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    old.write_bytes(b"a1\n")
    new.write_bytes(b"b1\n")
    os.utime(old, (1, 1))
    engine = opened(new, old)
    for path, text in ((old, b"a2\n"), (new, b"b2\n"), (old, b"a3\n")):
        with path.open("ab") as file:
            file.write(text)
        engine.poll()

    assert messages(everything(engine, page=1)) == ["a1", "b1", "a2", "b2", "a3"]


@pytest.mark.parametrize(
    "text", ["level:error", "job:j-3", "7 level:info", "-line", "line OR nothing", "absent"]
)
def test_a_filter_keeps_the_same_as_a_look_at_every_record(
    opened: Opened, tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.log").write_bytes(lines(500))
    engine = opened(tmp_path / "a.log")

    wanted = [r for r in everything(engine) if keep(text).matches(r)]

    assert everything(engine, keep(text), page=9) == wanted


def test_a_search_can_be_stopped_and_goes_on_where_it_was(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(lines(20_000))
    engine = opened(tmp_path / "a.log")

    first = engine.older(None, keep("level:fatal"), 10, lambda: True)
    assert first.records == []
    assert first.older is not None
    second = engine.older(first.older, keep("job:j-1 level:error"), 5, never)

    assert len(second.records) == 5
    assert all(
        record.id < first.older for record in second.records if len(record.id) == len(first.older)
    )


def test_a_line_of_several_megabytes_costs_no_neighbour(opened: Opened, tmp_path: Path) -> None:
    big = b'{"message":"' + b"x" * 3_000_000 + b'"}\n'
    (tmp_path / "a.log").write_bytes(b"before\n" + big + b"after\n")
    engine = opened(tmp_path / "a.log")

    records = everything(engine, page=1)

    assert [record.message[:6] for record in records] == ["before", "xxxxxx", "after"]
    assert records[1].truncated
    assert forward(engine, engine.start, 1) == records


def test_jobs_and_the_account_are_counted_a_slice_at_a_time(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(lines(5_000))
    engine = opened(tmp_path / "a.log")
    slices = 1
    while engine.count():
        slices += 1

    states = engine.states()
    assert slices > 2
    assert sorted(job.key for job in states.jobs) == [f"j-{n}" for n in range(7)]
    assert sum(job.records for job in states.jobs) == 5_000
    assert sum(job.errors for job in states.jobs) == 500
    total = engine.ledger().total
    assert total.received == total.accepted == total.retained == 5_000


class Slow(io.RawIOBase):
    """A pipe that gives a piece at a time."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def read1(self, _: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def drained(engine: Engine) -> None:
    deadline = time.monotonic() + 10
    while not engine.ended:
        engine.poll()
        assert time.monotonic() < deadline


def test_a_pipe_is_read_wherever_its_pieces_are_cut(opened: Opened) -> None:
    whole = lines(20) + b"last"
    for step in (1, 13, 1000):
        pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
        engine = opened(pipe=Slow(*pieces))
        drained(engine)

        assert messages(everything(engine)) == [*(f"line {n}" for n in range(1, 21)), "last"]


def test_of_a_pipe_the_newest_whole_lines_are_kept(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "MAX_PIPE_BYTES", 5_000)
    engine = opened(pipe=Slow(*[lines(20, first=n) for n in range(1, 2001, 20)]))
    drained(engine)

    kept = messages(everything(engine, page=3))

    assert kept[-1] == "line 2000"
    assert kept == [f"line {n}" for n in range(2001 - len(kept), 2001)]
    assert 20 < len(kept) < 70
    assert forward(engine, engine.start)[0].message == kept[0]


@pytest.mark.parametrize("kind", ["missing", "folder", "gzip", "fifo"])
def test_what_cannot_be_read_is_said_with_what_would_be_right(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "gzip":
        path.write_bytes(b"\x1f\x8b\x08rest")
    elif kind == "fifo":
        os.mkfifo(path)

    with pytest.raises(EngineError) as error:
        Engine([path])

    assert str(path) in str(error.value)


def test_text_of_every_kind_is_read_as_it_is(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(
        b'{"msg":"json","level":"warn"}\n'
        b'time=2026-01-02T03:04:05Z level=error msg="log fmt" job=a\n'
        b"just text\n"
        b"[bracketed] text\n"
    )
    records = everything(opened(tmp_path / "a.log"))

    assert messages(records) == ["json", "log fmt", "just text", "[bracketed] text"]
    assert [record.level for record in records[:2]] == ["warn", "error"]
    assert records[1].timestamp == "2026-01-02T03:04:05.000000Z"
    assert not any(record.malformed for record in records)


def test_wrapped_records_are_seen_once_whatever_the_page(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "wrapped.log"
    expected = [f"line {n}" for n in range(300)]
    wrapped = [
        '{"data":[' + ",".join(f'{{"message":"line {n}"}}' for n in range(at, at + 60)) + "]}\n"
        for at in range(0, 300, 60)
    ]
    file.write_text("".join(wrapped) + '{"data":[]}\n', encoding="utf-8")
    engine = opened(file)

    assert messages(everything(engine, page=50)) == [*expected, '{"data":[]}']


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["alpha", "Beta", "gamma", "123", "é", '"q"']), max_size=6), st.data()
)
def test_no_line_that_matches_is_passed_over(words: list[str], data: st.DataObject) -> None:
    """A needle may let too much through, and never too little."""
    text = data.draw(
        st.sampled_from(
            [
                "alpha",
                "ALPHA beta",
                '"alpha  "',
                '"a b"',
                "job:Beta",
                '"alpha Beta"',
                "@k:gamma",
                "alpha*gamma",
                "-alpha",
            ]
        )
    )
    record = Record(message=" ".join(words), job="Beta" if "Beta" in words else None)
    line = msgspec.json.encode(record) + b"\n"
    wanted = keep(text)
    found = needles(wanted.tree)

    passed = not found or bool(list(lines_with(found, line)))
    assert passed or not wanted.matches(record)


def test_a_phrase_is_looked_for_as_a_whole_but_for_what_json_escapes() -> None:
    assert [needle.word for needle in needles(keep('"Request 3 of"').tree)] == [b"request 3 of"]
    assert [needle.word for needle in needles(keep(r'"a/b \"x\" here"').tree)] == [b" here"]
    assert needles(keep("@status:503").tree) == ()
    assert needles(keep("-word OR other").tree) == ()


def test_a_word_spelled_with_escapes_is_found(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b'{"message":"\\u0061lpha"}\n{"message":"other"}\n')

    assert messages(everything(opened(tmp_path / "a.log"), keep("alpha"))) == ["alpha"]
