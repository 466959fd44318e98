"""`ttsink config reference`: every option there is, as the tables of docs/configuration.md."""

import argparse
import sys
from collections.abc import Iterator

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


def run(arguments: list[str]) -> int:
    argparse.ArgumentParser(prog="ttsink config reference", description=__doc__).parse_args(
        arguments
    )
    sys.stdout.write("\n".join(lines()).lstrip("\n") + "\n")
    return 0
