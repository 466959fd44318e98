"""The record under the reader's eyes does not move unless the reader moves it (G6)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ttview.entry import Entry, Epochs, Hole, Item
from ttview.feed import PageRequest
from ttview.held import Limits
from ttview.window import Window
from ttwire.gap import Gap
from ttwire.page import Page
from ttwire.record import Record

LIMITS = Limits(max_records=60, max_bytes=1 << 20, margin=5, tail=10)


def record(position: int, *, level: str = "info", message: str = "m", epoch: str = "e") -> Record:
    stamp = f"2026-01-02T03:04:{position % 60:02d}.000000Z"
    return Record(id=f"{epoch}-{position}", timestamp=stamp, level=level, message=message)


def records(start: int, stop: int) -> list[Record]:
    return [record(n) for n in range(start, stop)]


def window(count: int = 0, *, height: int = 10, limits: Limits = LIMITS) -> Window:
    made = Window(Epochs(), limits)
    made.height = height
    made.arrive(records(1, count + 1))
    return made


def ids(made: Window) -> list[str]:
    return [
        line.item.record.id if line is not None and isinstance(line.item, Entry) else "-"
        for line in made.lines()
    ]


def place(made: Window) -> tuple[str, int] | None:
    """The record under the cursor and the screen row of its first visible line."""
    for number, line in enumerate(made.lines()):
        if line is not None and line.is_cursor:
            name = line.item.record.id if isinstance(line.item, Entry) else str(line.item.key)
            return name, number - line.part
    return None


def tall(item: Item) -> int:
    return 1 + item.key[2] % 3


def test_it_opens_following_with_the_newest_at_the_bottom() -> None:
    made = window(30)

    assert ids(made) == [f"e-{n}" for n in range(21, 31)]
    assert made.follow
    assert place(made) == ("e-30", 9)


def test_less_than_a_screen_stands_at_the_top() -> None:
    assert ids(window(3)) == ["e-1", "e-2", "e-3"]


def test_moving_up_leaves_follow_and_counts_what_comes_with_its_worst_level() -> None:
    made = window(30)
    made.move(-1)
    made.arrive([record(31), record(32, level="error"), record(33, level="warn")])

    assert place(made) == ("e-29", 8)
    assert (made.unseen, made.unseen_rank) == (3, 5)
    assert not made.follow


def test_moving_down_past_the_newest_follows_again() -> None:
    made = window(30)
    follows = []
    for by in (-2, 1, 1):
        made.move(by)
        follows.append(made.follow)

    assert follows == [False, False, True]
    assert made.unseen == 0


def test_a_frozen_screen_stands_still_and_following_goes_on_after_it() -> None:
    made = window(30)
    made.freeze()
    made.arrive(records(31, 41))

    assert ids(made)[-1] == "e-30"
    assert made.unseen == 10
    made.thaw()
    assert ids(made)[-1] == "e-40"
    assert made.unseen == 0


def test_clear_shows_only_what_comes_and_can_be_taken_back() -> None:
    made = window(30)
    made.clear()
    assert ids(made) == []
    made.arrive(records(31, 33))
    assert ids(made) == ["e-31", "e-32"]
    made.restore()
    assert ids(made) == [f"e-{n}" for n in range(23, 33)]


def test_eviction_takes_the_oldest_and_keeps_the_bound() -> None:
    made = window(500)

    assert made.held.records <= LIMITS.max_records * 1.1
    assert made.held.records + made.held.evicted == 500


def test_eviction_while_reading_leaves_a_hole_below_and_never_the_screen() -> None:
    made = window(60)
    made.to_top()
    made.move(3)
    before = ids(made)
    made.arrive(records(61, 400))

    assert ids(made) == before
    holes = [item for item in made.held.items if isinstance(item, Hole)]
    assert [hole.reason for hole in holes] == ["unheld"]
    assert made.held.records + (holes[0].lost or 0) == 399


def test_a_page_after_fills_the_hole_from_its_start() -> None:
    made = window(10)
    made.gap(Gap(reason="rate", start="e-10", end="e-14", lost=4))
    made.arrive(records(15, 20))

    made.load(PageRequest(after="e-10"), Page(records(11, 13), newer="e-12"))
    (hole,) = [item for item in made.held.items if isinstance(item, Hole)]
    assert (hole.start, hole.lost) == ("e-12", 2)
    made.load(PageRequest(after="e-12"), Page(records(13, 20), newer=None))

    assert [item for item in made.held.items if isinstance(item, Hole)] == []
    assert [item.record.id for item in made.held.items if isinstance(item, Entry)] == [
        f"e-{n}" for n in range(1, 20)
    ]


def test_a_page_after_that_is_empty_and_can_go_on_only_moves_the_start_of_the_hole() -> None:
    made = window(10)
    made.gap(Gap(reason="rate", start="e-10", end="e-9000", lost=None))
    made.arrive(records(9001, 9005))

    made.load(PageRequest(after="e-10"), Page([], older="e-11", newer="e-8000"))

    (hole,) = [item for item in made.held.items if isinstance(item, Hole)]
    assert (hole.start, hole.end, hole.asked) == ("e-8000", "e-9000", False)


def test_a_page_before_that_is_empty_and_can_go_on_is_not_the_end() -> None:
    made = Window(Epochs(), LIMITS)
    made.height = 10
    made.arrive(records(9001, 9005))

    made.load(PageRequest(before="e-9001"), Page([], older="e-808", newer="e-9000"))
    assert (made.held.top, made.held.reach) == ("more", "e-808")
    assert made.wants_older()
    made.load(PageRequest(before="e-808"), Page(records(3, 5), older=None, newer="e-4"))

    assert made.held.top == "oldest"
    assert ids(made)[-6:] == ["e-3", "e-4", "e-9001", "e-9002", "e-9003", "e-9004"]


def test_an_empty_stream_goes_back_from_where_its_page_ended() -> None:
    made = Window(Epochs(), LIMITS)
    made.height = 10
    made.load(PageRequest(), Page([], older="e-808", newer=None))

    assert made.wants_older()
    assert made.held.reach == "e-808"


def test_what_the_sink_no_longer_has_stays_a_hole_that_says_so() -> None:
    made = window(10)
    made.gap(Gap(reason="evicted", start="e-10", end="e-14", lost=4))
    made.arrive(records(15, 20))

    made.load(PageRequest(after="e-10"), Page(records(13, 20), newer=None))

    (hole,) = [item for item in made.held.items if isinstance(item, Hole)]
    assert (hole.lost, hole.asked) == (2, True)


def test_a_page_of_older_records_leaves_the_reader_in_place() -> None:
    made = Window(Epochs(), LIMITS)
    made.height = 10
    made.arrive(records(41, 61))
    made.to_top()
    made.move(2)
    before = place(made)
    tops = []
    for page in (
        Page(records(21, 41), older="e-21", newer="e-40"),
        Page(records(1, 21), older=None, newer="e-20"),
    ):
        made.load(PageRequest(before=f"e-{21 + 20 * (page.older is not None)}"), page)
        tops.append(made.held.top)
        assert place(made) == before

    assert tops == ["more", "oldest"]


def test_ordered_by_record_time_the_cursor_keeps_its_record_and_row() -> None:
    made = window(0)
    made.arrive(records(1, 30))
    made.move(-4)
    before = place(made)
    made.reorder("time")
    assert place(made) == before
    made.reorder("arrival")
    assert place(made) == before


def test_an_item_taller_than_the_screen_is_read_to_its_end() -> None:
    made = window(3, height=5)
    made.tall = lambda item: 12 if item.key[2] == 2 else 1
    made.to_top()
    seen = []
    for _ in range(9):
        made.move(1)
        first = made.lines()[0]
        assert first is not None
        seen.append((first.item.key[2], first.part))

    assert seen == [(2, part) for part in range(8)] + [(2, 8)]


class Reading(RuleBasedStateMachine):
    """Anything may happen around a reader who does not move."""

    @initialize(height=st.integers(1, 12), variable=st.booleans())
    def open(self, height: int, variable: bool) -> None:
        self.made = Window(Epochs(), LIMITS)
        self.made.height = height
        if variable:
            self.made.tall = tall
        self.next = 1_000
        self.before: tuple[str, int] | None = None
        self.arrive(20)

    def arrive(self, count: int) -> None:
        self.made.arrive(records(self.next, self.next + count))
        self.next += count

    def quietly(self, happens: str, amount: int) -> None:
        before = None if self.made.moving else place(self.made)
        if happens == "records":
            self.arrive(amount)
        elif happens == "gap":
            last = self.next - 1
            self.made.gap(
                Gap(reason="rate", start=f"e-{last}", end=f"e-{last + amount}", lost=amount)
            )
            self.next += amount
        elif happens == "older":
            first = self.made.held.first_record()
            assert first is not None
            position = int(first.id.split("-")[1])
            start = max(position - amount, 1)
            older = f"e-{start}" if start > 1 else None
            page = Page(records(start, position), older=older)
            self.made.load(PageRequest(before=first.id), page)
        elif happens == "rule":
            self.made.rule("now")
        if before is not None:
            assert place(self.made) == before

    @rule(
        happens=st.sampled_from(["records", "records", "gap", "older", "rule"]),
        amount=st.integers(1, 80),
    )
    def happen(self, happens: str, amount: int) -> None:
        self.quietly(happens, amount)

    @rule(by=st.integers(-30, 30))
    def move(self, by: int) -> None:
        self.made.move(by)

    @rule(by=st.integers(-30, 30))
    def scroll(self, by: int) -> None:
        self.made.scroll(by)

    @rule(pages=st.sampled_from([-1.0, -0.5, 0.5, 1.0]))
    def page(self, pages: float) -> None:
        self.made.page(pages)

    @rule()
    def to_top(self) -> None:
        self.made.to_top()

    @rule()
    def to_bottom(self) -> None:
        self.made.to_bottom()

    @rule(frozen=st.booleans())
    def freeze(self, frozen: bool) -> None:
        if frozen:
            self.made.freeze()
        else:
            self.made.thaw()

    @precondition(lambda self: not self.made.follow)
    @rule(height=st.integers(1, 14))
    def resize(self, height: int) -> None:
        before = place(self.made)
        self.made.resize(height)
        after = place(self.made)
        assert before is not None
        assert after is not None
        assert after[0] == before[0]
        assert after[1] == min(before[1], height - 1)

    @invariant()
    def the_bounds_hold(self) -> None:
        limits = self.made.held.limits
        room = 2 * limits.margin + 3 * self.made.height + limits.tail
        assert self.made.held.records <= limits.max_records * 1.1 + room

    @invariant()
    def the_screen_is_full_of_neighbours(self) -> None:
        lines = [line for line in self.made.lines() if line is not None]
        assert len(lines) <= self.made.height
        assert any(line.is_cursor for line in lines)
        keys = [line.item.key for line in lines]
        assert keys == sorted(keys)


Reading.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True
)
TestReading = Reading.TestCase
