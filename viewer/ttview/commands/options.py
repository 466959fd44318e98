"""The options several commands share, and what they come to."""

import argparse
import os
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from ttview import config
from ttview.address import Address
from ttview.config import Config
from ttview.exits import Exit


class Settings(NamedTuple):
    config: Config
    address: Address
    environment: Mapping[str, str]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and where to read more, as every command does."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n{self.prog} --help tells more\n")


def parser(name: str, summary: str, **more: str) -> Parser:
    return Parser(
        prog=f"ttview {name}" if name else "ttview",
        description=summary,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=more.get("epilog"),
    )


def add_sink(to: argparse.ArgumentParser, *, url: bool = True) -> None:
    """`--url` where the URL is no argument of its own."""
    group = to.add_argument_group("which sink")
    if url:
        group.add_argument("--url", help="the sink's base URL (TTVIEW_URL)")
    group.add_argument("--sink", metavar="NAME", help="a sink of the configuration (TTVIEW_SINK)")
    group.add_argument(
        "--token-file", metavar="FILE", help="holds the bearer token (TTVIEW_TOKEN_FILE)"
    )
    group.add_argument(
        "--ca-file", metavar="FILE", help="certificates to trust for https (TTVIEW_CA_FILE)"
    )
    group.add_argument("--config", metavar="FILE", help="another config.toml (TTVIEW_CONFIG)")


def add_screen(to: argparse.ArgumentParser) -> None:
    group = to.add_argument_group("the screen (each is a key of config.toml, too)")
    for key, told in config.SCREEN_OPTIONS.items():
        group.add_argument(f"--{key}", metavar="VALUE", help=f"{told} (TTVIEW_{key.upper()})")


def add_color(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        help="auto: on a terminal, unless NO_COLOR is set (TTVIEW_COLOR)",
    )


def settings(arguments: argparse.Namespace, url: str | None = None) -> Settings:
    """What the flags, the environment and the configuration come to.

    Raises:
        CommandError: something in them is wrong.
    """
    environment = dict(os.environ)
    if arguments.config:
        environment["TTVIEW_CONFIG"] = arguments.config
    path = config.config_path(environment)
    loaded = config.load(path, required=bool(environment.get("TTVIEW_CONFIG")))
    found = config.address(
        loaded,
        environment,
        folder=path.parent,
        url=url if url is not None else getattr(arguments, "url", None),
        sink=arguments.sink,
        token_file=arguments.token_file,
        ca_file=arguments.ca_file,
    )
    said = config.environment_overrides(environment)
    for key in config.SCREEN_OPTIONS:
        flag = getattr(arguments, key, None)
        if flag is not None:
            said[key] = (f"--{key}", flag)
    loaded = config.overridden(loaded, said)
    # Now, and not in the middle of a screen.
    found.read_token()
    return Settings(loaded, found, environment)


def colored(arguments: argparse.Namespace, settings: Settings, terminal: bool) -> bool:
    """Whether text is coloured: the flag, the environment, the configuration, then the terminal.

    `NO_COLOR` (no-color.org) turns `auto` off.
    """
    chosen = arguments.color or settings.environment.get("TTVIEW_COLOR") or settings.config.color
    if chosen != "auto":
        return bool(chosen == "always")
    plain = settings.environment.get("NO_COLOR") or settings.environment.get("TERM") == "dumb"
    return terminal and not plain
