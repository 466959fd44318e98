"""The command `ttsink`: picks a subcommand and hands it the rest of the line.

A subcommand is a module with `run(arguments) -> exit status`; only the one asked for is
imported, so that `--help` costs nothing.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple


class Command(NamedTuple):
    module: str
    summary: str


COMMANDS: Final[dict[str, Command]] = {
    "serve": Command("ttsink.commands.serve", "take batches in, keep the newest, stream them"),
    "config": Command("ttsink.commands.config", "show the configuration; make one for an agent"),
    "links": Command("ttsink.commands.links", "show what trace ids link to"),
    "redact": Command("ttsink.commands.redact", "explain what redaction takes out of your lines"),
    "check": Command("ttsink.commands.check", "prove that agents' configurations deliver"),
    "doctor": Command("ttsink.commands.doctor", "say what is wrong on the way to a sink"),
    "demo": Command("ttsink.commands.demo", "a sink, made-up job traffic and the viewer"),
}

EXIT_USAGE: Final = 2


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: ttsink COMMAND [OPTIONS]",
            "",
            "Takes job logs from Vector, Fluent Bit and their kin, and streams them to ttview.",
            "",
            *lines,
            "",
            "ttsink COMMAND --help tells more; ttsink --version says which one this is.",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help", "help"}:
        print(usage())
        return 0 if words else EXIT_USAGE
    if words[0] in {"-V", "--version"}:
        from ttsink.version import version  # noqa: PLC0415  importlib.metadata is not free

        print(f"ttsink {version()}")
        return 0
    command = COMMANDS.get(words[0])
    if command is None:
        from ttsink.config import nearest  # noqa: PLC0415  --help needs none of it

        print(f"ttsink: unknown command {words[0]!r}{nearest(words[0], COMMANDS)}", file=sys.stderr)
        print("ttsink --help lists the commands", file=sys.stderr)
        return EXIT_USAGE
    module = importlib.import_module(command.module)
    status: int = module.run(words[1:])
    return status
