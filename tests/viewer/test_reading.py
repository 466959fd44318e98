"""What is read stays where it is through filters, pages, history, loss and resizes (G6)."""

from collections import deque

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from support.stage import NOW, FakeSource
from ttview.actions import Do, Resized, Submitted, Tick, start, update
from ttview.effects import Ask, Effect, Follow
from ttview.entry import Entry
from ttview.feed import Arrival, Arrived, GapSeen
from ttview.held import Limits
from ttview.model import Model
from ttview.settings import Settings
from ttwire.gap import Gap
from ttwire.record import Record

QUERIES = ("", "job:a", "level:>=warn", "job:a level:error", "-job:b", "nothing")
MOVES = ("up", "up", "down", "page_up", "page_up", "half_up", "top", "bottom", "previous_error")
LOOKS = ("time_form", "share", "order", "freeze", "mark", "rule", "toggle_side", "full")
VIEWS = ("level", "toggle_filter", "context", "view_back", "view_forward", "unfilter", "this_job")


def record(position: int) -> Record:
    return Record(
        id=f"e-{position}",
        timestamp=f"2026-01-02T03:{position // 60 % 60:02d}:{position % 60:02d}.000000Z",
        job="abc"[position % 3],
        level=("info", "info", "warn", "error")[position * 7 % 4],
        message=f"line {position}",
    )


class Reading(RuleBasedStateMachine):
    """A reader, a sink whose answers come when they come, and everything around them."""

    @initialize(
        count=st.integers(0, 300),
        height=st.integers(8, 30),
        moves=st.lists(st.sampled_from(MOVES), max_size=8),
    )
    def open(self, count: int, height: int, moves: list[str]) -> None:
        self.source = FakeSource([record(n) for n in range(1, count + 1)])
        # Looked up when called: `perform` puts another queue in its place.
        self.source.deliver = lambda arrival: self.waiting.append(arrival)  # noqa: PLW0108
        self.waiting: deque[Arrival] = deque()
        limits = Limits(max_records=80, margin=45, tail=20)
        self.model = Model(Settings(zone="utc", limits=limits), now=NOW)
        self.act(Resized(100, height))
        self.perform(start(self.model))
        self.answer(10)
        for name in ["up", *moves]:
            self.move(name)

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Follow):
                # Nothing of the stream before is delivered once another is asked for.
                kept = [one for one in self.waiting if not isinstance(one, Arrived | GapSeen)]
                self.waiting = deque(kept)
                self.source.follow(effect.request)
            elif isinstance(effect, Ask):
                self.source.page(effect.request)

    def act(self, action: object) -> None:
        self.perform(update(self.model, action))  # type: ignore[arg-type]

    def place(self) -> tuple[str, int] | None:
        """The record under the cursor and its row, while the screen does not move by itself."""
        if self.model.window.moving:
            return None
        for number, line in enumerate(self.model.window.lines()):
            if line is not None and line.is_cursor and isinstance(line.item, Entry):
                return line.item.record.id, number - line.part
        return None

    def keeps(self, before: tuple[str, int] | None) -> None:
        """The reader is where the reader was, where that record is in the view."""
        if before is None:
            return
        position = int(before[0].split("-")[1])
        if self.model.query.asked.matches(record(position)) and not self.model.window.follow:
            assert self.place() == before

    @rule(count=st.integers(1, 120))
    def arrive(self, count: int) -> None:
        before = self.place()
        last = len(self.source.records)
        made = [record(n) for n in range(last + 1, last + count + 1)]
        self.source.records += made
        matches = self.model.query.asked.matches
        self.waiting.append(Arrived([one for one in made if matches(one)]))
        self.keeps(before)

    @rule(count=st.integers(1, 40))
    def skip(self, count: int) -> None:
        """The stream's rate is too low for what comes."""
        last = len(self.source.records)
        self.source.records += [record(n) for n in range(last + 1, last + count + 1)]
        gap = Gap(reason="rate", start=f"e-{last}", end=f"e-{last + count}", lost=count)
        self.waiting.append(GapSeen(gap))

    @rule(count=st.integers(1, 20))
    def answer(self, count: int) -> None:
        before = self.place()
        for _ in range(min(count, len(self.waiting))):
            self.act(self.waiting.popleft())
        self.keeps(before)

    @rule(seconds=st.floats(0.1, 3))
    def tick(self, seconds: float) -> None:
        before = self.place()
        self.act(Tick(self.model.now + seconds))
        self.keeps(before)

    @rule(query=st.sampled_from(QUERIES))
    def filter(self, query: str) -> None:
        before = self.place()
        self.act(Do("filter"))
        self.act(Submitted(query))
        self.keeps(before)

    @rule(name=st.sampled_from(LOOKS))
    def look(self, name: str) -> None:
        before = self.place()
        self.act(Do(name))
        if name != "freeze":
            self.keeps(before)

    @rule(name=st.sampled_from(VIEWS))
    def view(self, name: str) -> None:
        before = self.place()
        self.act(Do(name))
        if name not in {"view_back", "view_forward"}:
            self.keeps(before)

    @rule(name=st.sampled_from(MOVES))
    def move(self, name: str) -> None:
        self.act(Do(name))

    @rule(width=st.integers(40, 160), height=st.integers(8, 40))
    def resize(self, width: int, height: int) -> None:
        before = self.place()
        self.act(Resized(width, height))
        if before is not None:
            self.keeps((before[0], min(before[1], self.model.areas.body - 1)))

    @invariant()
    def everything_shown_is_in_the_view(self) -> None:
        matches = self.model.query.asked.matches
        for item in self.model.window.shown():
            assert not isinstance(item, Entry) or matches(item.record)

    @invariant()
    def what_is_held_is_in_order_and_counted(self) -> None:
        held = self.model.window.held
        keys = [item.key for item in held.items]
        assert keys == sorted(keys)
        entries = [item for item in held.items if isinstance(item, Entry)]
        assert len({one.record.id for one in entries}) == len(entries) == held.records
        assert sum(one.size for one in entries) == held.bytes


Reading.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    # Shrinking a run of the whole model takes minutes; the steps as found are read instead.
    phases=(Phase.explicit, Phase.generate),
)
TestReading = Reading.TestCase
