"""`ttview [URL]`, `ttview FILE...`, `ttview -`: the screen, or lines where there is no terminal."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ttview import address
from ttview.commands import options, tail
from ttview.exits import CommandError

_UNABLE: Final = frozenset({"", "dumb", "unknown"})


class Given(NamedTuple):
    """What the words on the command line mean. `pipe`: standard input is one of the sources."""

    url: str | None = None
    files: tuple[Path, ...] = ()
    pipe: bool = False

    @property
    def local(self) -> bool:
        return self.pipe or bool(self.files)


def options_parser(epilog: str = "") -> argparse.ArgumentParser:
    parser = options.parser(
        "", "Shows the logs, the state and the traces of jobs on one screen.", epilog=epilog
    )
    parser.usage = "ttview [URL | FILE... | -] [OPTIONS]\n       ttview COMMAND [OPTIONS]"
    parser.add_argument("source", nargs="*", metavar="URL|FILE|-", help="default: the sink")
    parser.add_argument("--filter", metavar="TEXT", help="open with this filter (TTVIEW_FILTER)")
    parser.add_argument("--at", metavar="ID", help="open at this record")
    parser.add_argument("-V", "--version", action="store_true", help="say which version this is")
    options.add_color(parser)
    options.add_sink(parser, url=False)
    options.add_screen(parser)
    return parser


def given(words: Sequence[str]) -> Given:
    """Raises CommandError: an address among files, or two."""
    urls = [word for word in words if address.looks_like_url(word)]
    if len(urls) > 1 or (urls and len(words) > 1):
        raise CommandError("give one URL, or files, or - for standard input")
    if urls:
        return Given(url=urls[0])
    return Given(files=tuple(Path(w) for w in words if w != "-"), pipe="-" in words)


def has_screen(environment: Mapping[str, str], *, terminal: bool) -> bool:
    return terminal and environment.get("TERM", "") not in _UNABLE


def run(words: Sequence[str]) -> int:
    arguments = options_parser().parse_args(words)
    sources = given(arguments.source)
    chosen = options.settings(arguments, sources.url)
    text = arguments.filter
    if text is None:
        text = chosen.environment.get("TTVIEW_FILTER") or opening_filter(chosen)
    if not has_screen(chosen.environment, terminal=sys.stdout.isatty()):
        return _lines(sources, arguments, chosen, text)
    from ttview import session  # noqa: PLC0415 - prompt_toolkit, not needed to print lines

    return session.run(
        session.Opening(
            settings=chosen,
            files=sources.files,
            pipe=standard_input() if sources.pipe else None,
            filter_text=text,
            at=arguments.at,
            colored=options.colored(arguments, chosen, terminal=True),
            command=_reopens(arguments, sources, chosen),
        )
    )


def opening_filter(chosen: options.Settings) -> str:
    """The filter of the sink in the configuration, else the one for all."""
    for sink in chosen.config.sinks.values():
        if address.parse_url(sink.url) == chosen.address.url and sink.filter:
            return sink.filter
    return chosen.config.filter


def standard_input() -> BinaryIO:
    """Unbuffered, on a descriptor of its own.

    A thread reads it; one that waits within `sys.stdin.buffer` when the program ends would hold
    the lock that ending needs.
    """
    return os.fdopen(os.dup(0), "rb", buffering=0)


def _reopens(
    arguments: argparse.Namespace, sources: Given, chosen: options.Settings
) -> tuple[str, ...]:
    """The words that name the same source again, whatever the environment is then."""
    if sources.local:
        return tuple(map(str, sources.files)) + (("-",) if sources.pipe else ())
    if arguments.sink:
        return ("--sink", arguments.sink)
    if chosen.address.token_file is None:
        return (chosen.address.url,)
    return (chosen.address.url, "--token-file", str(chosen.address.token_file))


def _lines(
    sources: Given, arguments: argparse.Namespace, chosen: options.Settings, text: str
) -> int:
    colored = options.colored(arguments, chosen, sys.stdout.isatty())
    if sources.local:
        from ttview import printing  # noqa: PLC0415 - the engine is not free

        pipe = standard_input() if sources.pipe else None
        return printing.run(sources.files, pipe, text, colored=colored)
    sys.stderr.write("ttview: no terminal here, so lines instead (see ttview tail --help)\n")
    return tail.follow(chosen, text, colored=colored)
