"""What is typed after `:` and into the other prompts, and what leaves the screen."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.stage import LOOP, NOW, FakeSource, Stage
from support.traffic import records
from ttview import moving
from ttview.app import Outside
from ttview.feed import PageRequest
from ttview.settings import Settings
from ttwire.record import Record


class Elsewhere:
    """A clipboard and a browser that remember."""

    def __init__(self) -> None:
        self.copied: list[str] = []
        self.opened: list[str] = []
        self.kept: dict[str, str] = {}

    async def copy(self, text: str) -> str:
        self.copied.append(text)
        return "copied with OSC 52"

    async def open_url(self, url: str) -> str:
        self.opened.append(url)
        return "opened"

    def outside(self) -> Outside:
        return Outside(
            copy=self.copy,
            open_url=self.open_url,
            link=lambda record, _: f"https://traces.example/{record.trace_id}",
            keep_filter=self.kept.__setitem__,
        )


def at(second: float, position: int, message: str = "m") -> Record:
    stamp = f"2026-01-02T03:00:{second:09.6f}Z"
    return Record(id=f"e-{position}", timestamp=stamp, received=stamp, message=message)


def play(count: int = 60, *, elsewhere: Elsewhere | None = None, **options: Any) -> Stage:
    outside = (elsewhere or Elsewhere()).outside()
    return Stage(FakeSource(records(count)), columns=160, rows=30, outside=outside, **options)


def run(work: Coroutine[Any, Any, None]) -> None:
    LOOP.run_until_complete(work)


def test_a_record_is_copied_as_json_and_the_way_is_told() -> None:
    elsewhere = Elsewhere()
    opened = play(elsewhere=elsewhere)
    opened.keys("k", "y")

    assert msgspec.json.decode(elsewhere.copied[0])["id"] == "7f3a9c-59"
    assert "record: copied with OSC 52" in opened.text
    opened.keys("Y")
    assert elsewhere.copied[1] == opened.model.window.record().message  # type: ignore[union-attr]


def test_share_mode_copies_and_saves_nothing(tmp_path: Path) -> None:
    elsewhere = Elsewhere()
    opened = play(elsewhere=elsewhere)
    opened.keys("k", "S", "y", "Y", "^S", str(tmp_path / "x.txt"), "Enter")

    assert elsewhere.copied == []
    assert "share mode hides values" in opened.text
    assert list(tmp_path.iterdir()) == []


def test_the_command_that_reopens_this_view_names_filter_and_record() -> None:
    elsewhere = Elsewhere()
    opened = play(elsewhere=elsewhere, settings=Settings(zone="utc", command="ttview http://h:1"))
    opened.keys("/", 'level:>=warn "slow query"', "Enter", "k", "gc")

    (command,) = elsewhere.copied
    assert command.startswith(
        "ttview http://h:1 --filter 'level:>=warn \"slow query\"' --at 7f3a9c-"
    )


def test_gx_opens_the_link_of_the_record_under_the_cursor() -> None:
    elsewhere = Elsewhere()
    opened = play(elsewhere=elsewhere)
    opened.keys("k")
    while opened.model.window.record().trace_id is None:  # type: ignore[union-attr]
        opened.keys("k")
    opened.keys("gx")

    trace_id = opened.model.window.record().trace_id  # type: ignore[union-attr]
    assert elsewhere.opened == [f"https://traces.example/{trace_id}"]


def test_what_is_shown_is_saved_once_and_never_over_a_file(tmp_path: Path) -> None:
    opened = play()
    path = tmp_path / "shown.jsonl"
    saved = opened.model.window.held.records
    for _ in range(2):
        opened.keys(":", f"w {path}", "Enter")
        for _ in range(20):
            run(_pause())
    assert len(path.read_bytes().splitlines()) == saved
    opened.draw()
    assert "is there already" in opened.text


async def _pause() -> None:
    import asyncio  # noqa: PLC0415 - one use

    await asyncio.sleep(0.005)


def test_a_filter_is_kept_under_a_name_and_used_again() -> None:
    elsewhere = Elsewhere()
    opened = play(elsewhere=elsewhere)
    opened.keys("/", "level:error", "Enter", ":", "keep bad", "Enter", "u")
    assert opened.model.view.query == ""
    opened.keys(":", "use bad", "Enter")

    assert opened.model.view.query == "level:error"
    assert elsewhere.kept == {"bad": "level:error"}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("fly", 'no command "fly"'),
        ("columns jib", 'no column "jib"'),
        ("columns job:0", '"0" is no width'),
        ("theme pink", 'no theme "pink"'),
        ("zone mars", "local or utc"),
        ("goto teatime", '"teatime" is no time'),
        ("goto 25:00", "no time of day"),
        ("use nothing", 'no filter kept as "nothing"'),
        ("w", "name a file"),
        ("record", "the id of a record"),
    ],
)
def test_a_wrong_command_stays_in_the_line_with_what_is_wrong(typed: str, told: str) -> None:
    opened = play()
    opened.keys(":", typed, "Enter")

    assert told in opened.lines()[-1]
    assert typed in opened.lines()[-2]


def test_columns_are_chosen_reordered_and_taken_from_fields() -> None:
    opened = play()
    opened.keys(":", "columns level job:12 @provider queue message", "Enter")

    heading = opened.lines()[1].split("│")[1].split()
    assert heading == ["level", "job", "provider", "queue", "message"]
    assert "ses" in opened.text


@pytest.mark.parametrize(
    ("text", "seconds_ago"), [("-5m", 300), ("03:04:05", 0), ("03:00", 245), ("04:00", 83_045)]
)
def test_a_time_is_read_as_the_last_such_moment(text: str, seconds_ago: int) -> None:
    assert NOW - moving.parse_time(text, now=NOW, zone_name="utc") == seconds_ago


def test_going_to_a_time_puts_the_cursor_on_the_first_record_from_then_on() -> None:
    opened = Stage(FakeSource([at(n, n) for n in range(1, 60)]), columns=100, rows=20)
    opened.keys(":", "goto 2026-01-02T03:00:30Z", "Enter")
    record = opened.model.window.record()
    assert record is not None
    assert record.id == "e-30"


@pytest.mark.parametrize(("filter_text", "found"), [("", "e-31"), ("odd", "e-31"), ("ten", "e-40")])
def test_going_to_a_time_before_all_that_is_held_finds_it_in_the_sink(
    filter_text: str, found: str
) -> None:
    words = ["ten" if n % 10 == 0 else "odd" if n % 2 else "even" for n in range(9_000)]
    stored = [at(n / 100, n, words[n]) for n in range(1, 5_900)]
    source = FakeSource(stored)
    opened = Stage(source, columns=100, rows=20, settings=Settings(query=filter_text, zone="utc"))
    opened.keys("@", "2026-01-02T03:00:00.305Z", "Enter")
    record = opened.model.window.record()
    assert record is not None
    assert record.id == found
    assert opened.model.halving is None
    assert len(source.asked) < 30
    assert "not in this view" not in opened.text
    opened.keys("k")
    assert opened.model.window.record() != record, "what is older is there, too"


def test_going_to_a_time_before_all_that_is_retained_goes_to_the_oldest_and_says_so() -> None:
    stored = [at(n / 100, n) for n in range(2_000, 5_900)]
    opened = Stage(FakeSource(stored), columns=100, rows=20)
    opened.keys("@", "2026-01-02T02:00:00Z", "Enter")
    record = opened.model.window.record()
    assert record is not None
    assert record.id == "e-2000"
    assert "nothing older than this is retained" in opened.text


def test_ordered_by_record_time_late_records_find_their_place_after_the_hold_back() -> None:
    opened = Stage(FakeSource([at(n, n, f"first {n}.") for n in range(1, 5)]), columns=100, rows=20)
    opened.keys("r")
    opened.arrive([at(9, 5, "nine."), at(7, 6, "seven."), at(2.5, 7, "between.")])
    assert "nine." not in opened.text
    opened.wait(1.5)

    rows = [opened.row(f"{word}.") for word in ("first 2", "between", "first 3", "seven", "nine")]
    assert rows == sorted(rows)
    assert min(rows) >= 0
    opened.keys("r")
    assert opened.row("between.") > opened.row("nine.")


def test_it_opens_on_a_record_by_its_id_with_what_is_around_it() -> None:
    source = FakeSource(records(3_000))
    opened = Stage(source, columns=120, rows=30, settings=Settings(zone="utc", at="7f3a9c-500"))

    record = opened.model.window.record()
    assert record is not None
    assert record.id == "7f3a9c-500"
    assert PageRequest("", before="7f3a9c-500") in source.asked
    ids = [line.item.record.id for line in opened.model.window.lines() if line]  # type: ignore[union-attr]
    at_cursor = ids.index("7f3a9c-500")
    assert ids[at_cursor - 2 : at_cursor + 3] == [f"7f3a9c-{n}" for n in range(498, 503)]
    opened.keys("G")
    assert opened.model.window.record().id == "7f3a9c-3000"  # type: ignore[union-attr]


def test_a_record_that_is_gone_is_told_and_the_log_opens_all_the_same() -> None:
    opened = Stage(
        FakeSource(records(100, first=51)),
        columns=120,
        rows=30,
        settings=Settings(zone="utc", at="7f3a9c-5"),
    )

    assert "no longer in the sink" in opened.text
    assert opened.model.window.record() is not None


def test_highlight_terms_are_marked_and_n_goes_through_them() -> None:
    opened = play(200)
    opened.keys("*", "SMTP", "Enter", "g", "n")
    record = opened.model.window.record()
    assert record is not None
    assert "smtp" in record.message
    styles = {style for row in opened.styled() for text, style in row if text == "smtp"}
    assert any("mark1" in style for style in styles)
    for number in range(4):
        opened.keys("*", f"term{number}", "Enter")
    opened.keys("*", "sixth", "Enter")
    assert "5 terms are marked already" in opened.text


def test_marks_are_shown_and_found_again() -> None:
    opened = play()
    opened.keys("k", "k", "m", "k", "k", "k", "]m")

    record = opened.model.window.record()
    assert record is not None
    assert opened.model.rows.marked == {record.id}
    assert "◆" in opened.text


def test_the_value_on_a_line_of_the_record_becomes_a_filter() -> None:
    opened = play()
    opened.keys("k", "Enter")
    while "worker" not in opened.lines()[opened.row("── record") + 1 + opened.model.peek.at]:  # type: ignore[union-attr]
        opened.keys("j")
    opened.keys("i")
    record = opened.model.window.record()
    assert record is not None
    assert opened.model.view.query == f"worker:{record.worker}"
    opened.keys("x")
    assert opened.model.view.query == f"worker:{record.worker} -worker:{record.worker}"


def test_the_mouse_moves_the_cursor_and_the_wheel_the_screen() -> None:
    from prompt_toolkit.data_structures import Point  # noqa: PLC0415 - one use

    from ttview.screen import Click  # noqa: PLC0415 - one use

    opened = play(200)
    opened.keys("F2")
    assert opened.viewer.app.renderer.mouse_support()
    top = opened.model.window.lines()[5]
    assert top is not None
    opened.viewer._click(Click(at=Point(x=100, y=7)))
    assert opened.model.window.cursor() is top.item
    opened.viewer._click(Click(wheel=-1))
    line = opened.model.window.lines()[8]
    assert line is not None
    assert line.item is top.item
