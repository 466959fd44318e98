"""The command `ttview`: picks what to do and hands it the rest of the line.

Only the module asked for is imported, so that `--help` and a mistyped option cost nothing.
"""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from ttview import sanitise
from ttview.config import nearest
from ttview.exits import CommandError, Exit


class Command(NamedTuple):
    module: str
    summary: str


COMMANDS: Final[dict[str, Command]] = {
    "tail": Command("ttview.commands.tail", "print the records a filter keeps, and follow them"),
    "jobs": Command("ttview.commands.states", "list the jobs and their state"),
    "workers": Command("ttview.commands.states", "list the workers and their state"),
    "queues": Command("ttview.commands.states", "list the queues and what waits in them"),
    "record": Command("ttview.commands.record", "print one record, whole"),
    "trace": Command("ttview.commands.trace", "print one trace: its spans as bars, its records"),
    "doctor": Command("ttview.commands.doctor", "say what is wrong on the way to the sink"),
}

SCREEN: Final = "ttview.commands.screen"

EPILOG: Final = """\
`-` reads standard input; files are followed as they grow and rotate, no sink is needed.
`?` in the screen lists its keys.

commands, which print text:
{commands}
  ttview COMMAND --help tells more

exit status: 0 matched, 1 nothing matched, 2 usage or filter error, 3 cannot reach the sink,
             4 refused by it, 130 interrupted"""


def epilog() -> str:
    width = max(map(len, COMMANDS))
    lines = (f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items())
    return EPILOG.format(commands="\n".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in {"-h", "--help", "help"}:
        from ttview.commands import screen  # noqa: PLC0415 - see the module's docstring

        print(screen.options_parser(epilog()).format_help(), end="")
        return Exit.MATCHED
    if words and words[0] in {"-V", "--version"}:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - not free

        try:
            print(f"ttview {version('tracetail')}")
        except PackageNotFoundError:
            print("ttview, from a checkout")
        return Exit.MATCHED
    try:
        status = _run(words)
        # Here, where a closed pipe is still ours to catch.
        sys.stdout.flush()
    except CommandError as error:
        # It may name a file or a word of the command line that somebody else chose.
        print(f"ttview: {sanitise.copied(str(error))}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # Whoever read the output has enough. What is buffered must not be tried again at exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return status


def _run(words: list[str]) -> int:
    command = COMMANDS.get(words[0]) if words else None
    if command is not None:
        status: int = importlib.import_module(command.module).run(words[1:], words[0])
        return status
    if words and not words[0].startswith("-") and _mistyped(words[0]):
        print(
            f"ttview: there is no command or file {words[0]!a}{nearest(words[0], COMMANDS)}",
            file=sys.stderr,
        )
        return Exit.USAGE
    screen: int = importlib.import_module(SCREEN).run(words)
    return screen


def _mistyped(word: str) -> bool:
    """Whether a word is neither a file nor an address, and near to a command."""
    return bool(nearest(word, COMMANDS)) and word.isalpha() and not os.path.lexists(word)
