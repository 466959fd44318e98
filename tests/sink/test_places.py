"""Who gives way when every place is taken, and who counts as one client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsink.http.client import client
from ttsink.http.places import FullError, Place, Places
from ttsink.http.uptake import MIN_TAKEN_BYTES, UNTAKEN_SECONDS, Uptake


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::1"),
        ("fe80::1", "fe80::1"),
        ("?", "?"),
    ],
)
def test_a_client_is_an_address_or_the_network_a_host_has_to_itself(peer: str, name: str) -> None:
    assert client(peer) == name


def test_one_client_never_has_more_than_its_share() -> None:
    places = Places(8)
    for now in range(4):
        places.busy(places.take("greedy", now).place)

    with pytest.raises(FullError, match=r"4 connections .*\.max_connections_per_client") as full:
        places.take("greedy", 4)
    assert full.value.reason == "client"
    assert [places.take(f"other-{n}", 5).gives_way for n in range(4)] == [None] * 4


def test_over_its_share_a_client_gives_up_its_own_longest_idle_connection() -> None:
    places = Places(8, 2)
    first, second = (places.take("a", now).place for now in (1.0, 2.0))

    assert places.take("a", 3.0).gives_way is first
    assert places.take("a", 4.0).gives_way is second
    assert places.open == 2


def test_loopback_has_all_unless_it_is_told_otherwise() -> None:
    assert Places(8).bound("127.0.0.1") == Places(8).bound("::1") == 8
    assert Places(8).bound("192.0.2.1") == 4
    assert Places(8, 3).bound("127.0.0.1") == 3
    assert Places(8, 300).bound("192.0.2.1") == 8


def test_a_newcomer_takes_the_place_of_the_client_with_the_most() -> None:
    places = Places(8, 6)
    quiet = [places.take(name, 0.0).place for name in ("agent-1", "agent-2")]
    hoard = [places.take("hoarder", 1.0 + n).place for n in range(6)]

    assert places.take("newcomer", 9.0).gives_way is hoard[0]
    assert not any(place.left for place in quiet)


def test_a_connection_that_never_asked_anything_gives_way_before_one_that_did() -> None:
    places = Places(2, 2)
    agent = places.take("127.0.0.1", 1.0).place
    places.busy(agent)
    places.idle(agent, 2.0)
    silent = places.take("127.0.0.1", 3.0).place

    assert places.take("127.0.0.1", 4.0).gives_way is silent
    assert places.take("127.0.0.1", 5.0).gives_way is not agent


def test_clients_of_like_size_do_not_take_each_others_places_in_turn() -> None:
    places = Places(2, 2)
    places.take("a", 1.0)
    places.busy(places.take("b", 2.0).place)

    with pytest.raises(FullError, match="2 connections are open, all at work") as full:
        places.take("b", 3.0)
    assert full.value.reason == "all"


def test_what_is_at_work_never_gives_way() -> None:
    places = Places(2, 2)
    taken = [places.take("a", 1.0).place for _ in range(2)]
    for place in taken:
        places.busy(place)

    with pytest.raises(FullError, match="max_connections"):
        places.take("b", 2.0)
    places.idle(taken[1], 3.0)

    assert places.take("b", 4.0).gives_way is taken[1]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["take", "busy", "idle", "leave"])),
        max_size=80,
    )
)
def test_whatever_happens_the_bounds_hold_and_a_client_without_any_gets_in(
    steps: list[tuple[str, str]],
) -> None:
    places = Places(6, 4)
    held: dict[str, list[Place]] = {name: [] for name in "abcd"}
    for now, (name, step) in enumerate(steps):
        mine = [place for place in held[name] if not place.left]
        if step == "take":
            try:
                taken = places.take(name, float(now))
            except FullError:
                at_work = sum(
                    place.idle_since is None
                    for each in held.values()
                    for place in each
                    if not place.left
                )
                assert mine or at_work == 6
                continue
            assert taken.gives_way is None or taken.gives_way.left
            held[name].append(taken.place)
        elif mine and step == "busy":
            places.busy(mine[-1])
        elif mine and step == "idle":
            places.idle(mine[-1], float(now))
        elif mine:
            places.leave(mine[0])
            places.leave(mine[0])
        living = {n: [p for p in each if not p.left] for n, each in held.items()}
        assert sum(map(len, living.values())) == places.open <= 6
        assert max(map(len, living.values())) <= 4
        assert places.working == sum(p.idle_since is None for each in living.values() for p in each)


def test_a_reader_that_takes_a_little_all_the_time_is_left_alone() -> None:
    uptake, size = Uptake(), 4_000_000

    looks = [
        uptake.stalled(size - second * MIN_TAKEN_BYTES // 10, float(second)) for second in range(60)
    ]

    assert not any(looks)


@pytest.mark.parametrize("taken_bytes", [0, MIN_TAKEN_BYTES // 40])
def test_a_reader_that_takes_next_to_nothing_is_seen(taken_bytes: int) -> None:
    uptake = Uptake()

    looks = [uptake.stalled(4_000_000 - n * taken_bytes, float(n)) for n in range(17)]

    assert looks.index(True) == UNTAKEN_SECONDS


def test_a_reader_that_takes_all_between_two_looks_begins_anew() -> None:
    uptake = Uptake()

    assert not any(uptake.stalled(size, float(n)) for n, size in enumerate([9, 0] * 20))
