"""Golden screens: what every pane and state looks like, kept as text to be read in review.

    PYTHONPATH=sink:viewer:tests python -m support.golden [--check] [NAME...]

Writes tests/screens/NAME.txt for every scene and docs/screens/NAME.svg for some, and shows what
changed. With `--check` nothing is written and the exit status says whether anything would be.

A file has the characters of the screen, then the same rows with a letter for each style, then
what the letters stand for.
"""

import argparse
import difflib
import string
import sys
from pathlib import Path

from support import picture
from support.scenes import SCENES
from support.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "tests" / "screens"
PICTURES = ROOT / "docs" / "screens"

PICTURED = ("log", "jobs", "record", "filter-error", "gap", "in-context", "theme-dark", "waterfall")
"""Scenes that README and docs show."""

LETTERS = string.ascii_letters + string.digits + "!#$%&*+=?@^~"


def golden(stage: Stage) -> str:
    """Characters, styles and legend of what is on the screen."""
    letters: dict[str, str] = {"": " "}
    styled: list[str] = []
    for row in stage.styled():
        line = ""
        for text, style in row:
            if style not in letters:
                letters[style] = LETTERS[len(letters) - 1]
            line += letters[style] * len(text)
        styled.append(line.rstrip())
    legend = [f"{letter} {style}" for style, letter in letters.items() if style]
    return "\n".join([*stage.lines(), "-- styles", *styled, "-- legend", *legend, ""])


def files(names: list[str]) -> dict[Path, str]:
    """Every file these scenes make, with its text."""
    made: dict[Path, str] = {}
    for name in names:
        stage = SCENES[name]()
        made[SCREENS / f"{name}.txt"] = golden(stage)
        if name in PICTURED:
            made[PICTURES / f"{name}.svg"] = picture.svg(stage)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description="rewrite the golden screens")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    changed = 0
    for path, text in files(options.names or list(SCENES)).items():
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before == text:
            continue
        changed += 1
        print(path.relative_to(ROOT))
        if path.suffix == ".txt" and before:
            diff = difflib.unified_diff(before.splitlines(), text.splitlines(), lineterm="", n=1)
            print(*diff, sep="\n")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    print(f"{changed} changed")
    return int(options.check and changed > 0)


if __name__ == "__main__":
    sys.exit(main())
