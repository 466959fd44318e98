"""A job over its cap loses records, and everyone can see how many."""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.running import running
from ttsink.store.batch import Batch, joined, of_records
from ttsink.store.cap import AGENT, MAX_BUCKETS, QUIET_SECONDS, Caps, CapSettings
from ttwire.record import Record, decode

TEN = CapSettings(job_records_per_second=1.0, burst_seconds=10)


def batch(count: int, job: str | None = "a", level: str = "info") -> Batch:
    return of_records([Record(job=job, level=level, message=str(n)) for n in range(count)])


def of_senders(given_batch: Batch) -> list[Record]:
    return [record for record in given_batch.records() if record.agent != AGENT]


def markers(given_batch: Batch) -> list[Record]:
    return [record for record in given_batch.records() if record.agent == AGENT]


def test_without_a_cap_nothing_is_looked_at() -> None:
    assert not Caps(CapSettings())


def test_a_batch_within_the_cap_is_the_same_batch() -> None:
    given_batch = batch(10)

    assert Caps(TEN).apply(given_batch, 0.0).batch is given_batch


def test_a_burst_leaves_one_marker_when_it_begins_and_one_with_the_count_when_it_is_over() -> None:
    caps = Caps(TEN)

    first = caps.apply(batch(14), 0.0)
    second = caps.apply(batch(3), 0.1)
    during = caps.closed(1.0)
    after = caps.closed(QUIET_SECONDS + 1)

    assert (len(of_senders(first.batch)), first.jobs["a"], second.jobs["a"]) == (10, 4, 3)
    assert [marker.job for marker in markers(first.batch)] == ["a"]
    assert markers(second.batch) == []
    assert during == []
    assert [marker.fields["rate_cap"]["capped"] for marker in after] == [7]
    assert caps.closed(QUIET_SECONDS + 2) == []


def test_errors_have_a_budget_of_their_own() -> None:
    caps = Caps(TEN)
    caps.apply(batch(10), 0.0)

    outcome = caps.apply(batch(5, level="error"), 0.0)

    assert (len(of_senders(outcome.batch)), outcome.capped) == (2, 3)


def test_tokens_come_back_with_time() -> None:
    caps = Caps(TEN)
    caps.apply(batch(10), 0.0)

    assert caps.apply(batch(5), 3.0).capped == 2


def test_a_quiet_job_in_the_same_batch_keeps_everything() -> None:
    loud, quiet = batch(50, "loud"), batch(3, "quiet")
    both = joined(loud, quiet)

    outcome = Caps(TEN).apply(both, 0.0)

    assert outcome.jobs == {"loud": 40}
    assert sum(record.job == "quiet" for record in outcome.batch.records()) == 3


def test_records_without_a_job_have_no_job_cap() -> None:
    assert Caps(TEN).apply(batch(50, None), 0.0).capped == 0


def test_a_worker_has_a_cap_of_its_own() -> None:
    caps = Caps(CapSettings(worker_records_per_second=1.0, burst_seconds=2))
    given_batch = of_records([Record(job=str(n), worker="w") for n in range(5)])

    outcome = caps.apply(given_batch, 0.0)

    assert outcome.workers == {"w": 3}
    assert outcome.jobs == {"2": 1, "3": 1, "4": 1}


def test_buckets_are_bounded() -> None:
    caps = Caps(TEN)
    for n in range(MAX_BUCKETS + 50):
        caps.apply(batch(1, f"job-{n}"), n * 0.001)

    assert len(caps._caps[0]._buckets) <= MAX_BUCKETS


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from(["info", "error"])), max_size=30
        ),
        max_size=8,
    )
)
def test_every_record_is_kept_or_counted_and_lines_stay_with_their_records(
    given_batches: list[list[tuple[str, str]]],
) -> None:
    caps = Caps(CapSettings(job_records_per_second=2.0, worker_records_per_second=3.0))
    for at, pairs in enumerate(given_batches):
        given_batch = of_records([Record(job=job, worker="w", level=level) for job, level in pairs])

        outcome = caps.apply(given_batch, float(at))

        assert len(of_senders(outcome.batch)) + outcome.capped == len(pairs)
        assert outcome.jobs.total() == outcome.workers.total()
        assert [decode(line) for line in outcome.batch.lines] == outcome.batch.records()


async def test_a_sender_is_told_what_was_capped_and_the_ledger_has_it() -> None:
    async with running(cap={"job_records_per_second": 1.0, "burst_seconds": 5.0}) as sink:
        body = b"".join(b'{"job":"a","message":"%d"}\n' % n for n in range(8))
        answer = await sink.post(body)
        ledger = (await sink.get("/api/ledger")).json
        records = await sink.records(filter="job:a")

    assert answer.status == 200
    assert (answer.json["accepted"], answer.json["capped"]) == (5, 3)
    assert ledger["jobs"]["a"]["capped"] == 3
    assert records[-1]["fields"]["rate_cap"]["per_second"] == 1.0
