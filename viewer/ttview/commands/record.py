"""`ttview record ID`: one record, whole."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import msgspec

from ttview import line, sanitise
from ttview.api import Api, RefusedError, UnreachableError
from ttview.commands import options
from ttview.exits import CommandError, Exit
from ttwire import cursor, record


class RawRecords(msgspec.Struct, frozen=True):
    records: list[msgspec.Raw]


def arguments_parser() -> argparse.ArgumentParser:
    parser = options.parser("record", "Prints one record, by the id the viewer shows and copies.")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("-o", "--output", choices=("text", "json", "logfmt"), default="text")
    options.add_color(parser)
    options.add_sink(parser)
    return parser


def run(words: Sequence[str], _: str = "record") -> int:
    arguments = arguments_parser().parse_args(words)
    chosen = options.settings(arguments)
    wanted = cursor.parse(arguments.id)
    if wanted is None or wanted.position == 0:
        raise CommandError(f"{arguments.id!a} is no id of a record, such as 7f3a9c-1042")
    raw = asyncio.run(_fetched(Api(chosen.address), wanted))
    if raw is None:
        sys.stderr.write(f"ttview: the sink no longer has {wanted}, or never had it\n")
        return Exit.NONE
    terminal = sys.stdout.isatty()
    found = record.decode(raw)
    if arguments.output == "text":
        sys.stdout.write(whole(found))
    else:
        write = line.writer(arguments.output, terminal=terminal, color=False)
        sys.stdout.buffer.write(write(found, raw))
    return Exit.MATCHED


async def _fetched(api: Api, wanted: cursor.Cursor) -> bytes | None:
    before = cursor.Cursor(wanted.epoch, wanted.position - 1)
    try:
        body = await api.get("/api/records", {"after": str(before), "limit": "1"})
        page = msgspec.json.decode(body, type=RawRecords)
        for raw in page.records:
            if record.decode(bytes(raw)).id == str(wanted):
                return bytes(raw)
    except RefusedError as error:
        # An id of an earlier life of the numbering.
        if error.refusal.error == "cursor":
            return None
        raise
    except msgspec.DecodeError as error:
        raise UnreachableError(f"the sink's answer cannot be read: {error}") from error
    finally:
        await api.aclose()
    return None


def whole(found: record.Record) -> str:
    """A line a member, then the message as it is broken, then the fields by their path."""
    rows: list[tuple[str, str]] = []
    for name in found.__struct_fields__:
        value = getattr(found, name)
        if name in {"message", "fields"} or value is None or value is False or value in ("", ()):
            continue
        rows.append((name, ", ".join(value) if isinstance(value, tuple) else str(value)))
    rows += [(f"@{path}", _plain(value)) for path, value in line.flat(found.fields)]
    width = max((len(name) for name, _ in rows), default=0)
    head = [f"{sanitise.visible(name):<{width}}  {sanitise.visible(text)}" for name, text in rows]
    body = sanitise.visible_lines(
        found.message, line.MAX_MESSAGE_LINES, limit=line.MAX_TEXT_CHARACTERS
    )
    return "\n".join([*head, "", *body, ""])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
