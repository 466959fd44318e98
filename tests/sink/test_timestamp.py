"""Times as agents and loggers write them, by what they come to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.dialects import timestamp

RECEIVED = "2026-01-10T00:00:00.000000Z"

# What is written, what it is, and whether that says all of it.
WRITTEN: list[tuple[Any, str, bool]] = [
    ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z", True),
    ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100000Z", True),
    ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z", True),
    ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456Z", False),
    ("2026-01-02T03:04:05.123456000Z", "2026-01-02T03:04:05.123456Z", True),
    ("2026-01-02T03:04:05+09:00", "2026-01-01T18:04:05.000000Z", True),
    ("2026-01-02T03:04:05.5-0330", "2026-01-02T06:34:05.500000Z", True),
    ("2026-01-02T03:04:05+09", "2026-01-01T18:04:05.000000Z", True),
    ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000Z", True),
    ("2026-01-02 03:04:05,123", "2026-01-02T03:04:05.123000Z", True),
    ("2026-01-02 03:04:05.123456", "2026-01-02T03:04:05.123456Z", True),
    ("2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05.000000Z", True),
    ("2026/01/02 03:04:05", "2026-01-02T03:04:05.000000Z", True),
    ("26/01/02 03:04:05", "2026-01-02T03:04:05.000000Z", True),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z", True),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z", False),
    (1767323045, "2026-01-02T03:04:05.000000Z", True),
    (1767323045.123456, "2026-01-02T03:04:05.123456Z", True),
    (1767323045123, "2026-01-02T03:04:05.123000Z", True),
    (1767323045123456, "2026-01-02T03:04:05.123456Z", True),
    (1767323045123456789, "2026-01-02T03:04:05.123456Z", False),
    ("1767323045", "2026-01-02T03:04:05.000000Z", True),
    ("1767323045.5", "2026-01-02T03:04:05.500000Z", True),
    ("1767323045123", "2026-01-02T03:04:05.123000Z", True),
    ("02/Jan/2026:03:04:05 +0000", "2026-01-02T03:04:05.000000Z", True),
    ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05.000000Z", True),
    ("Jan  2 03:04:05", "2026-01-02T03:04:05.000000Z", True),
    ("Dec 31 23:59:59", "2025-12-31T23:59:59.000000Z", True),
    ("I0102 03:04:05.678901", "2026-01-02T03:04:05.678901Z", True),
]

NO_TIMES: list[Any] = [
    "", "-", "now", "2026-01-02", "03:04:05", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
    "2026-01-02T25:04:05Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "2026-01-02T03:04:05Z and more", "x" * 10_000, "٢٠٢٦-01-02T03:04:05Z",
    "2026-01-02T03:04:05+99:99", 0, -1, 12.5, 20260102, 20260102030405, 2**80, True, None, [], {},
    "Feb 30 03:04:05", float(2**70),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "canonical", "exact"), [pytest.param(*row, id=repr(row[0])) for row in WRITTEN]
)
def test_a_time_is_read_to_its_microsecond(written: Any, canonical: str, exact: bool) -> None:
    assert timestamp.instant(written, received=RECEIVED) == (canonical, exact)


@pytest.mark.parametrize("written", NO_TIMES, ids=lambda value: repr(value)[:40])
def test_what_is_no_time_is_none(written: Any) -> None:
    assert timestamp.instant(written, received=RECEIVED) == (None, False)


def test_a_time_without_a_zone_takes_the_configured_offset() -> None:
    found, _ = timestamp.instant("2026-01-02 03:04:05", received=RECEIVED, offset_minutes=540)

    assert found == "2026-01-01T18:04:05.000000Z"


# Seconds from the first day of 1975 to that of 2199.
COLUMN = st.lists(
    st.builds(
        lambda seconds, part: datetime.fromtimestamp(seconds, UTC).replace(
            tzinfo=None, microsecond=part
        ),
        st.integers(157_766_400, 7_226_582_400),
        st.integers(0, 999_999),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(COLUMN, st.sampled_from(["microseconds", "milliseconds", "seconds"]))
def test_a_column_says_what_its_values_say_singly(moments: list[datetime], spec: str) -> None:
    written = [moment.isoformat(timespec=spec) + "Z" for moment in moments]
    singly = [timestamp.instant(text, received=RECEIVED)[0] for text in written]

    column = timestamp.column(written)

    assert column is None or list(column) == singly
    assert column is not None or any(moment.day == 29 for moment in moments)


@pytest.mark.parametrize(
    "wrong",
    ["2026-02-30T03:04:05.123456Z", "1970-01-01T00:00:00.000000Z", 5, None, "x\ny", "\ud800"],
)
def test_a_column_with_one_other_value_is_read_singly(wrong: Any) -> None:
    assert timestamp.column(["2026-01-02T03:04:05.123456Z", wrong]) is None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1_000_000_000_000_000, 7_000_000_000_000_000))
def test_unix_time_agrees_with_datetime_in_every_unit(microseconds: int) -> None:
    whole, part = divmod(microseconds, 1_000_000)
    moment = datetime.fromtimestamp(whole, UTC).replace(microsecond=part)
    wanted = moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"

    for written in (microseconds, microseconds * 1000, str(microseconds)):
        assert timestamp.instant(written, received=RECEIVED)[0] == wanted


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=70) | st.floats() | st.integers())
def test_no_value_raises(value: Any) -> None:
    found, exact = timestamp.instant(value, received=RECEIVED)

    assert found is None or (len(found) == 27 and found.endswith("Z"))
    assert found is not None or not exact
