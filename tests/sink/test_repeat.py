"""A batch that comes again because its answer was lost; equal batches that were answered."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.intake.repeat import (
    MAX_KEY_CHARACTERS,
    NAMED_SECONDS,
    UNDELIVERED_SECONDS,
    Fresh,
    Repeat,
    Repeats,
    batch_key,
    named_key,
)

KEY = batch_key("/ingest", b"body")
ANSWER = b'{"accepted":1}'


def named(name: str) -> str:
    key = named_key("/ingest", name)
    assert key is not None
    return key


def test_a_batch_whose_answer_was_lost_is_a_repeat() -> None:
    repeats = Repeats()
    assert repeats.begin(KEY, 0) == Fresh(KEY)
    repeats.not_answered(KEY, ANSWER, 1)

    assert repeats.begin(KEY, 300) == Repeat(KEY, ANSWER)


def test_an_equal_batch_after_an_answered_one_is_a_new_one() -> None:
    repeats = Repeats()
    repeats.begin(KEY, 0)
    log_may_forget = repeats.answered(KEY, ANSWER, 1)

    assert log_may_forget
    assert repeats.begin(KEY, 2) == Fresh(KEY)
    assert len(repeats) == 1


def test_a_repeat_whose_answer_is_lost_too_stays_a_repeat() -> None:
    repeats = Repeats()
    repeats.begin(KEY, 0)
    for now in range(1, 5):
        repeats.not_answered(KEY, ANSWER, now)
        assert repeats.begin(KEY, now) == Repeat(KEY, ANSWER)
    repeats.answered(KEY, ANSWER, 6)

    assert repeats.begin(KEY, 7) == Fresh(KEY)


def test_a_repeat_is_matched_once_for_each_lost_answer() -> None:
    repeats = Repeats()
    first, second = repeats.begin(KEY, 0), repeats.begin(KEY, 0)
    repeats.not_answered(first.batch_id, b"1", 1)
    repeats.not_answered(second.batch_id, b"2", 1)

    assert repeats.begin(KEY, 2) == Repeat(first.batch_id, b"1")
    assert repeats.begin(KEY, 2) == Repeat(second.batch_id, b"2")
    assert isinstance(repeats.begin(KEY, 2), Fresh)


def test_equal_batches_at_once_are_two_batches_with_two_ids() -> None:
    repeats = Repeats()
    first, second = repeats.begin(KEY, 0), repeats.begin(KEY, 0)

    assert isinstance(first, Fresh)
    assert isinstance(second, Fresh)
    assert first.batch_id != second.batch_id


def test_a_reset_after_the_answer_was_written_makes_it_undelivered_again() -> None:
    repeats = Repeats()
    repeats.begin(KEY, 0)
    repeats.answered(KEY, ANSWER, 1)
    repeats.not_answered(KEY, ANSWER, 2)

    assert repeats.begin(KEY, 3) == Repeat(KEY, ANSWER)


def test_a_sender_gone_before_the_store_comes_again_under_the_same_id() -> None:
    repeats = Repeats()
    repeats.begin(KEY, 0)
    repeats.not_answered(KEY, None, 1)

    assert repeats.begin(KEY, 2) == Fresh(KEY)


def test_a_batch_that_was_not_stored_is_no_repeat() -> None:
    repeats = Repeats()
    repeats.begin(KEY, 0)
    repeats.dropped(KEY, 1)

    assert repeats.begin(KEY, 1) == Fresh(KEY)


def test_the_first_id_after_a_restart_is_the_one_the_log_may_know() -> None:
    before, after = Repeats(), Repeats()

    assert before.begin(KEY, 0) == after.begin(KEY, 100)


def test_another_path_or_body_is_another_batch() -> None:
    keys = {batch_key("/ingest", b"body"), batch_key("/v1/logs", b"body"), batch_key("/i", b"x")}

    assert len(keys) == 3
    assert batch_key("/ingest?job=a", b"x") != batch_key("/ingest", b"x")


def test_an_undelivered_batch_is_forgotten_after_its_time() -> None:
    repeats = Repeats()
    repeats.begin(KEY, 0)
    repeats.not_answered(KEY, ANSWER, 0)

    assert repeats.begin(KEY, UNDELIVERED_SECONDS) == Fresh(KEY)


def test_a_named_batch_is_a_repeat_even_where_it_was_answered() -> None:
    repeats = Repeats()
    key = named("order-17")
    assert repeats.begin(key, 0) == Fresh(key)
    assert repeats.begin(key, 0) == Fresh(key), "the log tells two at once apart"
    log_may_forget = repeats.answered(key, ANSWER, 1)

    assert not log_may_forget
    assert repeats.begin(key, 60) == Repeat(key, ANSWER)
    assert repeats.begin(key, 1 + NAMED_SECONDS) == Fresh(key)


def test_a_named_batch_that_was_refused_may_come_again() -> None:
    repeats = Repeats()
    key = named("order-17")
    repeats.begin(key, 0)
    repeats.dropped(key, 1)

    assert repeats.begin(key, 1) == Fresh(key)


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_KEY_CHARACTERS + 1)])
def test_a_useless_name_is_no_key(name: str) -> None:
    assert named_key("/ingest", name) is None


def test_memory_is_bounded_and_what_is_lost_for_it_is_counted() -> None:
    repeats = Repeats(max_remembered=10)
    for n in range(30):
        key = batch_key("/ingest", b"%d" % n)
        repeats.begin(key, n)
        repeats.not_answered(key, ANSWER, n)

    assert len(repeats) == 10
    assert repeats.forgotten == 20


EVENT = st.sampled_from(["send", "answer", "lose", "reset"])


@given(events=st.lists(EVENT, max_size=40), room=st.integers(1, 5))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_batch_is_stored_once_whatever_becomes_of_its_answers(
    events: list[str], room: int
) -> None:
    """One sender of equal batches, one after another, that repeats whatever was not answered."""
    repeats = Repeats(max_remembered=room)
    stored = sent = 0
    last = ""
    open_id: str | None = None
    has_answer = True
    for now, event in enumerate(events):
        if event == "send" and open_id is None:
            sent += has_answer
            found = repeats.begin(KEY, now)
            stored += isinstance(found, Fresh)
            open_id = found.batch_id
            last = open_id
        elif event == "answer" and open_id is not None:
            repeats.answered(open_id, ANSWER, now)
            open_id, has_answer = None, True
        elif event == "lose" and open_id is not None:
            repeats.not_answered(open_id, ANSWER, now)
            open_id, has_answer = None, False
        elif event == "reset" and open_id is None and has_answer and sent:
            repeats.not_answered(last, ANSWER, now)
            has_answer = False

    assert stored == sent
    assert len(repeats) <= room


def overtaken() -> Repeats:
    """A batch whose sender gave up and whose repeat is worked on beside it."""
    repeats = Repeats()
    assert repeats.begin(KEY, 0) == Fresh(KEY)
    repeats.undelivered(KEY, None, 1)
    assert repeats.begin(KEY, 2) == Fresh(KEY)
    return repeats


def test_the_log_knows_a_batch_until_what_was_overtaken_is_done_with() -> None:
    repeats = overtaken()

    assert not repeats.answered(KEY, ANSWER, 3)
    assert repeats.not_answered(KEY, ANSWER, 4)
    assert len(repeats) == 0
    assert repeats.begin(KEY, 5) == Fresh(KEY)


def test_an_equal_batch_beside_one_that_was_overtaken_is_a_new_one() -> None:
    repeats = overtaken()
    repeats.answered(KEY, ANSWER, 3)
    equal = repeats.begin(KEY, 4)

    assert equal not in (Fresh(KEY), Repeat(KEY, ANSWER))
    assert repeats.answered(equal.batch_id, ANSWER, 5)
    assert repeats.dropped(KEY, 6)
    assert len(repeats) == 0


def test_a_repeat_that_was_refused_comes_again_as_the_one_that_is_still_worked_on() -> None:
    repeats = overtaken()

    assert not repeats.dropped(KEY, 3)
    assert repeats.begin(KEY, 4) == Fresh(KEY)


def test_an_answer_that_was_lost_after_all_outlives_what_was_overtaken() -> None:
    repeats = overtaken()
    repeats.answered(KEY, ANSWER, 3)
    repeats.undelivered(KEY, ANSWER, 4)

    assert not repeats.not_answered(KEY, ANSWER, 5)
    assert repeats.begin(KEY, 6) == Repeat(KEY, ANSWER)
