"""docs/filter.md says what the code reads."""

from pathlib import Path

import pytest

from ttwire.field import FIELDS, FORMS, Field, Form
from ttwire.filter import parse
from ttwire.query import MAX_DEPTH, MAX_PATTERNS, MAX_TERMS
from ttwire.scan import MAX_FILTER_CHARACTERS

PAGE = (Path(__file__).parents[2] / "docs" / "filter.md").read_text(encoding="utf-8")


def code(texts: tuple[str, ...]) -> str:
    return " ".join(f"`{text}`" for text in texts)


def cell(text: str) -> str:
    return text.replace("|", r"\|")


def rows(section: str) -> list[str]:
    body = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return [line for line in body.splitlines() if line.startswith("|")][2:]


def test_the_page_has_every_field_and_no_other() -> None:
    assert rows("Fields") == [
        f"| `{field.name}` | {code(field.aliases)} | {field.help} | {code(field.examples)} |"
        for field in FIELDS
    ]


def test_the_page_has_every_form_and_no_other() -> None:
    assert rows("What can be written") == [
        f"| `{cell(form.example)}` | {cell(form.help)} |" for form in FORMS
    ]


def test_the_page_names_the_limits_in_force() -> None:
    assert (
        f"at most {MAX_FILTER_CHARACTERS} characters, {MAX_TERMS} terms, {MAX_PATTERNS} patterns, "
        f"and {MAX_DEPTH} groups" in PAGE
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
def test_every_form_on_the_page_is_read(form: Form) -> None:
    assert str(parse(form.example, now=1e9))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_example_and_alias_of_a_field_is_read(field: Field) -> None:
    for example in field.examples:
        name, colon, value = example.partition(":")
        assert name == field.name
        assert str(parse(example, now=1e9))
        for alias in field.aliases:
            assert parse(f"{alias}{colon}{value}", now=1e9) == parse(example, now=1e9)


def test_the_example_at_the_top_of_the_page_is_read() -> None:
    (example,) = (line for line in PAGE.splitlines() if line.startswith("job:email-* "))

    assert parse(example, now=1e9).required.since is not None
