"""State of jobs, workers and queues, kept from batches."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as example
from hypothesis import strategies as st

from ttsink.states import query as state_query
from ttsink.states import snapshot as state_snapshot
from ttsink.states.lifecycle import Lifecycle, Rule, RuleError
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.query import StateQuery, StateQueryError, parse
from ttsink.states.settings import StateSettings
from ttsink.states.silence import UsualGap
from ttsink.states.states import DEFAULT, KeyStates
from ttsink.store.batch import Stored, of_records
from ttwire.record import Record

LIFECYCLE = Lifecycle(BUILT_IN)


def stored(first: int, records: Sequence[Record], now: float) -> Stored:
    return Stored(first, of_records(records), now)


def kept(*records: Record, now: float = 1_000.0, settings: StateSettings = DEFAULT) -> KeyStates:
    states = KeyStates(LIFECYCLE, settings)
    states.applied(stored(1, records, now))
    states.settle()
    return states


def record(job: str | None = "j", worker: str | None = "w", **members: Any) -> Record:
    return Record(timestamp="2026-01-02T12:00:00.000000Z", job=job, worker=worker, **members)


def test_counts_are_by_level_and_outlive_eviction() -> None:
    records = [
        record(level="info"), record(level="warn"), record(level="error", message="boom\nat x")
    ]  # fmt: skip
    states = kept(*records)
    states.evicted({"j": 3}, {"w": 3})
    states.settle()
    job = states.jobs["j"].wire(1_000.0, states.settings)

    assert (job.records, job.warnings, job.errors) == (3, 1, 1)
    assert job.bytes == sum(map(len, of_records(records).lines))
    assert (job.retained, job.evicted) == (0, 3)
    assert job.error == "boom"


def test_what_was_counted_before_a_restart_is_not_counted_again() -> None:
    states = kept(record(), record())

    states.applied(stored(2, [record(), record()], 1_001.0))
    states.settle()

    assert states.jobs["j"].records == 3
    assert states.position == 3


def test_a_record_without_job_or_worker_has_no_row() -> None:
    states = kept(record(job=None, worker=None))

    assert (states.jobs, states.workers) == ({}, {})


def test_the_row_unheard_of_for_longest_goes_first() -> None:
    states = kept(record("a"), settings=StateSettings(max_jobs=2))
    for position, key in enumerate(("b", "a", "c"), start=2):
        states.applied(stored(position, [record(key)], 1_000.0 + position))
        states.settle()

    assert set(states.jobs) == {"a", "c"}
    assert states.forgotten == 1


def test_random_keys_cannot_push_known_ones_out() -> None:
    settings = StateSettings(max_jobs=100, max_new_keys_per_second=10)
    states = kept(record("real"), settings=settings)
    flood = [record(f"random-{i}", None) for i in range(1_000)]

    states.applied(stored(2, flood, 1_000.0))
    states.settle()

    assert "real" in states.jobs
    assert len(states.jobs) <= 10
    assert states.gate.refused >= 990


def test_a_worker_shows_what_it_runs_and_what_it_serves() -> None:
    states = kept(record("a", queue="mail"), record("b", queue="bulk"))
    states.applied(stored(3, [record("a", message="job finished")], 1_001.0))
    states.settle()
    worker = states.workers["w"].wire(1_001.0, states.settings)

    assert (worker.state, worker.jobs, worker.queues) == ("running", ("b",), ("bulk", "mail"))


def test_a_queue_counts_its_jobs_by_state_and_what_ended() -> None:
    states = kept(
        record("a", queue="mail", message="job queued"),
        record("b", queue="mail", message="job started"),
        record("c", queue="mail", message="job failed: no"),
    )
    queue = states.queues["mail"].wire(1_000.0)

    assert (queue.queued, queue.running, queue.failed) == (1, 1, 1)
    assert queue.per_minute > 0


def test_a_job_that_moves_is_counted_in_one_state_only() -> None:
    states = kept(record("a", queue="mail", message="job queued"))
    for position, text in enumerate(("job started", "job failed", "job started"), start=2):
        states.applied(stored(position, [record("a", queue="mail", message=text)], 1_001.0))
        states.settle()
    queue = states.queues["mail"].wire(1_001.0)

    assert (queue.queued, queue.running, queue.failed) == (0, 1, 0)


def test_interleaved_attempts_are_told_apart() -> None:
    states = kept(
        record(attempt=1, message="job started"),
        record(attempt=2, message="job started"),
        record(attempt=1, message="job failed", level="error"),
        record(attempt=2, message="step"),
    )
    job = states.jobs["j"].wire(1_000.0, states.settings)

    assert [(a.number, a.state, a.records, a.errors) for a in job.attempts] == [
        (1, "failed", 2, 1),
        (2, "running", 2, 0),
    ]
    assert job.state == "running"


def test_changes_hold_what_changed_and_nothing_twice() -> None:
    states = kept(record("a"), record("b"))
    first = states.changes(1_000.0)
    states.applied(stored(3, [record("a")], 1_001.0))
    second = states.changes(1_001.0)

    assert {job.key for job in first.jobs} == {"a", "b"}
    assert [job.key for job in second.jobs] == ["a"]
    assert states.changes(1_002.0).jobs == ()


def test_an_update_is_bounded_and_a_failure_comes_before_mere_counts() -> None:
    settings = StateSettings(max_update_bytes=2_000)
    states = kept(*(record(f"job-{i}", None) for i in range(200)), settings=settings)
    while states.changes(1_000.0).jobs:
        pass
    chatter = [record(f"job-{i}", None) for i in range(200)]
    failure = record("job-150", None, message="job failed: no", level="error")

    states.applied(stored(201, [*chatter, failure], 1_001.0))
    update = states.changes(1_001.0)

    assert update.jobs[0].key == "job-150"
    assert len(update.jobs) < 15
    seen = {job.key for job in update.jobs}
    while (more := states.changes(1_001.0)).jobs:
        seen.update(job.key for job in more.jobs)
    assert len(seen) == 200


@given(st.lists(st.floats(min_value=0.5, max_value=1.5), min_size=8, max_size=60))
@example(max_examples=50, deadline=None)
def test_a_steady_pace_with_jitter_is_never_silence(gaps: list[float]) -> None:
    pace = 30.0
    usual = UsualGap()
    for gap in [*gaps, 1.5]:
        usual.add(gap * pace)

    assert usual.allowed_seconds(StateSettings()) > 1.5 * pace


@pytest.mark.parametrize("pace", [10.0, 60.0, 300.0])
def test_silence_is_called_within_twice_the_usual_gap(pace: float) -> None:
    usual = UsualGap()
    for _ in range(10):
        usual.add(pace)

    assert pace < usual.allowed_seconds(StateSettings()) <= 2 * pace


def test_own_rules_win_over_the_built_in_ones() -> None:
    own = Rule(system="ours", state="failed", message="^job finished with code [1-9]")
    states = KeyStates(Lifecycle([*BUILT_IN, own]))

    states.applied(stored(1, [record(message="job finished with code 3")], 1_000.0))
    states.settle()

    assert states.jobs["j"].state == "failed"


def test_a_rule_that_cannot_be_used_is_named() -> None:
    with pytest.raises(RuleError, match=r"'ours'.*no RE2 pattern"):
        Lifecycle([Rule(system="ours", state="failed", message="(")])
    with pytest.raises(RuleError, match="needs `message`"):
        Lifecycle([Rule(system="ours", state="failed")])


@given(st.lists(st.text(max_size=80), max_size=30))
@example(max_examples=80, deadline=None)
def test_a_batch_says_what_its_records_say_one_by_one(messages: list[str]) -> None:
    spiced = [m if i % 3 else f"job failed: {m}" for i, m in enumerate(messages)]
    records = [record(message=message) for message in spiced]

    together = LIFECYCLE.verdicts(records)
    apart = {
        place: verdict[0]
        for place, one in enumerate(records)
        if (verdict := LIFECYCLE.verdicts([one]))
    }

    assert together == apart


def test_pages_cover_every_row_once_in_order() -> None:
    states = kept(
        *(record(f"job-{i:03d}", None, level="error" if i % 3 else None) for i in range(57))
    )
    for sort in state_query.SORTS:
        query = StateQuery(sort=sort, limit=10)
        keys: list[str] = []
        while True:
            page = state_query.jobs(states, query, 1_000.0)
            keys += [job.key for job in page.jobs]
            if page.next is None:
                break
            query = StateQuery(sort=sort, limit=10, after=page.next)
        assert len(keys) == len(set(keys)) == 57, sort


def test_pages_are_filtered_by_state_key_and_errors() -> None:
    states = kept(
        record("mail-1", message="job failed", level="error"),
        record("mail-2", message="job started"),
        record("bulk-1", message="job failed", level="error"),
    )
    query = parse({"state": "failed,silent", "key": "MAIL", "min_errors": "1"})

    page = state_query.jobs(states, query, 1_000.0)

    assert [job.key for job in page.jobs] == ["mail-1"]
    assert [w.key for w in state_query.workers(states, StateQuery(), 1_000.0).workers] == ["w"]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"sort": "age"}, r"sort='age' is not one of recent"),
        ({"state": "broken"}, r"state='broken' is not one of"),
        ({"limit": "many"}, r"limit='many' is not a number"),
    ],
)
def test_a_bad_parameter_is_named(parameters: dict[str, str], says: str) -> None:
    with pytest.raises(StateQueryError, match=says):
        parse(parameters)


@pytest.mark.parametrize("after", ["%%%", "bm90IGpzb24", "WyJhIiwxXQ"])
def test_a_foreign_cursor_is_refused_and_never_a_crash(after: str) -> None:
    states = kept(record("a"), record("b"))

    with pytest.raises(StateQueryError, match="after="):
        state_query.jobs(states, StateQuery(sort="errors", after=after), 1_000.0)


def test_states_outlive_a_restart_and_count_nothing_twice() -> None:
    states = kept(
        record("a", queue="mail", attempt=1, message="job started"),
        record("a", queue="mail", attempt=1, message="job failed", level="error"),
        record("b", queue="mail", message="job started", trace_id="ab" * 16),
    )
    states.evicted({"a": 2}, {"w": 2})
    saved = state_snapshot.save(states, "e1")

    again = KeyStates(LIFECYCLE)
    restored = state_snapshot.restore(again, saved, "e1")
    again.applied(stored(3, [record("b"), record("b", message="step")], 1_002.0))
    again.settle()

    assert restored
    assert again.jobs["a"].wire(1_000.0, again.settings) == states.jobs["a"].wire(
        1_000.0, states.settings
    ).__replace__(rate=0.0, history=())
    assert (again.jobs["b"].records, again.jobs["b"].retained) == (2, 2)
    assert again.queues["mail"].wire(1_000.0).failed == 1
    assert again.workers["w"].jobs == states.workers["w"].jobs


@pytest.mark.parametrize("saved", [b"", b"\x90", b"not msgpack at all", b"\x96\x02\xa1e\x00"])
def test_a_damaged_snapshot_is_of_no_use_and_no_harm(saved: bytes) -> None:
    states = KeyStates(LIFECYCLE)

    assert not state_snapshot.restore(states, saved, "e1")
    assert states.jobs == {}


def test_a_snapshot_of_another_epoch_is_of_no_use() -> None:
    saved = state_snapshot.save(kept(record()), "e1")

    assert not state_snapshot.restore(KeyStates(LIFECYCLE), saved, "e2")


def test_the_newest_jobs_come_first_and_pages_of_them_leave_none_out() -> None:
    states = KeyStates(Lifecycle(BUILT_IN))
    for position in range(1, 301):
        record = Record(timestamp="t", received="t", job=f"j{position % 97:02d}")
        states.applied(Stored(position, of_records([record]), float(position // 3)))
    states.settle()

    whole = [job.key for job in state_query.jobs(states, StateQuery(limit=500), 101.0).jobs]
    order = sorted(states.jobs.values(), key=lambda job: (-job.arrived, job.key))
    paged: list[str] = []
    after: str | None = None
    while True:
        page = state_query.jobs(states, StateQuery(limit=10, after=after), 101.0)
        paged += [job.key for job in page.jobs]
        after = page.next
        if after is None:
            break

    assert whole == [job.key for job in order]
    assert paged == whole


def test_rows_that_only_count_on_are_told_of_though_states_change_without_end() -> None:
    states = KeyStates(LIFECYCLE, StateSettings(max_new_keys_per_second=10_000))
    steady = [record("steady", "w-steady")]
    states.applied(stored(1, steady, 1_000.0))
    for _ in range(100):
        states.changes(1_000.0)
    told: set[str] = set()
    position = 2
    for second in range(20):
        changing = [record(f"new-{second}-{i}", None) for i in range(100)]
        batch = [*changing, *steady]
        states.applied(stored(position, batch, 1_001.0 + second))
        position += len(batch)
        update = states.changes(1_001.0 + second)
        told.update(row.key for row in update.jobs)
        told.update(row.key for row in update.workers)

    assert {"steady", "w-steady"} <= told


def test_the_sink_s_own_absence_is_nobody_s_silence() -> None:
    states = kept(record("j", "w", fields={"event": "started"}), now=1_000.0)
    for position in range(2, 12):
        states.applied(stored(position, [record()], 1_000.0 + position))
        states.settle()
    states.listening_since = 2_000.0

    states.check(2_005.0)
    before = states.jobs["j"].shown_state()
    states.check(2_030.0)

    assert (before, states.jobs["j"].shown_state()) == ("running", "silent")


def test_an_exact_account_fills_in_what_was_stored_and_evicted_before_a_crash() -> None:
    states = kept(record("a"), record("a"))
    states.count_at_least({"a": 7, "gone": 3})
    states.count_at_least({"a": 1})
    job = states.jobs["a"].wire(1_000.0, states.settings)

    assert (job.records, job.retained, job.evicted) == (7, 2, 5)
    assert "gone" not in states.jobs


def test_an_attempt_named_in_the_text_alone_has_none_before_it() -> None:
    states = kept(record("a", message="Starting attempt 2 of 3"))

    assert list(states.jobs["a"].attempts) == [2]


def test_an_update_keeps_to_its_bytes() -> None:
    states = KeyStates(LIFECYCLE, StateSettings(max_new_keys_per_second=10_000))
    rows = [record(f"job-{i}", f"w-{i}", queue="q", message="x" * (i % 190)) for i in range(300)]
    states.applied(stored(1, rows, 1_000.0))
    sizes = [len(msgspec.json.encode(states.changes(1_000.0))) for _ in range(60)]

    assert 0 < max(sizes) <= DEFAULT.max_update_bytes
    assert sizes[-1] < 100
