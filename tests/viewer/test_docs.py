"""The pages on the viewer, held against the code."""

import re
from pathlib import Path

import msgspec
import pytest

from ttview import cli, config, memory
from ttview.client import STREAM_RECORDS_PER_SECOND
from ttview.commands import record, screen, states, tail
from ttview.config import Config, NamedSink
from ttview.exits import Exit

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
CONFIGURATION = (DOCS / "viewer-configuration.md").read_text()
USE = (DOCS / "use-the-viewer.md").read_text()


def test_every_key_of_the_file_is_on_the_page_and_no_other() -> None:
    keys = set(re.findall(r"^\| `([a-z_.A-Z]+)` \|", CONFIGURATION, re.MULTILINE))
    in_sinks = {f"sinks.NAME.{field}" for field in NamedSink.__struct_fields__}

    assert keys - in_sinks == set(Config.__struct_fields__) - {"sinks", "filter"}
    assert in_sinks <= keys


def test_the_example_is_a_configuration() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)

    parsed = config.parse(example)

    assert parsed.sink == "staging"
    assert parsed.keys["page_down"] == ("Space", "f")


@pytest.mark.parametrize("key", sorted(config.SCREEN_OPTIONS))
def test_every_option_of_the_screen_is_a_flag_a_variable_and_a_row(key: str) -> None:
    (row,) = re.findall(rf"^\| `{key}` \|.*$", CONFIGURATION, re.MULTILINE)

    assert f"`--{key}`" in row
    assert f"`TTVIEW_{key.upper()}`" in row
    default = getattr(Config(), key)
    assert f"`{msgspec.json.encode(default).decode().strip(chr(34))}`" in row.rpartition(" | ")[2]
    assert f"--{key}" in screen.options_parser().format_help()


def test_every_variable_the_viewer_reads_is_on_the_page() -> None:
    source = "".join(path.read_text() for path in Path(cli.__file__).resolve().parent.rglob("*.py"))

    named = set(re.findall(r"TTVIEW_[A-Z_]*[A-Z]", source))

    assert named - set(re.findall(r"TTVIEW_[A-Z_]*[A-Z]", CONFIGURATION)) == set()


def test_every_command_and_its_options_are_on_a_page() -> None:
    for name in cli.COMMANDS:
        assert f"ttview {name}" in USE
    parsers = (tail.arguments_parser(), states.arguments_parser("jobs"), record.arguments_parser())
    flags = {
        flag
        for parser in (*parsers, screen.options_parser())
        for action in parser._actions
        for flag in action.option_strings
        if flag.startswith("--")
    }

    missing = {flag for flag in flags if flag not in USE and flag not in CONFIGURATION}
    assert missing <= {"--help", "--version", "--lines", "--output"}


def test_every_exit_status_is_on_the_page() -> None:
    assert {int(n) for n in re.findall(r"^\| (\d+) \|", USE, re.MULTILINE)} == set(map(int, Exit))


def test_figures_on_the_pages_are_those_of_the_code() -> None:
    assert f"at most {STREAM_RECORDS_PER_SECOND:,} records a second" in USE
    assert f"At most {memory.MAX_HISTORY} typed filters and {memory.MAX_KEPT} kept" in CONFIGURATION
    assert "newest 64 MiB" in USE
