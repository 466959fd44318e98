"""The view holds what its rings promise, whatever came in, and accounts for all of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.store.batch import Stored, of_records
from ttsink.store.lookup import page
from ttsink.store.retention import Retention
from ttsink.store.ring import OVERFLOW, UNIT_BYTES, units_of
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttwire.filter import parse
from ttwire.record import Record, decode

SMALL = Retention(
    max_ring_records=4, max_ring_bytes=3_000, max_bytes=12_000, max_rings=3, max_tombstones=2
)


def records(*jobs: str | None, worker: str | None = "w") -> list[Record]:
    return [Record(job=job, worker=worker, message=f"{job} {at}") for at, job in enumerate(jobs)]


def fed(view: View, batch: list[Record], now: float = 0.0) -> None:
    view.apply(Stored(view.order.last + 1, of_records(batch), now))


def wanted(text: str) -> Wanted:
    return Wanted(parse(text, now=0.0))


def positions(view: View, text: str) -> list[int]:
    return [int(decode(line).id.split("-")[1]) for line in page(view, wanted(text)).lines]


def balanced(view: View) -> None:
    ledger = view.ledger()
    for account in (ledger.total, *ledger.jobs.values()):
        assert account.accepted == account.retained + account.evicted
        assert account.received == (
            account.accepted + account.rejected + account.capped + account.repeated
        )
    for name in ("received", "accepted", "retained", "evicted", "capped", "rejected"):
        whole = getattr(ledger.total, name)
        assert whole == sum(getattr(account, name) for account in ledger.jobs.values())
    kept = view.order.after(0, 1_000_000)
    assert ledger.total.retained == len(kept)
    assert view.bytes == UNIT_BYTES * sum(units_of(len(entry.line)) for entry in kept)
    assert view.bytes <= view.retention.max_bytes


def test_a_flood_never_evicts_the_newest_records_of_a_quiet_job() -> None:
    view = View("e", Retention(max_ring_records=50, max_bytes=60_000))
    fed(view, records(*["quiet"] * 5, worker="q"))
    quiet = positions(view, "job:quiet")

    for _ in range(100):
        fed(view, records(*["loud"] * 37, worker="l"))

    assert positions(view, "job:quiet") == quiet
    assert len(positions(view, "job:loud")) == 50
    balanced(view)


def test_a_batch_the_view_has_is_not_taken_twice() -> None:
    view = View("e")
    stored = Stored(1, of_records(records("a", "b")), 0.0)

    view.apply(stored)
    view.apply(stored)

    assert view.ledger().total.accepted == 2


def test_keys_past_the_rate_share_the_overflow_and_are_still_found() -> None:
    view = View("e", Retention(new_rings_burst=1, max_new_rings_per_second=0))

    fed(view, records("a", "b", "c", "b"))

    assert positions(view, "job:a") == [1]
    assert positions(view, "job:b") == [2, 4]
    assert view.ledger().jobs[OVERFLOW].accepted == 3
    assert view.jobs.overflowed == 3


def test_a_retired_ring_leaves_its_account() -> None:
    view = View("e", Retention(max_rings=1, max_ring_records=2))

    fed(view, records("a", worker=None))
    fed(view, records("b", "b", "b", worker=None))

    assert view.jobs.find("a") is not None
    assert view.ledger().jobs["a"].accepted == 1
    balanced(view)


def test_a_ring_that_a_batch_writes_to_makes_no_room_for_another_of_its_keys() -> None:
    view = View("e", Retention(max_rings=3))
    fed(view, records("a", "b", "c"))
    fed(view, records("a", "b", "d"), now=10.0)
    fed(view, records("a", "b", "d", "e"), now=20.0)

    assert {ring.key for ring in view.jobs if ring.entries} == {"a", "b", "d", OVERFLOW}
    assert (view.jobs.retired, view.jobs.overflowed) == (1, 1)
    balanced(view)


def test_a_trace_is_found_by_its_index_also_by_its_low_half() -> None:
    view = View("e")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    fed(view, [Record(job="a", trace_id=trace), Record(job="b"), Record(job="b", trace_id=trace)])
    fed(view, [Record(job="c", trace_id="f" * 16 + trace[16:])])

    assert positions(view, f"trace:{trace}") == [1, 3]
    assert positions(view, f"trace:{trace[16:]}") == [1, 3, 4]


JOBS = st.sampled_from([None, "a", "b", "c", "d", "e", "f"])
BATCHES = st.lists(
    st.lists(st.tuples(JOBS, st.sampled_from([None, "v", "w"]), st.integers(0, 300)), max_size=9),
    max_size=25,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(BATCHES, st.sampled_from([SMALL, Retention(max_ring_records=3, max_rings=2)]))
def test_the_ledger_balances_and_every_ring_holds_its_newest_records(
    batches: list[list[tuple[str | None, str | None, int]]], retention: Retention
) -> None:
    view = View("e", retention)
    for at, batch in enumerate(batches):
        fed(view, [Record(job=j, worker=w, message="x" * n) for j, w, n in batch], at * 0.01)
        balanced(view)
        held = {entry.seq: entry for entry in view.order.after(0, 1_000_000)}
        for ring in (*view.jobs, *view.workers):
            assert ring.bytes == UNIT_BYTES * sum(
                units_of(len(entry.line)) for entry in ring.entries
            )
            assert len(ring.entries) <= retention.max_ring_records
            assert ring.bytes <= retention.max_ring_bytes
            for entry in ring.entries:
                assert held[entry.seq] is entry
        for ring in view.jobs:
            of_job = [seq for seq, entry in held.items() if entry.job is ring]
            ring_seqs = [entry.seq for entry in ring.entries]
            assert of_job[len(of_job) - len(ring_seqs) :] == ring_seqs


@settings(max_examples=60, deadline=None, derandomize=True)
@given(BATCHES, st.integers(1, 5), st.sampled_from(["", "job:a", "worker:w", "job:a worker:w"]))
def test_pages_both_ways_give_everything_that_is_kept(
    batches: list[list[tuple[str | None, str | None, int]]], limit: int, text: str
) -> None:
    view = View("e", SMALL)
    for at, batch in enumerate(batches):
        fed(view, [Record(job=j, worker=w, message="x" * n) for j, w, n in batch], at * 0.01)
    filter_ = parse(text, now=0.0)
    expected = [
        entry.seq for entry in view.order.after(0, 1_000_000) if filter_.matches(decode(entry.line))
    ]

    up: list[int] = []
    found = page(view, wanted(text), after=0, limit=limit)
    up += [int(decode(line).id.split("-")[1]) for line in found.lines]
    while found.newer is not None:
        found = page(view, wanted(text), after=int(found.newer.split("-")[1]), limit=limit)
        up += [int(decode(line).id.split("-")[1]) for line in found.lines]
    down: list[int] = []
    found = page(view, wanted(text), limit=limit)
    down[:0] = [int(decode(line).id.split("-")[1]) for line in found.lines]
    while found.older is not None:
        found = page(view, wanted(text), before=int(found.older.split("-")[1]), limit=limit)
        down[:0] = [int(decode(line).id.split("-")[1]) for line in found.lines]

    assert up == expected
    assert down == expected
