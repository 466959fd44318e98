import pytest

from ttsink.intake.admission import Admission, Refused
from ttsink.notices import MAX_NOTICES, Notices
from ttsink.settings import IngestSettings


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def admission(clock: Clock | None = None, **settings: int) -> Admission:
    return Admission(IngestSettings(**settings), clock or Clock())


def test_what_was_admitted_is_given_back_once() -> None:
    door = admission()

    ticket = door.admit("a", 10)
    ticket.grow(30)
    ticket.release()
    ticket.release()

    assert (door.inflight_bytes, door.inflight_requests) == (0, 0)


def test_one_sender_holds_at_most_half_and_another_still_gets_in() -> None:
    door = admission(max_inflight_bytes=1024, max_inflight_requests=100)
    door.admit("greedy", 400)

    with pytest.raises(Refused, match="bytes of this sender") as refused:
        door.admit("greedy", 200)
    other = door.admit("modest", 400)

    assert (refused.value.status, refused.value.retry_after_seconds) == (503, 1)
    other.release()
    assert door.inflight_bytes == 400


def test_one_body_over_the_share_passes_where_nothing_else_of_the_sender_is_held() -> None:
    """Or a body the size limit allows could never be taken."""
    door = admission(max_inflight_bytes=1024)

    door.admit("big", 1000)

    with pytest.raises(Refused, match="all senders"):
        door.admit("other", 100)
    assert door.inflight_requests == 1


def test_requests_are_bounded_too() -> None:
    door = admission(max_inflight_requests=4)
    tickets = [door.admit("a", 0), door.admit("a", 0)]

    with pytest.raises(Refused, match="requests of this sender"):
        door.admit("a", 0)
    door.admit("b", 0)
    tickets[0].release()
    door.admit("a", 0)

    assert door.inflight_requests == 3


def test_a_sender_over_its_rate_is_told_when_to_come_back() -> None:
    clock = Clock()
    door = admission(clock, sender_bytes_per_second=1000)
    door.spend("a", 9000)

    with pytest.raises(Refused) as refused:
        door.admit("a", 10)
    door.admit("b", 10)
    clock.now += 6

    assert (refused.value.status, refused.value.retry_after_seconds) == (429, 6)
    door.admit("a", 10)


def test_a_cause_is_noted_once_and_counted() -> None:
    notices = Notices()

    first = notices.add("token_wrong", "from 10.0.0.1", "t1")
    again = notices.add("token_wrong", "from 10.0.0.1", "t2")

    assert (first, again) == (True, False)
    assert [(n.count, n.since) for n in notices.all()] == [(2, "t1")]


def test_strangers_cannot_make_the_notices_grow() -> None:
    notices = Notices()

    for number in range(MAX_NOTICES * 3):
        notices.add("x", str(number), "t")

    assert len(notices.all()) == MAX_NOTICES
    assert notices.all()[-1].detail == str(MAX_NOTICES * 3 - 1)


def test_the_addresses_of_one_ipv6_host_are_one_sender() -> None:
    door = admission(Clock(), sender_bytes_per_second=10)
    door.spend("2001:db8::1", 1_000)

    with pytest.raises(Refused, match="sender_bytes_per_second"):
        door.admit("2001:db8::2", 1)
    door.admit("2001:db8:0:1::1", 1)


def test_one_ipv6_host_has_one_share_of_what_may_be_under_way() -> None:
    door = admission(max_inflight_requests=4)
    for number in range(2):
        door.admit(f"2001:db8::{number}", 1)

    with pytest.raises(Refused, match="requests of this sender"):
        door.admit("2001:db8::2", 1)
