"""A flood in one job never evicts another's newest records (the long form: `make soak`)."""

from support.flood import flood
from ttsink.store.retention import Retention


def test_every_quiet_job_keeps_its_newest_records_through_a_flood() -> None:
    tight = Retention(max_ring_records=1_000, max_bytes=2_000_000)

    result = flood(60_000, keep=14, retention=tight)

    assert result.lost == 0
    assert result.over_budget == 0
    assert result.retained < 10_000
