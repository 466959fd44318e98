"""Every bench still runs; what it measures is read by people, not here."""

import os
import subprocess

import pytest

from bench.__main__ import FOLDER, SMALL, TINY, command, names

ROOT = FOLDER.parent.parent
PATHS = os.pathsep.join(str(ROOT / folder) for folder in ("sink", "viewer", "tests"))


def test_every_bench_has_its_sizes() -> None:
    assert names() == sorted(SMALL) == sorted(TINY)


@pytest.mark.parametrize("name", names())
def test_a_bench_runs_and_prints(name: str) -> None:
    done = subprocess.run(
        command(name, tiny=True),
        env={**os.environ, "PYTHONPATH": PATHS},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
