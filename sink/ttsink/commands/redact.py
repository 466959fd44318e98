"""`ttsink redact --explain`: what redaction would take out of lines on standard input.

Lines are read as they would be at intake, plain text or JSON, and nothing is kept. Exit status:
0 nothing found, 1 something found, 2 wrong usage, 78 a mistake in the configuration.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final, TextIO

import msgspec

from ttsink import config
from ttsink.commands import options
from ttsink.dialects.dialect import Dialects
from ttsink.redact import key as redact_key
from ttsink.redact.explain import Explained, Explainer
from ttsink.redact.redaction import Redactor
from ttsink.redact.ruleset import RedactionSettingsError

EXIT_FOUND: Final = 1
EXIT_USAGE: Final = 2
MAX_LINE_BYTES: Final = 262_144
"""As at intake; a longer line is explained in pieces."""


def lines(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(MAX_LINE_BYTES):
        yield line.rstrip(b"\r\n")


def as_text(explained: Explained) -> str:
    shown = [f"line {explained.line}:"]
    for find in explained.finds:
        place = "its name" if find.by_name else f"characters {find.start}-{find.end}"
        shown.append(f"  {find.rule}  {find.where}, {place}: {find.shown} -> {find.mark}")
    shown.append(f"  kept as {explained.kept}")
    return "\n".join(shown) + "\n"


def as_json(explained: Explained) -> str:
    return "".join(msgspec.json.encode(find._asdict()).decode() + "\n" for find in explained.finds)


def run(arguments: list[str], stdin: BinaryIO | None = None, stdout: TextIO | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ttsink redact", description=__doc__)
    parser.add_argument("--explain", action="store_true", help="show what would be removed and why")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    options.add_flags(parser)
    given = parser.parse_args(arguments)
    if not given.explain:
        parser.print_usage(sys.stderr)
        sys.stderr.write("ttsink redact: say --explain; lines are read from standard input\n")
        return EXIT_USAGE
    try:
        settings = options.load(given).settings
        variable = os.environ.get(redact_key.KEY_VARIABLE)
        key = redact_key.given_key(variable) if variable else redact_key.passing_key()
        explainer = Explainer(Redactor(settings.redaction, key), Dialects(settings.fields))
    except (config.ConfigError, RedactionSettingsError, redact_key.RedactionKeyError) as error:
        sys.stderr.write(f"ttsink: {error}\n")
        return config.EXIT_CONFIG
    out = sys.stdout if stdout is None else stdout
    show = as_json if given.output == "json" else as_text
    found = read = 0
    for number, line in enumerate(lines(stdin or sys.stdin.buffer), 1):
        read = number
        explained = explainer.explain(number, line)
        if explained.finds:
            found += len(explained.finds)
            out.write(show(explained))
    sys.stderr.write(f"{read} lines read, {found} values would be removed\n")
    return EXIT_FOUND if found else 0
