"""`ttsink redact --explain`: tells rule and place, never the value."""

import io
import json

import pytest

from ttsink.commands import redact
from ttsink.dialects.dialect import Dialects
from ttsink.redact.explain import Explainer, glimpse, printable
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings

LINE = {
    "message": "hi joe.doe@example.com",
    "password": "hunter2",
    "customer": {"phone": "555-123-4567", "card": 4111111111111111},
    "ann@example.org": True,
    "argv": ["--token", "s3cr3tv4lue"],
    "job": "digest for kim@example.com",
}


def explain(lines: list[str], *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    status = redact.run(
        ["--explain", *arguments], io.BytesIO("\n".join(lines).encode() + b"\n"), out
    )
    return status, out.getvalue()


def test_every_value_is_named_by_rule_and_place() -> None:
    status, shown = explain([json.dumps(LINE)], "-o", "json")

    finds = [json.loads(line) for line in shown.splitlines()]
    assert status == 1
    assert {(find["rule"], find["where"]) for find in finds} == {
        ("email", "job"),
        ("email", "message"),
        ("password", "fields.password"),
        ("phone", "fields.customer.phone"),
        ("card", "fields.customer.card"),
        ("email", "fields (key)"),
        ("token", "fields.argv[1]"),
    }
    message = next(find for find in finds if find["where"] == "message")
    assert (message["start"], message["end"]) == (3, 22)
    assert message["shown"] == "jo... (19 characters)"


@pytest.mark.parametrize("output", ["text", "json"])
def test_no_value_is_shown_whole(output: str) -> None:
    _, shown = explain([json.dumps(LINE), "mail joe.doe@example.com"], "-o", output)

    for value in (
        "joe.doe@",
        "hunter2",
        "555-123",
        "4111111111111111",
        "ann@",
        "s3cr3tv4lue",
        "kim@",
    ):
        assert value not in shown


def test_clean_lines_say_nothing_and_exit_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(["all quiet", '{"n": 1}', ""]) == (0, "")
    assert capsys.readouterr().err == "3 lines read, 0 values would be removed\n"


def test_it_wants_to_be_told_to_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert redact.run([], io.BytesIO(), io.StringIO()) == 2
    assert "--explain" in capsys.readouterr().err


def test_a_mistake_in_the_settings_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTSINK_REDACTION_KEY", "short")

    assert redact.run(["--explain"], io.BytesIO(), io.StringIO()) == 78
    assert "TTSINK_REDACTION_KEY" in capsys.readouterr().err


def test_nothing_a_terminal_would_obey_is_printed() -> None:
    _, shown = explain(["\x1b[31mjoe.doe@example.com\x07"])

    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert printable("a\x1b\u202eb") == "a\\x1b\\u202eb"
    assert glimpse("\x1b]0;" + "x" * 20) == "\\x1b]... (24 characters)"


def test_text_that_is_no_json_is_explained_as_text() -> None:
    explainer = Explainer(Redactor(RedactionSettings(), b"k" * 32), Dialects())

    explained = explainer.explain(1, b'{"broken": "joe.doe@example.com')

    assert [find.rule for find in explained.finds] == ["email"]
    assert "joe.doe" not in explained.kept
