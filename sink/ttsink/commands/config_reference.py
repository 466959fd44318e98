"""`ttsink config reference`: every option there is, as the tables of docs/configuration.md."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ttsink import config
from ttsink.commands.config_show import toml


def lines() -> Iterator[str]:
    section = ""
    for option in config.options():
        if option.section != section:
            section = option.section
            yield from ("", f"## [{section}]", "")
            yield from ("| key | default | flag, variable | what |", "|---|---|---|---|")
        default = toml(msgspec.to_builtins(option.default))
        text = option.text.replace("|", "\\|")
        yield (
            f"| `{option.key}` | `{default}` | `{option.flag}`<br>`{option.variable}` | {text} |"
        )


def page(before: str) -> str:
    """A page with its tables, which are its end, replaced."""
    head = before.partition("\n## [")[0].rstrip("\n")
    return head + "\n" + "\n".join(lines()) + "\n"


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="ttsink config reference", description=__doc__)
    parser.add_argument("--into", metavar="FILE", help="replace the tables at the end of a page")
    into = parser.parse_args(arguments).into
    if into is None:
        sys.stdout.write("\n".join(lines()).lstrip("\n") + "\n")
        return 0
    path = Path(into)
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0
