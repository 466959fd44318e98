"""Every pane and state looks as it did when it was last read in review (`make screens`)."""

import pytest

from support import golden
from support.scenes import SCENES


@pytest.mark.parametrize("name", SCENES)
def test_a_screen_looks_as_it_was_reviewed(name: str) -> None:
    for path, text in golden.files([name]).items():
        assert path.read_text(encoding="utf-8").splitlines() == text.splitlines(), (
            f"{path.name} changed: `make screens` rewrites it and shows the difference"
        )


def test_no_golden_screen_is_left_behind() -> None:
    kept = {path.stem for path in golden.SCREENS.glob("*.txt")}

    assert kept == set(SCENES)
    assert {path.stem for path in golden.PICTURES.glob("*.svg")} >= set(golden.PICTURED)
