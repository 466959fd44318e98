"""Keys in, screen out: the whole viewer on a terminal that is not there."""

import msgspec
import pytest

from support.stage import FakeSource, Stage
from support.traffic import records, states
from ttview.entry import Entry
from ttview.feed import Connection, Failed, GapSeen, PageRequest, StatesChanged, StreamRequest
from ttview.meter import Meter
from ttview.settings import Settings
from ttwire.about import Refusal
from ttwire.gap import Gap
from ttwire.record import Record
from ttwire.state import JobState, States


def plain(count: int, *, first: int = 1, job: str = "job-a", level: str = "info") -> list[Record]:
    return [
        Record(
            id=f"e-{n}",
            timestamp=f"2026-01-02T03:{n // 60 % 60:02d}:{n % 60:02d}.000000Z",
            job=job if n % 2 else "job-b",
            worker="w-1",
            level=level,
            message=f"line {n}.",
        )
        for n in range(first, first + count)
    ]


def stage(count: int = 100, *, columns: int = 100, rows: int = 20) -> Stage:
    return Stage(FakeSource(plain(count)), columns=columns, rows=rows)


def test_it_opens_following_the_newest_records() -> None:
    opened = stage()

    assert "line 100." in opened.lines()[-3]
    assert "FOLLOW" in opened.lines()[0]
    assert "127.0.0.1:8484" in opened.lines()[0]


def test_the_first_frame_comes_before_the_network() -> None:
    opened = Stage(FakeSource(), started=False)

    assert "connecting" in opened.text
    assert opened.source.asked == []


def test_a_new_line_appears_without_a_key() -> None:
    opened = stage()
    opened.arrive(plain(1, first=101))

    assert "line 101." in opened.lines()[-3]


def test_scrolling_up_leaves_follow_and_says_how_many_are_new() -> None:
    opened = stage()
    opened.keys("k", "k")
    before = opened.row("line 98.")
    opened.arrive(plain(7, first=101, level="error"))

    assert opened.row("line 98.") == before
    assert "7 new ERROR" in opened.lines()[0]
    assert "PAUSED" in opened.lines()[0]
    opened.keys("G")
    assert "FOLLOW" in opened.lines()[0]
    assert "line 107." in opened.lines()[-3]


def test_a_filter_narrows_at_once_and_asks_the_source_for_the_rest() -> None:
    opened = stage()
    opened.keys("/", "job:job-b", "Enter")

    assert "job-a" not in opened.text.replace("job:job-a", "")
    assert "line 100." in opened.text
    assert StreamRequest("job:job-b", since="e-100") in opened.source.asked
    assert "50 hidden" not in opened.text.splitlines()[0]
    opened.arrive(plain(2, first=101))
    assert "line 102." in opened.text
    assert "line 101." not in opened.text


def test_a_wrong_filter_points_at_the_column_and_keeps_the_text() -> None:
    opened = stage()
    opened.keys("/", "level:>=loud", "Enter")

    error = opened.lines()[-1]
    assert error.index("^") == opened.lines()[-2].index("loud")
    assert "expected a level" in error
    opened.keys(*["Backspace"] * 4, "warn", "Enter")
    assert opened.model.view.query == "level:>=warn"


def test_escape_in_the_filter_line_changes_nothing_and_the_text_is_one_up_away() -> None:
    opened = stage()
    opened.keys("/", "job:nothing", "Esc")

    assert opened.model.view.query == ""
    assert "line 100." in opened.text
    opened.keys("/", "Up")
    assert "job:nothing" in opened.lines()[-2]


def test_going_back_shows_the_view_before_as_it_was() -> None:
    opened = stage()
    opened.keys(*["k"] * 5)
    row = opened.row("line 95.")
    opened.keys("J")
    assert "job job-a" in opened.lines()[0]
    opened.keys("H")

    assert opened.row("line 95.") == row
    assert "line 96." in opened.text


def test_a_record_being_read_stays_when_the_filter_keeps_it_and_when_it_goes() -> None:
    opened = stage(1_000)
    opened.keys(*["PgUp"] * 5)
    index = opened.model.window.cursor()
    assert index is not None
    text = f"line {index.key[2]}."
    row = opened.row(text)
    opened.keys("/", f"job:{opened.model.window.record().job}", "Enter")  # type: ignore[union-attr]
    assert opened.row(text) == row
    opened.keys("X")
    assert opened.row(text) == row
    opened.keys("X")
    assert opened.row(text) == row


def test_scrolling_up_pages_from_the_source_to_the_oldest() -> None:
    source = FakeSource(plain(3_000))
    opened = Stage(source, columns=100, rows=20)
    opened.keys("g")
    asked = [one for one in source.asked if isinstance(one, PageRequest)]
    assert asked
    for _ in range(8):
        opened.keys("g")

    assert "line 1." in opened.text
    opened.keys("g")
    assert "the oldest record the sink holds" in opened.text


def test_a_gap_stands_in_its_place_and_enter_fills_it() -> None:
    source = FakeSource(plain(100))
    opened = Stage(source, columns=100, rows=20)
    source.records += plain(4, first=101)
    opened.deliver(GapSeen(Gap(reason="rate", start="e-100", end="e-104", lost=4)))
    opened.arrive(plain(3, first=105))

    assert "4 records skipped to keep up" in opened.text
    opened.keys("k", "k", "k", "Enter")
    assert "4 records" not in opened.text
    assert "line 103." in opened.text


def test_the_connection_is_told_with_its_next_try() -> None:
    opened = stage()
    opened.deliver(Connection("waiting", "connection refused", 7.0))
    assert "next try in 7s: connection refused" in opened.lines()[0]
    opened.wait(3)
    assert "next try in 4s" in opened.lines()[0]
    opened.deliver(Connection("live"))
    assert "connected again" in opened.text


def test_the_list_of_jobs_opens_a_jobs_stream() -> None:
    found = records(200)
    opened = Stage(FakeSource(found), columns=140, rows=30)
    opened.deliver(StatesChanged(states(found), whole=True))
    opened.keys("s", "j", "j")
    chosen = opened.model.side.current()
    assert chosen is not None
    opened.keys("Enter")

    assert f"job {chosen.key}" in opened.lines()[0]
    shown = opened.model.window.shown()
    jobs = {item.record.job for item in shown if isinstance(item, Entry)}
    assert jobs == {chosen.key}


def test_enter_opens_the_record_and_escape_closes_it() -> None:
    opened = Stage(FakeSource(records(50)), columns=120, rows=40)
    opened.keys("k", "Enter")

    assert "trace_id" in opened.text
    assert "timestamp" in opened.text
    opened.keys("Esc")
    assert "trace_id" not in opened.text


def test_a_stack_trace_is_one_row_until_it_is_opened_in_place() -> None:
    opened = Stage(FakeSource(records(300)), columns=140, rows=30)
    opened.keys("k", "E")
    assert "TimeoutError" in opened.text
    assert "Traceback" not in opened.text
    opened.keys("p")
    assert "Traceback (most recent call last):" in opened.text
    opened.keys("p")
    assert "Traceback" not in opened.text


def test_share_mode_hides_values_of_fields_and_names_in_messages() -> None:
    opened = Stage(FakeSource(records(50)), columns=160, rows=40)
    opened.keys("S")

    assert "203.0.113" not in opened.text
    assert "provider=ses" not in opened.text
    assert "SHARE" in opened.lines()[0]


def test_share_mode_hides_values_in_the_last_line_of_a_job_at_the_side() -> None:
    last = "mail to ada@example.com from 203.0.113.77 sent"
    found = msgspec.structs.replace(records(1)[0], job="mail-1", message=last)
    opened = Stage(FakeSource([found]), columns=160, rows=40)
    told = States(jobs=(JobState(key="mail-1", state="running", message=last),))
    opened.deliver(StatesChanged(told, whole=True))
    opened.keys("s")
    assert opened.text.count("mail to ada") == 2
    opened.keys("Esc", "S", "s")

    assert "SHARE" in opened.lines()[0]
    assert "mail to" in opened.text
    assert "ada" not in opened.text
    assert "203" not in opened.text


def test_freeze_keeps_the_screen_and_counts_what_is_held() -> None:
    opened = stage()
    before = opened.lines()[1:-2]
    opened.keys("P")
    opened.arrive(plain(5, first=101))

    assert opened.lines()[1:-2] == before
    assert "5 held" in opened.lines()[0]
    opened.keys("P")
    assert "line 105." in opened.text


def test_a_resize_keeps_the_record_on_its_row() -> None:
    opened = stage()
    opened.keys(*["k"] * 12)
    row = opened.row("line 88.")
    opened.resize(120, 30)

    assert opened.row("line 88.") == row


@pytest.mark.parametrize(("columns", "rows"), [(20, 3), (40, 12), (60, 6), (80, 24), (200, 60)])
def test_every_row_fits_screens_of_any_size(columns: int, rows: int) -> None:
    found = records(300)
    opened = Stage(FakeSource(found), columns=columns, rows=rows)
    opened.deliver(StatesChanged(states(found), whole=True))
    opened.keys("k", "Enter", "Tab", "s", "?")

    assert all(len(line) <= columns for line in opened.lines())


def test_a_monstrous_record_does_not_hang_the_screen() -> None:
    monsters = [
        Record(id="e-1", message="x" * 20_000_000),
        Record(id="e-2", message="\u0301" * 1_000_000),
        Record(id="e-3", message="many", fields={f"f{n}": n for n in range(10_000)}),
        Record(id="e-4", message="\n" * 100_000),
        Record(id="e-5", message="\x1b]52;c;aGk=\x07\u202eevil\u2028"),
    ]
    deep: dict[str, object] = {}
    at = deep
    for _ in range(1_000):
        at["in"] = {}
        at = at["in"]  # type: ignore[assignment]
    monsters.append(Record(id="e-6", message="deep", fields=deep))
    opened = Stage(FakeSource(monsters), columns=100, rows=30)
    for _ in monsters:
        opened.keys("k", "p", "Enter", "j", "Esc", "p", "w", "w")

    assert "\x1b" not in opened.text
    assert "\u202e" not in opened.text


def test_ascii_screens_hold_nothing_but_ascii() -> None:
    found = records(100)
    opened = Stage(
        FakeSource(found), columns=140, rows=40, settings=Settings(zone="utc", ascii_only=True)
    )
    opened.deliver(StatesChanged(states(found), whole=True))
    opened.keys("k", "Enter")

    assert opened.text.isascii()


def test_a_page_that_cannot_be_had_is_told_and_asked_for_again_only_by_the_person() -> None:
    source = FakeSource(plain(3_000))
    opened = Stage(source, columns=100, rows=20)
    source.answers = False
    opened.keys("g", "g")
    asked = [one for one in source.asked if isinstance(one, PageRequest)]
    refusal = Refusal("cursor", "expected an id of epoch f")
    opened.deliver(Failed("page", refusal, asked[-1]))

    assert "page: expected an id of epoch f" in opened.text
    assert [one for one in source.asked if isinstance(one, PageRequest)] == asked
    source.answers = True
    opened.keys("g")
    assert [one for one in source.asked if isinstance(one, PageRequest)] != asked


def test_a_gap_whose_start_the_sink_does_not_know_offers_no_filling() -> None:
    opened = stage()
    opened.deliver(GapSeen(Gap(reason="restart", start="e-100")))
    opened.arrive(plain(3, first=101))

    assert "records may be missing: the sink began anew" in opened.text
    assert "Enter loads" not in opened.text
    opened.keys("k", "k", "k", "Enter")
    assert "no longer has these records" in opened.text


def test_the_strip_counts_the_records_shown_and_marks_where_the_cursor_is() -> None:
    opened = stage(240)
    opened.keys("i")
    before = opened.lines()[1]
    assert before.count("▇") >= 20
    assert "03:04:00" in before
    opened.keys("g", "g")
    runs = opened.styled()[1]
    (marked,) = [number for number, run in enumerate(runs) if "class:cursor" in run.style]
    assert runs[marked - 1].text.endswith("03:00:01 ")
    opened.keys("i")
    assert "▇" not in opened.lines()[1]


def test_the_window_title_says_what_is_shown_and_whether_it_moves() -> None:
    opened = stage()
    titles = opened.output.titles
    titles.clear()
    opened.keys("k", "/", "level:error", "Enter", "P")

    assert titles == [
        "ttview: 127.0.0.1:8484 [paused]",
        "ttview: level:error [paused]",
        "ttview: level:error [frozen]",
    ]


def test_what_was_replayed_is_no_silence() -> None:
    meter = Meter()
    meter.count(1_000.0, 1, None)
    newest = Record(timestamp="1970-01-01T00:20:00.000000Z")

    meter.replayed(1_205.0, newest)

    assert meter.last == 1_200.0
    assert meter.rate(1_205.0) == 0.0
