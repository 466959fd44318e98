"""A batch's columns say what its records do, however it is picked from, cut and put together."""

from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.states.verdict import Verdict
from ttsink.store.batch import Batch, Columns, Stored, joined, of_records
from ttsink.store.traceindex import key
from ttwire.level import LEVELS, rank
from ttwire.record import Record

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)

names = st.none() | st.sampled_from(["", "a", "b", "\u2028"])
records = st.lists(
    st.builds(
        Record,
        timestamp=st.sampled_from(["", "2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05Z"]),
        job=names,
        worker=names,
        level=st.none() | st.sampled_from(LEVELS),
        attempt=st.none() | st.integers(0, 2**63 - 1),
        message=st.text(max_size=20),
        trace_id=st.none() | st.sampled_from(["f" * 32, "0af7651916cd43dd8448eb211c80319c"]),
        redacted=st.sampled_from([(), ("email",)]),
        truncated=st.booleans(),
        malformed=st.booleans(),
    ),
    max_size=12,
)


def told(batch: Batch) -> list[tuple[Any, ...]]:
    """What the columns say of each record."""
    columns = batch.columns
    return [
        (
            job,
            worker,
            columns.ranks[at],
            columns.attempts[at],
            columns.timestamp(at),
            columns.traces[8 * at : 8 * at + 8],
            at in columns.malformed,
            at in columns.truncated,
            at in columns.redacted,
        )
        for at, (job, worker) in enumerate(
            zip(columns.jobs.column(), columns.workers.column(), strict=True)
        )
    ]


def true(given_records: list[Record]) -> list[tuple[Any, ...]]:
    return [
        (
            one.job,
            one.worker,
            rank(one.level),
            one.attempt,
            one.timestamp,
            key(one.trace_id) if one.trace_id else bytes(8),
            one.malformed,
            one.truncated,
            bool(one.redacted),
        )
        for one in given_records
    ]


@EXAMPLES
@given(records)
def test_columns_say_what_the_records_do(given_records: list[Record]) -> None:
    batch = of_records(given_records)

    assert batch.records() == given_records
    assert [batch.record(at) for at in range(len(batch))] == given_records
    assert told(batch) == true(given_records)
    assert batch.columns.jobs.counts().total() == len(given_records)


@EXAMPLES
@given(records, st.data())
def test_some_of_a_batch_are_those_records(
    given_records: list[Record], data: st.DataObject
) -> None:
    places = data.draw(st.permutations(range(len(given_records))))[: len(given_records) // 2]
    verdicts = {at: Verdict("failed", "job", attempt=at) for at in range(0, len(given_records), 2)}
    whole = of_records(given_records)
    columns = msgspec.structs.replace(whole.columns, verdicts=verdicts)

    some = Batch(whole.text, columns).picked(places)

    assert some.records() == [given_records[at] for at in places]
    assert told(some) == true(some.records())
    assert some.columns.verdicts == {
        at: verdicts[place] for at, place in enumerate(places) if place in verdicts
    }


@EXAMPLES
@given(records, st.integers(1, 5), st.booleans(), st.integers(1, 9))
def test_parts_are_the_whole(
    given_records: list[Record], most: int, has_holes: bool, first: int
) -> None:
    positions = [first + 3 * at for at in range(len(given_records))] if has_holes else None
    whole = Stored(first, of_records(given_records), 7.0, positions)

    parts = list(whole.parts(most))

    assert [one for part in parts for one in part.batch.records()] == given_records
    assert [row for part in parts for row in told(part.batch)] == true(given_records)
    for part in parts:
        for marked in (
            part.batch.columns.malformed,
            part.batch.columns.truncated,
            part.batch.columns.redacted,
        ):
            assert set(marked) <= set(range(len(part.batch)))
        for keys in (part.batch.columns.jobs, part.batch.columns.workers):
            assert set(keys.names) == set(keys.column())
    if given_records:
        assert max(len(part.batch) for part in parts) <= most
        assert parts[-1].last == whole.last
        for before, after in pairwise(parts):
            assert before.last < after.first
    assert whole.known(whole.last) == len(given_records)
    assert whole.known(first - 1) == 0


@EXAMPLES
@given(records, records)
def test_two_batches_are_one_behind_the_other(one: list[Record], other: list[Record]) -> None:
    both = joined(of_records(one), of_records(other))

    assert both.records() == [*one, *other]
    assert told(both) == true([*one, *other])


@EXAMPLES
@given(records)
def test_columns_survive_the_way_between_processes(given_records: list[Record]) -> None:
    columns = of_records(given_records).columns

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(columns), type=Columns) == columns
