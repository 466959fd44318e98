"""The page on fields: its examples are run, its lists are the code's."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ttsink.dialects import fields as dialect_fields
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.fields import FieldMapping
from ttsink.dialects.presets import PRESETS, Preset

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fields.md").read_text(encoding="utf-8")
RECEIVED = "2026-01-02T03:05:00.000000Z"
EXAMPLES = re.findall(r"```json\n(\{.*\})\n```\n\n```json record\n(\{.*\})\n```", PAGE)
MEMBERS = dialect_fields.MEMBERS


@pytest.mark.parametrize(("arrives", "becomes"), EXAMPLES)
def test_an_example_becomes_what_the_page_says(arrives: str, becomes: str) -> None:
    (found,) = Dialects().records([json.loads(arrives)], received=RECEIVED, agent=None)
    wanted: dict[str, Any] = {"timestamp": RECEIVED, **json.loads(becomes)}

    assert {
        member: value for member in MEMBERS if (value := getattr(found, member)) is not None
    } == wanted


def test_every_example_has_its_record() -> None:
    assert PAGE.count("```json\n") == PAGE.count("```json record\n") == len(EXAMPLES)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_on_the_page_with_its_lists(name: str) -> None:
    (section,) = (part for part in PAGE.split("\n### ") if f"Preset `{name}`" in part)

    assert "```json record" in section
    for field in Preset.__struct_fields__:
        entries = getattr(PRESETS[name], field)
        row = f"| `{field}` | " + ", ".join(f"`{entry}`" for entry in entries) + " |"
        assert (row in section) == bool(entries), field


@pytest.mark.parametrize(
    "name", ["SCOPES", "ID_SCOPES", "LEVEL", "TRACE_ID", "SPAN_ID", "PLACEHOLDERS"]
)
def test_the_other_lists_are_on_the_page_in_their_order(name: str) -> None:
    entries = [entry for entry in getattr(dialect_fields, name) if entry]

    assert ", ".join(f"`{entry}`" for entry in entries) in PAGE


def test_the_configuration_on_the_page_is_one() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)

    mapping = msgspec.convert(tomllib.loads(block)["fields"], FieldMapping)

    assert mapping.only == ("worker",)
    shown = set(re.findall(r"^(\w+) =", block, re.MULTILINE)) | {"presets"}
    lists_of_members = {"job", *MEMBERS}
    assert set(FieldMapping.__struct_fields__) - lists_of_members <= shown
