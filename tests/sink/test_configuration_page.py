"""docs/configuration.md is what the structs say."""

import re
import tomllib
from pathlib import Path

import pytest

from ttsink import config
from ttsink.commands import config_reference

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text("utf-8")


def test_the_page_has_every_option_with_its_default_and_text() -> None:
    """After a change: `ttsink config reference --into docs/configuration.md`."""
    assert config_reference.page(PAGE) == PAGE


def test_the_example_of_the_page_is_a_configuration() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)

    loaded = config.load(tables=tomllib.loads(example))

    assert loaded.settings.server.listen == "0.0.0.0:8484"
    assert loaded.settings.fields.job == ("pipeline_run",)


@pytest.mark.parametrize("variable", sorted(config.OTHER_VARIABLES))
def test_the_page_names_the_variables_that_are_no_option(variable: str) -> None:
    assert f"`{variable}`" in PAGE
