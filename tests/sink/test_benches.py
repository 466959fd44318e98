"""The benchmarks run, so that none of them rots; their figures are for people."""

import pytest

from bench import bench_intake, bench_stages


def test_intake_is_measured_beside_its_floor(capsys: pytest.CaptureFixture[str]) -> None:
    bench_intake.main(["--batch", "10", "--batches", "2", "--rounds", "1", "--encoding", "gzip"])

    out = capsys.readouterr().out
    assert [line.split("  ")[0].rstrip() for line in out.splitlines()] == [
        "body",
        "floor",
        "intake",
        "intake / floor",
    ]


def test_every_stage_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    bench_stages.main(["--batch", "20", "--batches", "4"])

    out = capsys.readouterr().out
    assert {"floor", "split", "dialect", "redact", "view", "states", "sum"} <= {
        line.split()[0] for line in out.splitlines()
    }
