"""Pages that point somewhere point at something."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("configs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
CODE_PATH = re.compile(r"`((?:tests|sink|viewer|configs|docs|ttwire|ttsink|ttview)/[\w./-]+\.\w+)`")
FOLDERS = {"ttwire": "sink/ttwire", "ttsink": "sink/ttsink", "ttview": "viewer/ttview"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_a_page_names_is_there(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return
    named = CODE_PATH.findall(page.read_text(encoding="utf-8"))
    paths = [
        re.sub(r"^(ttwire|ttsink|ttview)(?=/)", lambda found: FOLDERS[found[0]], name)
        for name in named
    ]

    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_one_sentence_a_line(page: Path) -> None:
    """A changed sentence is then a changed line."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    prose = [
        line for line in text.splitlines() if line and line[0] not in "|#-<!>" and line[:2] != "  "
    ]
    prose = [re.sub(r"`[^`]*`|\([^)]*\)|\"[^\"]*\"", "x", line) for line in prose]
    several = [line for line in prose if re.search(r"[a-z]{2}[.!?] [A-Z]", line)]

    assert several == []
