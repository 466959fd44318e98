"""A subscriber gets every matching record once, in order, or a gap that covers it."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.store.batch import EMPTY, Stored, of_records
from ttsink.store.retention import Retention
from ttsink.store.subscriber import MAX_STEP_BYTES, Start, Subscriber
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttwire import gap, sse
from ttwire.cursor import parse as parse_cursor
from ttwire.filter import Filter, parse
from ttwire.record import Record, decode

TINY = Retention(
    max_ring_records=4, max_ring_bytes=3_000, max_bytes=9_000, max_rings=3, max_tombstones=2
)


class Reader:
    """A client: the records and gaps it was told of, and the id it would reconnect with."""

    def __init__(self, view: View, text: str, start: Start, rate: float | None = None) -> None:
        self.view = view
        self.wanted = Wanted(parse(text, now=0.0))
        self.rate = rate
        self.decoder = sse.Decoder()
        self.seqs: list[int] = []
        self.gaps: list[gap.Gap] = []
        self.wakes = 0
        self.subscriber = Subscriber(view, self.wanted, start, self.woken, rate=rate)

    def woken(self) -> None:
        self.wakes += 1

    def read(self, now: float = 0.0, steps: int = 1_000) -> None:
        for _ in range(steps):
            step = self.subscriber.step(now)
            for event in self.decoder.feed(step.frames):
                if event.event == "record":
                    record = decode(event.data)
                    assert record.id == event.id
                    self.seqs.append(int(record.id.split("-")[1]))
                else:
                    self.gaps.append(gap.decode(event.data))
            if not step.behind:
                break

    def reconnect(self) -> None:
        self.subscriber.close()
        self.connect()

    def connect(self) -> None:
        start = Start(last_event_id=self.decoder.last_event_id)
        self.subscriber = Subscriber(self.view, self.wanted, start, self.woken, rate=self.rate)

    def explained(self, seq: int) -> bool:
        for told in self.gaps:
            start = parse_cursor(told.start or "")
            end = parse_cursor(told.end or "")
            low = start.position if start and start.epoch == self.view.epoch else 0
            if end is not None and low < seq <= end.position:
                return True
        return False


def fed(view: View, batch: list[Record], now: float = 0.0) -> None:
    view.apply(Stored(view.order.last + 1, of_records(batch), now))


def of(*jobs: str) -> list[Record]:
    return [Record(job=job, worker="w", message=job) for job in jobs]


def test_history_and_live_records_are_one_read() -> None:
    view = View("e")
    fed(view, of("a", "b", "a"))
    reader = Reader(view, "job:a", Start(tail=10))

    reader.read()
    fed(view, of("b", "a"))
    reader.read()

    assert reader.seqs == [1, 3, 5]
    assert reader.gaps == []


def test_a_tail_gives_only_the_newest_matches() -> None:
    view = View("e")
    fed(view, of("a", "b", "a", "b", "a"))

    for text, expected in (("job:a", [3, 5]), ("message:a", [3, 5]), ("", [4, 5])):
        reader = Reader(view, text, Start(tail=2))
        reader.read()
        assert reader.seqs == expected


def test_only_readers_of_the_keys_that_were_written_are_woken() -> None:
    view = View("e")
    reader = Reader(view, "job:a", Start())
    everything = Reader(view, "", Start())

    fed(view, of("b"))

    assert (reader.wakes, everything.wakes) == (0, 1)


def test_a_reader_that_its_ring_lapped_gets_one_exact_gap() -> None:
    view = View("e", TINY)
    fed(view, of("a"))
    reader = Reader(view, "job:a", Start(tail=1))
    reader.read()

    fed(view, of(*["a"] * 9))
    reader.read()

    assert [(told.reason, told.lost, told.exact) for told in reader.gaps] == [("evicted", 5, True)]
    assert reader.seqs == [1, 7, 8, 9, 10]


def test_an_unfiltered_reader_that_was_lapped_gets_one_exact_gap() -> None:
    view = View("e", TINY)
    reader = Reader(view, "", Start())

    fed(view, of(*["a"] * 9))
    reader.read()

    assert [(told.lost, told.exact, told.end) for told in reader.gaps] == [(5, True, "e-5")]
    assert reader.seqs == [6, 7, 8, 9]


def test_an_id_that_cannot_be_honoured_is_answered_with_a_gap_and_all_that_is_kept() -> None:
    view = View("e")
    fed(view, of("a", "b"))

    for given_id, reason in (("old-7", "restart"), ("e-99", "unknown_id"), ("?", "unknown_id")):
        reader = Reader(view, "", Start(last_event_id=given_id))
        reader.read()
        assert [told.reason for told in reader.gaps] == [reason]
        assert reader.seqs == [1, 2]


def test_a_cursor_moves_where_the_filter_skips() -> None:
    view = View("e")
    reader = Reader(view, "message:nothing", Start())

    fed(view, of("a", "b"))
    reader.read(now=10.0)

    assert reader.decoder.last_event_id == "e-2"
    assert reader.seqs == []


def test_what_is_over_the_rate_is_a_gap_that_a_page_can_fill() -> None:
    view = View("e")
    reader = Reader(view, "", Start(), rate=2.0)

    fed(view, of(*["a"] * 7))
    reader.read(now=0.0)

    assert reader.seqs == [6, 7]
    assert [(told.reason, told.start, told.end, told.lost) for told in reader.gaps] == [
        ("rate", "e-0", "e-5", 5)
    ]


def test_a_step_is_about_one_write_and_says_when_there_is_more() -> None:
    view = View("e")
    fed(view, [Record(job="a", message="x" * 10_000) for _ in range(30)])
    reader = Reader(view, "", Start(last_event_id="e-0"))

    step = reader.subscriber.step(0.0)

    assert MAX_STEP_BYTES <= len(step.frames) < MAX_STEP_BYTES + 11_000
    assert step.behind


def test_readers_of_the_same_filter_share_what_was_made_for_one() -> None:
    view = View("e")
    readers = [Reader(view, "message:a", Start()) for _ in range(3)]
    for reader in readers:
        reader.read()
    fed(view, of("a", "b"))

    steps = [reader.subscriber.step(0.0) for reader in readers]

    assert len(view.shared) == 1
    assert steps[0] == steps[1] == steps[2]


JOB = st.sampled_from(["a", "b", "c", "d", "e"])


class Append(msgspec.Struct, frozen=True):
    jobs: list[str]


class Read(msgspec.Struct, frozen=True):
    reader: int
    steps: int


class Reconnect(msgspec.Struct, frozen=True):
    reader: int


class Restart(msgspec.Struct, frozen=True):
    """The view is built again from what a journal gives back."""


def restarted(view: View, now: float) -> View:
    """What is left of all batches, the account, and the place where the log ends."""
    again = View(view.epoch, view.retention)
    again.books.restore(view.books.snapshot())
    entries = view.order.after(0, 1_000_000)
    if entries:
        batch = of_records([decode(entry.line) for entry in entries])
        places = [entry.seq for entry in entries]
        again.apply(Stored(places[0], batch, now, places))
    again.apply(Stored(view.order.last + 1, EMPTY, now))
    return again


def balanced(view: View, accepted: int) -> None:
    ledger = view.ledger()
    assert ledger.total.accepted == view.order.last == accepted
    for account in (ledger.total, *ledger.jobs.values()):
        assert account.accepted == account.retained + account.evicted
    for name in ("accepted", "retained", "evicted"):
        whole = getattr(ledger.total, name)
        assert whole == sum(getattr(account, name) for account in ledger.jobs.values())


ACTIONS = st.lists(
    st.one_of(
        st.builds(Restart),
        st.builds(Append, st.lists(JOB, min_size=1, max_size=8)),
        st.builds(Append, st.lists(JOB, min_size=1, max_size=8)),
        st.builds(Read, st.integers(0, 4), st.integers(1, 3)),
        st.builds(Reconnect, st.integers(0, 4)),
    ),
    max_size=40,
)
FILTERS = ["", "job:a", "worker:w1", "job:a message:a", "message:b"]
ROOMS = [TINY, Retention(max_ring_records=3, max_rings=2, new_rings_burst=2)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ACTIONS, st.sampled_from(ROOMS))
def test_every_match_arrives_once_in_order_or_lies_in_a_gap(
    actions: list[Append | Read | Reconnect | Restart], retention: Retention
) -> None:
    view = View("e", retention)
    readers = [Reader(view, text, Start()) for text in FILTERS]
    for reader in readers:
        reader.read()
    accepted: list[Record] = []
    for at, action in enumerate(actions):
        match action:
            case Append(jobs):
                batch = [Record(job=job, worker=f"w{ord(job) % 2}", message=job) for job in jobs]
                accepted += batch
                fed(view, batch, at * 0.1)
            case Read(number, steps):
                readers[number].read(now=float(at), steps=steps)
            case Reconnect(number):
                readers[number].reconnect()
            case Restart():
                view = restarted(view, at * 0.1)
                for reader in readers:
                    reader.subscriber.close()
                    reader.view = view
                    reader.connect()
        balanced(view, len(accepted))
    for text, reader in zip(FILTERS, readers, strict=True):
        reader.read(now=1_000.0)
        filter_: Filter = parse(text, now=0.0)
        expected = [seq for seq, r in enumerate(accepted, start=1) if filter_.matches(r)]
        assert reader.seqs == sorted(set(reader.seqs))
        assert set(reader.seqs) <= set(expected)
        missing = set(expected) - set(reader.seqs)
        assert all(map(reader.explained, missing))
        assert sum(told.lost or 0 for told in reader.gaps) >= len(missing)
        if reader.gaps and all(told.exact for told in reader.gaps):
            assert sum(told.lost or 0 for told in reader.gaps) == len(missing)
