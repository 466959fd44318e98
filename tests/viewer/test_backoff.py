from hypothesis import given, settings
from hypothesis import strategies as st

from ttview import backoff
from ttview.backoff import Backoff

SHARE = st.floats(0, 0.999)


def test_the_wait_doubles_to_a_ceiling_and_starts_over_after_success() -> None:
    schedule, waits = Backoff(), []
    for _ in range(9):
        schedule = backoff.failed(schedule, now=100.0, jitter=0.0)
        waits.append(schedule.due - 100.0)

    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert backoff.worked() == Backoff(failures=0, due=0.0)


@settings(deadline=None, derandomize=True)
@given(SHARE, st.integers(0, 10_000))
def test_jitter_takes_off_at_most_half(jitter: float, failures: int) -> None:
    whole = backoff.failed(Backoff(failures), 0.0, 0.0).due
    wait = backoff.failed(Backoff(failures), 0.0, jitter).due

    assert whole / 2 <= wait <= whole


def test_a_longer_wait_the_server_asked_for_is_kept_to_but_not_for_ever() -> None:
    assert backoff.failed(Backoff(), 10.0, 0.0, asked_seconds=7.0).due == 17.0
    assert backoff.failed(Backoff(), 10.0, 0.0, asked_seconds=0.0).due == 10.25
    assert backoff.failed(Backoff(), 10.0, 0.0, asked_seconds=1e9).due == 310.0
    assert backoff.failed(Backoff(), 10.0, 0.0, asked_seconds=-5.0).due == 10.25
