"""`ttview [URL]`, `ttview FILE...`, `ttview -`: the screen."""

import argparse
import importlib
from collections.abc import Sequence

from ttview.commands import options
from ttview.exits import CommandError


def options_parser(epilog: str = "") -> argparse.ArgumentParser:
    parser = options.parser(
        "", "Shows the logs, the state and the traces of jobs on one screen.", epilog=epilog
    )
    parser.usage = "ttview [URL | FILE... | -] [OPTIONS]\n       ttview COMMAND [OPTIONS]"
    parser.add_argument("source", nargs="*", metavar="URL|FILE|-", help="default: the sink")
    parser.add_argument("--filter", metavar="TEXT", help="open with this filter (TTVIEW_FILTER)")
    parser.add_argument("--at", metavar="ID", help="open at this record")
    parser.add_argument("--version", action="store_true", help="say which version this is")
    options.add_color(parser)
    options.add_sink(parser, url=False)
    return parser


def run(words: Sequence[str]) -> int:
    arguments = options_parser().parse_args(words)
    try:
        importlib.import_module("ttview.app")
    except ImportError as error:
        raise CommandError("the screen is not part of this build") from error
    return int(bool(arguments))
