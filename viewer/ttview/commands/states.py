"""`ttview jobs`, `ttview workers`, `ttview queues`: what is known of each, a line each."""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from ttview import line, sanitise
from ttview.api import Api, UnreachableError
from ttview.commands import options
from ttview.exits import Exit

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "jobs": (
        *("key", "state", "queue", "attempts", "records", "errors", "warnings", "rate"),
        *("last", "trace_id", "message"),
    ),
    "workers": ("key", "state", "jobs", "records", "errors", "warnings", "rate", "last", "message"),
    "queues": (
        *("key", "queued", "running", "retrying", "succeeded", "failed", "silent", "per_minute"),
        *("wait_seconds", "last"),
    ),
}
"""Of the text form, by command; the JSON form has everything."""

COUNTERS: Final = frozenset(
    {"records", "errors", "warnings", "rate", "attempts", "per_minute"}
    | {"queued", "running", "retrying", "succeeded", "failed", "silent"}
)

MAX_CELL_CHARACTERS: Final = 48
STATE_PAGE: Final = 500
"""Asked for at once; the most a sink gives."""

MAX_PAGES: Final = 1_000
"""Of the sink's answer: some millions of jobs, more than any sink keeps."""


class RawStates(msgspec.Struct, frozen=True):
    """A page of any of the three, each state in the bytes it came in."""

    jobs: list[msgspec.Raw] = []
    workers: list[msgspec.Raw] = []
    queues: list[msgspec.Raw] = []
    next: str | None = None


def arguments_parser(name: str) -> argparse.ArgumentParser:
    parser = options.parser(name, f"Lists the {name} the sink knows and their state.")
    parser.add_argument("pattern", nargs="?", default="*", help="only these keys: email-*")
    parser.add_argument("--state", help="only in this state: failed, running, silent ...")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    options.add_sink(parser)
    return parser


def run(words: Sequence[str], name: str) -> int:
    arguments = arguments_parser(name).parse_args(words)
    chosen = options.settings(arguments)
    found = asyncio.run(_fetched(Api(chosen.address), name))
    kept = [
        (raw, state)
        for raw, state in found
        if fnmatchcase(state["key"], arguments.pattern)
        and arguments.state in {None, state.get("state")}
    ]
    if arguments.output == "json":
        terminal = sys.stdout.isatty()
        for raw, _ in kept:
            text = raw.decode("utf-8", "replace")
            sys.stdout.write((line.safe_json(text) if terminal else text) + "\n")
    elif kept:
        sys.stdout.write(table([state for _, state in kept], COLUMNS[name]))
    return Exit.MATCHED if kept else Exit.NONE


async def _fetched(api: Api, name: str) -> list[tuple[bytes, dict[str, Any]]]:
    found: list[tuple[bytes, dict[str, Any]]] = []
    after: str | None = None
    try:
        for _ in range(MAX_PAGES):
            query = {"limit": str(STATE_PAGE)} | ({"after": after} if after is not None else {})
            try:
                page = msgspec.json.decode(await api.get(f"/api/{name}", query), type=RawStates)
                found += (
                    (bytes(raw), msgspec.json.decode(raw, type=dict[str, Any]))
                    for raw in getattr(page, name)
                )
            except msgspec.DecodeError as error:
                raise UnreachableError(f"the sink's answer cannot be read: {error}") from error
            after = page.next
            if after is None:
                break
    finally:
        await api.aclose()
    return found


def table(states: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Columns as wide as what they hold, the last one as it is; no control in any cell."""
    rows = [tuple(columns), *(tuple(_cell(state, c) for c in columns) for state in states)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


def _cell(state: Mapping[str, Any], column: str) -> str:
    value = state.get(column)
    if value is None:
        # Members at their default are left out of the JSON.
        return "0" if column in COUNTERS else "-"
    if column == "attempts":
        return str(len(value))
    if column == "state" and state.get("inferred"):
        return f"{sanitise.visible(str(value))}?"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        value = ",".join(map(str, value[:3])) + (",…" if len(value) > 3 else "")
    return sanitise.visible(str(value), MAX_CELL_CHARACTERS)
