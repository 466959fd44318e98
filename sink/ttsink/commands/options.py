"""Configuration flags, shared by every subcommand that takes the sink's configuration."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from ttsink import config


def add_flags(parser: argparse.ArgumentParser) -> None:
    """`--config FILE`, and a flag for each option there is."""
    parser.add_argument("--config", metavar="FILE", help="TOML file (TTSINK_CONFIG)")
    group = parser.add_argument_group("options, each also an environment variable")
    for option in config.options():
        group.add_argument(
            option.flag,
            dest=f"option {option.stem}",
            metavar="VALUE",
            nargs="?",
            const="on",
            help=f"{option.text} ({option.variable})".replace("%", "%%"),
        )


def load(arguments: argparse.Namespace, environ: Mapping[str, str] | None = None) -> config.Loaded:
    """Reads the file that was named, if one was.

    Raises:
        ttsink.config.ConfigError: see there.
    """
    environ = os.environ if environ is None else environ
    flags = {
        name.removeprefix("option "): text
        for name, text in vars(arguments).items()
        if name.startswith("option ") and text is not None
    }
    name = arguments.config or environ.get("TTSINK_CONFIG")
    tables = config.read_file(Path(name)) if name else {}
    return config.load(tables=tables, name=name or "", environ=environ, flags=flags)
