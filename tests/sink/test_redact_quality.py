"""Recall and precision on the labelled corpus, and the figures docs/redaction.md gives."""

import re
from pathlib import Path

import pytest

from support import redaction_corpus as corpus
from ttsink.redact.redaction import Redactor
from ttsink.redact.ruleset import KINDS, OFF_BY_DEFAULT
from ttsink.redact.settings import RedactionSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "redaction.md"
LEAST_RECALL = 0.97
LINES_PER_RULE = 6
CLEAN_LINES = 10_000
REDACTOR = Redactor(RedactionSettings(), b"corpus" * 6)
BY_SURROUNDINGS = {"password", "secret", "token", "api_key", "cookie", "phone", "bearer", "basic"}
"""Told by the words around it, so that no list of words is ever whole."""


def test_every_rule_finds_what_was_planted() -> None:
    scores = corpus.scores(REDACTOR, seed=11, lines_per_kind=LINES_PER_RULE)

    poor = {
        kind: score
        for kind, score in scores.items()
        if score.recall < (0.9 if kind in BY_SURROUNDINGS else LEAST_RECALL)
    }
    assert poor == {}
    planted = sum(score.planted for score in scores.values())
    assert sum(score.wrong for score in scores.values()) <= planted * 0.01


def test_clean_lines_stay_clean() -> None:
    assert corpus.false_marks(REDACTOR, seed=12, lines=CLEAN_LINES) == []


def figures() -> dict[str, tuple[int, float, float]]:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {kind: (int(lines), float(recall), float(right)) for kind, lines, recall, right in rows}


def test_the_page_gives_the_figures_of_the_corpus() -> None:
    table = figures()

    assert set(table) == set(corpus.VALUES)
    assert sum(lines for lines, _, _ in table.values()) >= 3_000
    assert all(recall >= LEAST_RECALL for _, recall, _ in table.values())
    assert re.search(
        r"^False marks in 30,000 clean lines: [0-3]\.$", PAGE.read_text("utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "field"])
def test_the_page_names_every_rule(kind: str) -> None:
    assert f"`{kind}`" in PAGE.read_text("utf-8")


def test_addresses_of_machines_are_off_unless_asked_for() -> None:
    assert {"ipv4", "ipv6"} == OFF_BY_DEFAULT
    assert REDACTOR.text("from 10.1.2.3 and 2001:db8::1")[1] == {}
    settings = RedactionSettings(modes={"ipv4": "mark", "ipv6": "mark"})
    redactor = Redactor(settings, b"corpus" * 6)
    assert set(redactor.text("from 10.1.2.3 and 2001:db8::1")[1]) == {"ipv4", "ipv6"}
