"""`ttview trace ID`: the spans of a trace as bars, and its records, without a screen."""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from ttview import line, sanitise
from ttview.api import Api, UnreachableError
from ttview.commands import options
from ttview.exits import CommandError, Exit
from ttwire import trace as traces
from ttwire.filter import Filter
from ttwire.page import Page
from ttwire.span import Trace
from ttwire.term import Absent, And, LevelIs, Match, Not, Pattern

PIPE_CELLS: Final = 120
"""The width where no terminal has one."""

DATADOG_DIGITS: Final = range(17, 21)
"""Decimal digits of a 64-bit id; neither of the two lengths of ids in hex."""

BACKENDS_SECONDS: Final = 60.0
"""How long backends that do not answer are waited for: what a sink allows them at most."""

AGAIN_SECONDS: Final = 0.2
"""Between two questions; the sink itself waits a second for backends."""

LINES: Final = 200
"""Records printed unless `--lines` says otherwise; a sink answers with 2000 at most."""

_EXAMPLES: Final = """\
examples:
  ttview trace 4bf92f3577b34da6a3ce929d0e0e4736
  ttview trace --last-error invoice-8812
  ttview trace "$TRACEPARENT" -o json | jq '.spans[].name'

The id is taken in any form that systems log: 32 or 16 hex digits, a traceparent, a UUID, AWS
X-Ray's, or Datadog's decimal one.
"""


class Asked(NamedTuple):
    """The answer as it came, and what it says."""

    raw: bytes
    trace: Trace


def arguments_parser() -> argparse.ArgumentParser:
    parser = options.parser(
        "trace", "Prints one trace: its spans as bars, and its records.", epilog=_EXAMPLES
    )
    parser.add_argument("id", metavar="ID", nargs="?", help="a trace id, in any form")
    parser.add_argument(
        "--last-error", metavar="JOB", help="the trace of the job's newest error that has one"
    )
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser.add_argument(
        "-n",
        "--lines",
        type=_count,
        default=LINES,
        metavar="N",
        help=f"only the newest N records; {LINES} unless given",
    )
    options.add_color(parser)
    options.add_sink(parser)
    return parser


def run(words: Sequence[str], _: str = "trace") -> int:
    parser = arguments_parser()
    arguments = parser.parse_args(words)
    if (arguments.id is None) == (arguments.last_error is None):
        parser.error("give a trace id, or --last-error JOB")
    trace_id = normal(arguments.id) if arguments.id is not None else None
    chosen = options.settings(arguments)
    asked = asyncio.run(_asked(Api(chosen.address), trace_id, arguments.last_error))
    if asked is None:
        job = sanitise.visible(arguments.last_error, 200)
        sys.stderr.write(f"ttview: no error of job {job} has a trace id\n")
        return Exit.NONE
    terminal = sys.stdout.isatty()
    if arguments.output == "json":
        text = asked.raw.decode("utf-8", "replace")
        sys.stdout.buffer.write((line.safe_json(text) if terminal else text).encode() + b"\n")
    elif asked.trace.spans or asked.trace.records:
        _print(
            asked.trace,
            lines=arguments.lines,
            color=options.colored(arguments, chosen, terminal),
            width=shutil.get_terminal_size((PIPE_CELLS, 24)).columns if terminal else PIPE_CELLS,
        )
    _note_sources(asked.trace)
    return Exit.MATCHED if asked.trace.spans or asked.trace.records else Exit.NONE


def normal(text: str) -> str:
    """The id as sinks know it.

    Raises:
        CommandError: it is none.
    """
    text = text.strip()
    is_decimal = text.isascii() and text.isdigit() and len(text) in DATADOG_DIGITS
    found = traces.datadog_id(text) if is_decimal else traces.trace_id(text)
    if found is None:
        raise CommandError(
            f"{text[:80]!a} is no trace id: 32 hex digits, such as 4bf92f3577b34da6a3ce929d0e0e4736"
        )
    return found


async def _asked(api: Api, trace_id: str | None, job: str | None) -> Asked | None:
    try:
        found = trace_id if trace_id is not None else await _last_error(api, job or "")
        if found is None:
            return None
        return await _whole(api, found)
    except msgspec.DecodeError as error:
        raise UnreachableError(f"the sink's answer cannot be read: {error}") from error
    finally:
        await api.aclose()


async def _whole(api: Api, trace_id: str) -> Asked:
    """Asks again while backends are still being asked, for a while."""
    deadline = asyncio.get_running_loop().time() + BACKENDS_SECONDS
    while True:
        raw = await api.get(f"/api/traces/{trace_id}")
        asked = Asked(raw, msgspec.json.decode(raw, type=Trace))
        is_whole = all(source.state != "asked" for source in asked.trace.sources)
        if is_whole or asyncio.get_running_loop().time() > deadline:
            return asked
        await asyncio.sleep(AGAIN_SECONDS)


async def _last_error(api: Api, job: str) -> str | None:
    """The trace id of the job's newest error that has one."""
    keep = Filter(
        And((Match("job", Pattern((job,))), LevelIs(">=", "error"), Not(Absent("trace"))))
    )
    before: dict[str, str] = {}
    while True:
        body = await api.get("/api/records", {"filter": str(keep), "limit": "1", **before})
        page = msgspec.json.decode(body, type=Page)
        if page.records:
            return page.records[-1].trace_id
        # A page that found nothing may have stopped looking, and says where to go on.
        if page.older is None or page.older == before.get("before"):
            return None
        before = {"before": page.older}


def _print(trace: Trace, *, lines: int, color: bool, width: int) -> None:
    from ttview import glyphs  # noqa: PLC0415 - not needed for JSON
    from ttview.trace import text as tracetext  # noqa: PLC0415 - not needed for JSON

    encoding = (sys.stdout.encoding or "").lower()
    signs = glyphs.UNICODE if "utf" in encoding else glyphs.ASCII
    for text in tracetext.text(
        trace, now=time.time(), width=width, glyphs=signs, color=color, records=lines
    ):
        sys.stdout.buffer.write((text + "\n").encode(encoding or "ascii", "replace"))


def _note_sources(trace: Trace) -> None:
    """Why there may be more to it than is shown."""
    sys.stdout.flush()
    empty = not trace.spans
    for source in trace.sources:
        if source.state != "ok" and (empty or source.state != "not_found"):
            told = sanitise.visible(source.detail or source.state, 300)
            sys.stderr.write(f"ttview: {sanitise.visible(source.name, 60)}: {told}\n")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!a} is no number of records")
    return int(text)
