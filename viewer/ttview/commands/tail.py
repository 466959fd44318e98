"""`ttview tail`: the records a filter keeps, as lines; with `--follow`, the ones to come too."""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import msgspec

from ttview import backoff, line, sanitise
from ttview.api import Api, RefusedError, UnreachableError
from ttview.backoff import Backoff
from ttview.commands import options
from ttview.exits import CommandError, Exit
from ttwire import cursor, filter, gap, record  # noqa: A004 - the field's own word
from ttwire.about import About
from ttwire.filter import Filter, FilterError
from ttwire.record import Record
from ttwire.sse import Decoder, Event

PAGE_RECORDS: Final = 1_000
"""Asked for at once: some 350 KB."""

MAX_LINES: Final = 100_000
"""For `-n`: they are held until the oldest is found, some 40 MB."""

MAX_REPLAY: Final = 10_000
"""Records a sink sends of its rings when a stream opens."""

SCREEN_LINES: Final = 100
"""Printed before what is new, where there is no screen to scroll back on."""

_EXAMPLES: Final = """\
examples:
  ttview tail 'job:email-* level:>=warn' --since 5m
  ttview tail --follow -o json 'worker:w-3' | jq .message
  ttview tail --follow --fail-on level:error --timeout 10m job:deploy-42

With --fail-on the status is 1 as soon as a record matches it, and 0 when the time is up first.
"""


Shape = TypeVar("Shape")


class RawPage(msgspec.Struct, frozen=True):
    """A page whose records keep the bytes they came in."""

    records: list[msgspec.Raw]
    older: str | None = None
    newer: str | None = None


class Job(NamedTuple):
    """What one call is to do. `deadline` is on the loop's clock, from the start."""

    keep: Filter
    write: Callable[[Record, bytes], bytes]
    lines: int | None = None
    follow: bool = False
    fail_on: Filter | None = None
    timeout_seconds: float | None = None


class FoundError(Exception):
    """A record matched `--fail-on`."""


def arguments_parser() -> argparse.ArgumentParser:
    parser = options.parser(
        "tail", "Prints the records that a filter keeps, oldest first.", epilog=_EXAMPLES
    )
    parser.add_argument("filter", metavar="FILTER", nargs="*", help="empty keeps everything")
    parser.add_argument("--since", metavar="TIME", help="5m, 2h, or 2026-01-02T03:04")
    parser.add_argument("-n", "--lines", type=_count, metavar="N", help="only the newest N")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new records")
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "json", "logfmt"),
        default="text",
        help="a record a line",
    )
    parser.add_argument("--fail-on", metavar="FILTER", help="end with status 1 on such a record")
    parser.add_argument("--timeout", type=_duration, metavar="TIME", help="end after: 30s, 10m")
    options.add_color(parser)
    options.add_sink(parser)
    return parser


def run(words: Sequence[str], _: str = "tail") -> int:
    arguments = arguments_parser().parse_args(words)
    chosen = options.settings(arguments)
    terminal = sys.stdout.isatty()
    now = time.time()
    keep = parse_filter(" ".join(arguments.filter), now)
    if arguments.since:
        keep = keep.narrowed(parse_filter(f"since:{arguments.since}", now))
    fail_on = parse_filter(arguments.fail_on, now) if arguments.fail_on else None
    job = Job(
        keep,
        line.writer(
            arguments.output,
            terminal=terminal,
            color=options.colored(arguments, chosen, terminal),
        ),
        lines=arguments.lines,
        follow=arguments.follow or fail_on is not None or arguments.timeout is not None,
        fail_on=fail_on,
        timeout_seconds=arguments.timeout,
    )
    return asyncio.run(_answered(Api(chosen.address), job))


def follow(chosen: options.Settings, text: str, *, colored: bool) -> int:
    """What the screen would show, as lines, until interrupted."""
    job = Job(
        parse_filter(text, time.time()),
        line.writer("text", terminal=sys.stdout.isatty(), color=colored),
        lines=SCREEN_LINES,
        follow=True,
    )
    return asyncio.run(_answered(Api(chosen.address), job))


def parse_filter(text: str, now: float) -> Filter:
    """Raises CommandError, with the place under the text."""
    try:
        return filter.parse(text, now=now)
    except FilterError as error:
        shown = sanitise.visible(text[: error.column + 60], 10_000)
        before = sanitise.visible(text[: error.column - 1], 10_000)
        raise CommandError(f"in the filter, {error}\n  {shown}\n  {' ' * len(before)}^") from error


async def _answered(api: Api, job: Job) -> int:
    """The exit status of a job; whatever went wrong is said on standard error."""
    tail = _Tail(api, job)
    try:
        async with asyncio.timeout(job.timeout_seconds):
            await (tail.follow() if job.follow else tail.history())
    except TimeoutError:
        pass
    except FoundError:
        return Exit.NONE
    finally:
        await api.aclose()
    if job.fail_on is not None:
        return Exit.MATCHED
    return Exit.MATCHED if tail.printed else Exit.NONE


class _Tail:
    """One run; `printed` counts records."""

    def __init__(self, api: Api, job: Job) -> None:
        self._api, self._job = api, job
        self._query = {} if job.keep.keeps_everything else {"filter": str(job.keep)}
        self._told = False
        self.printed = 0

    async def history(self) -> None:
        """What is retained now: records that come while this runs are left for another time."""
        if self._job.lines is not None:
            await self._newest(self._job.lines)
            return
        epoch = (await self._about()).epoch
        newest = await self._page({"limit": "1"})
        if not newest.records:
            return
        head = cursor.parse(_id(bytes(newest.records[-1])))
        after: str | None = f"{epoch}-0"
        while after is not None:
            query = {**self._query, "after": after, "limit": str(PAGE_RECORDS)}
            page = await self._page(query)
            self._print([bytes(raw) for raw in page.records])
            reached = cursor.parse(page.newer or "")
            if head is None or reached is None or reached.position >= head.position:
                return
            after = page.newer if page.newer != after else None

    async def _newest(self, wanted: int) -> None:
        pages: list[list[msgspec.Raw]] = []
        before: str | None = None
        left = wanted
        while left > 0:
            query = {**self._query, "limit": str(min(left, PAGE_RECORDS))}
            page = await self._page({**query, "before": before} if before else query)
            pages.append(page.records)
            left -= len(page.records)
            if page.older is None or page.older == before:
                break
            before = page.older
        self._print([bytes(raw) for found in reversed(pages) for raw in found])

    async def _page(self, query: dict[str, str]) -> RawPage:
        return await self._get("/api/records", query, RawPage)

    async def _about(self) -> About:
        return await self._get("/api/info", {}, About)

    async def _get(self, path: str, query: dict[str, str], shape: type[Shape]) -> Shape:
        try:
            return msgspec.json.decode(await self._api.get(path, query), type=shape)
        except msgspec.DecodeError as error:
            raise UnreachableError(f"the sink's answer cannot be read: {error}") from error

    async def follow(self) -> None:
        """Never ends by itself. A stream that breaks off is opened again where it was."""
        query = dict(self._query)
        if self._job.lines is not None and self._job.lines > MAX_REPLAY:
            raise CommandError(f"with --follow, -n is at most {MAX_REPLAY}")
        if self._job.lines is not None:
            query["tail"] = str(self._job.lines)
            decoder = Decoder()
        else:
            decoder = Decoder(f"{(await self._about()).epoch}-0")
        schedule, opened = Backoff(), False
        while True:
            asked: float | None = None
            try:
                async for events in self._api.stream(query, decoder):
                    if schedule.failures:
                        _note("connected again")
                    schedule, opened = backoff.worked(), True
                    self._take(events)
                why = f"{self._api.address.name} closed the stream"
            except UnreachableError as error:
                if not opened:
                    raise
                why = str(error)
            except RefusedError as error:
                if not opened or error.final:
                    raise
                why, asked = error.refusal.detail, error.retry_after
            now = asyncio.get_running_loop().time()
            schedule = backoff.failed(schedule, now, random.random(), asked)  # noqa: S311
            _note(f"{why}; next try in {schedule.due - now:.1f} s")
            await asyncio.sleep(schedule.due - now)
            decoder = Decoder(decoder.last_event_id)

    def _take(self, events: Sequence[Event]) -> None:
        lines: list[bytes] = []
        for event in events:
            if event.event == "record":
                lines.append(event.data)
            elif event.event == "gap":
                self._print(lines)
                lines = []
                self._say_gap(event.data)
        self._print(lines)

    def _say_gap(self, said: bytes) -> None:
        try:
            _note(line.gap(gap.decode(said)))
        except msgspec.DecodeError:
            _note("records are missing here; this sink says why in a way that cannot be read")

    def _print(self, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        job, failed = self._job, False
        out: list[bytes] = []
        for raw in lines:
            try:
                found = record.decode(raw)
            except msgspec.DecodeError as error:
                self._unreadable(error)
                continue
            out.append(job.write(found, raw))
            self.printed += 1
            if job.fail_on is not None and job.fail_on.matches(found):
                failed = True
                break
        sys.stdout.buffer.write(b"".join(out))
        sys.stdout.buffer.flush()
        if failed:
            raise FoundError

    def _unreadable(self, error: Exception) -> None:
        """Said once: a sink that sends one such record sends many."""
        if not self._told:
            self._told = True
            _note(f"records of this sink that cannot be read are left out: {error}")


def _note(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"ttview: {text}\n")
    sys.stderr.flush()


def _id(line_of_record: bytes) -> str:
    try:
        return record.decode(line_of_record).id
    except msgspec.DecodeError:
        return ""


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) > MAX_LINES:
        raise argparse.ArgumentTypeError(f"{text!a} is no number from 0 to {MAX_LINES}")
    return int(text)


def _duration(text: str) -> float:
    from ttwire.quantity import quantity  # noqa: PLC0415 - only where it is asked for

    found = quantity(text)
    if found is None or found.dimension == "bytes" or not 0 < found.number < 1e8:
        raise argparse.ArgumentTypeError(f"{text!a} is no duration, such as 30s, 10m or 1h30m")
    return float(found.number)
