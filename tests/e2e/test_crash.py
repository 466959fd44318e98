"""`kill -9` at any moment loses no acknowledged record, and shows none twice."""

from pathlib import Path

from support.crash import Crash, Report


async def test_a_killed_sink_has_every_acknowledged_record_once(tmp_path: Path) -> None:
    report = await Crash(tmp_path, seed=1).run(kills=3)

    assert report.acknowledged > 0
    assert report == Report(3, report.acknowledged, report.repeated, 0, 0, 0, 0, 0, 0)
