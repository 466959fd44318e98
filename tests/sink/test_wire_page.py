"""docs/wire.md says what the code does."""

import re
from pathlib import Path

import msgspec
import pytest

from ttsink.bodies import cut
from ttsink.bodies.encoding import ACCEPT_ENCODING, decode
from ttsink.bodies.limits import DEFAULT, KIB, MIB, BodyRefused
from ttsink.bodies.wrapper import WRAPPERS
from ttsink.intake import repeat

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "sink" / "ttsink").rglob("*.py")
)


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def size(count: int) -> str:
    if count % MIB == 0:
        return f"{count // MIB} MiB"
    return f"{count // KIB} KiB" if count % KIB == 0 else f"{count:,}"


def test_every_limit_is_on_the_page() -> None:
    table = section("Limits")
    named = msgspec.structs.asdict(DEFAULT)
    expected = {name: size(value) for name, value in named.items()}
    expected["max_ratio"] = f"{DEFAULT.max_ratio}:1"

    missing = {name: text for name, text in expected.items() if text not in table}

    assert missing == {}


def test_the_marks_are_those_of_the_code() -> None:
    assert f"`{cut.DEEPER}`" in PAGE
    assert f"`{cut.mark(5).replace('5', 'N')}`" in PAGE


def test_every_encoding_is_on_the_page() -> None:
    assert all(f"`{name}`" in section("Encodings") for name in ACCEPT_ENCODING.split(", "))


def test_every_name_of_a_wrapper_is_on_the_page() -> None:
    (line,) = re.findall(r"The list of a wrapper is named one of (.*), and what", PAGE)

    assert set(re.findall(r"`(\w+)`", line)) == WRAPPERS


def test_the_codes_are_those_the_code_raises() -> None:
    (line,) = re.findall(r"The codes of a body that was refused: (.*)\.", PAGE)
    told = set(re.findall(r"`(\w+)`", line))

    assert all(f'"{code}"' in SOURCES for code in told)
    for body, encoding in [(b"x", "br"), (b"x", "gzip"), (b"\x1f\x8b", "gzip")]:
        with pytest.raises(BodyRefused) as refused:
            decode(body, encoding)
        assert refused.value.code in told
    raised = re.findall(r'BodyRefused\(\s*\d+,\s*"(\w+)"', SOURCES)
    assert set(raised) <= told


def test_the_times_of_repeats_are_those_of_the_code() -> None:
    text = section("Repeats")

    assert f"{repeat.UNDELIVERED_SECONDS // 60} minutes" in text
    assert f"{repeat.NAMED_SECONDS // 3600} hours" in text
    assert f"{repeat.MAX_KEY_CHARACTERS} characters" in text
