"""The limit of open files leaves room for what the sink itself has to open."""

import resource

from hypothesis import given
from hypothesis import strategies as st

from ttsink.http.descriptors import KEPT_BACK, Fit, fitting

FILES = st.integers(256, 1_000_000)


def test_the_usual_soft_limit_is_raised_for_the_default() -> None:
    assert fitting(4096, 1024, 524_288) == Fit(4096, 4096 + KEPT_BACK)


def test_a_hard_limit_leaves_fewer() -> None:
    assert fitting(4096, 1024, 1024) == Fit(1024 - KEPT_BACK, 1024)


def test_what_fits_already_changes_nothing() -> None:
    infinite = resource.RLIM_INFINITY

    assert fitting(4096, 20_000, 20_000) == Fit(4096, 20_000)
    assert fitting(4096, infinite, infinite) == Fit(4096, infinite)
    assert fitting(4096, 256, infinite) == Fit(4096, 4096 + KEPT_BACK)


@given(FILES, FILES, FILES)
def test_connections_and_what_is_kept_back_always_fit(wanted: int, one: int, other: int) -> None:
    soft, hard = sorted((one, other))

    connections, files = fitting(wanted, soft, hard)

    assert soft <= files <= max(hard, soft)
    assert 1 <= connections <= wanted
    assert connections + KEPT_BACK <= files
    assert connections == wanted or files == hard
