"""Files and pipes as the screen's source: the same verbs, answered from a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from support.watched import Watched
from ttsink.files.embedded import Engine
from ttview import files
from ttview.exits import CommandError
from ttview.feed import (
    Connection,
    Failed,
    GapSeen,
    LedgerSeen,
    PageLoaded,
    PageRequest,
    StatesChanged,
    StreamRequest,
    TraceLoaded,
)
from ttview.files import Files

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(count: int, first: int = 1) -> bytes:
    return b"".join(
        b'{"job":"j-%d","level":"%s","message":"line %d","trace_id":"%s"}\n'
        % (n % 7, b"error" if n % 10 == 0 else b"info", n, TRACE.encode() if n == 5 else b"")
        for n in range(first, first + count)
    )


@asynccontextmanager
async def watching(*paths: Path, pipe: BinaryIO | None = None) -> AsyncIterator[Watched[Files]]:
    source = Files(paths, pipe, Engine)
    watched = Watched(source)
    try:
        yield watched
    finally:
        await source.aclose()


def messages(watched: Watched[Files]) -> list[str]:
    return [record.message for record in watched.records]


async def test_the_newest_lines_come_first_and_new_ones_follow(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(3000))
    async with watching(path) as watched:
        watched.source.follow(StreamRequest(tail=100))
        await watched.until(lambda: "live" in watched.states)
        assert messages(watched) == [f"line {n}" for n in range(2901, 3001)]

        with path.open("ab") as file:
            file.write(lines(2, first=3001))
        await watched.until(lambda: len(watched.records) == 102)

        assert messages(watched)[-2:] == ["line 3001", "line 3002"]
        assert watched.source.name == "a.log"


async def test_a_page_before_and_after_an_id(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(50))
    async with watching(path) as watched:
        watched.source.follow(StreamRequest(tail=10))
        await watched.until(lambda: len(watched.records) == 10)
        first = watched.records[0].id
        watched.source.page(PageRequest(before=first, limit=5))
        await watched.until(lambda: len(watched.of(PageLoaded)) == 1)
        page = watched.of(PageLoaded)[0].page
        assert [r.message for r in page.records] == [f"line {n}" for n in range(36, 41)]

        watched.source.page(PageRequest(after=page.records[-1].id, limit=3, filter="level:info"))
        await watched.until(lambda: len(watched.of(PageLoaded)) == 2)

        after = watched.of(PageLoaded)[1].page
        assert [r.message for r in after.records] == ["line 41", "line 42", "line 43"]


async def test_another_filter_starts_over_and_nothing_of_the_one_before_comes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(2000))
    async with watching(path) as watched:
        watched.source.follow(StreamRequest())
        watched.source.follow(StreamRequest("level:error", tail=50))
        await watched.until(lambda: "live" in watched.states)

        assert {record.level for record in watched.records} == {"error"}
        assert len(watched.records) == 50


async def test_a_filter_that_is_none_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(1))
    async with watching(path) as watched:
        watched.source.follow(StreamRequest("level:>=loud"))
        await watched.until(lambda: "refused" in watched.states)
        watched.source.page(PageRequest("("))
        await watched.until(lambda: bool(watched.of(Failed)))

        assert "column 9" in watched.of(Connection)[-1].detail
        assert watched.of(Failed)[0].request == PageRequest("(")


async def test_jobs_and_account_come_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(2000))
    async with watching(path) as watched:
        await watched.until(
            lambda: any(seen.ledger.total.received == 2000 for seen in watched.of(LedgerSeen))
        )

        states = watched.of(StatesChanged)[-1]
        assert states.whole
        assert sum(job.records for job in states.states.jobs) == 2000


async def test_a_trace_is_its_records(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(20))
    async with watching(path) as watched:
        watched.source.trace(TRACE)
        await watched.until(lambda: bool(watched.of(TraceLoaded)))

        trace = watched.of(TraceLoaded)[0].trace
        assert [record.message for record in trace.records] == ["line 5"]


class Given:
    """Standard input of a test."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = list(pieces)

    def read(self, _: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


async def test_a_pipe_that_ends_says_so_and_keeps_its_lines() -> None:
    async with watching(pipe=Given([lines(30)])) as watched:  # type: ignore[arg-type]
        watched.source.follow(StreamRequest())
        await watched.until(lambda: "ended" in watched.states)

        assert len(watched.records) == 30
        assert watched.source.name == "stdin"


async def test_a_flood_is_cut_short_with_a_gap_that_can_be_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LIVE_RECORDS", 10)
    path = tmp_path / "a.log"
    path.write_bytes(lines(5))
    async with watching(path) as watched:
        watched.source.follow(StreamRequest())
        await watched.until(lambda: "live" in watched.states)
        with path.open("ab") as file:
            file.write(lines(5000, first=6))
        await watched.until(lambda: messages(watched)[-1:] == ["line 5005"])

        (seen,) = watched.of(GapSeen)
        assert seen.gap.reason == "rate"
        assert seen.gap.start is not None
        watched.source.page(PageRequest(after=seen.gap.start, limit=3))
        await watched.until(lambda: bool(watched.of(PageLoaded)))
        filled = [record.message for record in watched.of(PageLoaded)[0].page.records]
        gone_on = messages(watched)[-11]
        assert filled[0] == f"line {int(gone_on.split()[1]) + 1}"


async def test_a_file_that_was_cut_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(5))
    async with watching(path) as watched:
        path.write_bytes(b"")
        await watched.until(lambda: bool(watched.of(Failed)))

        assert "was cut" in watched.of(Failed)[0].refusal.detail


def test_a_name_that_is_wrong_is_said_before_the_screen(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot open .*none"):
        Files([tmp_path / "none"], None, Engine)


async def test_a_name_and_a_notice_hold_no_control(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b]0;owned\x07.log"
    path.write_bytes(lines(5))
    async with watching(path) as watched:
        assert watched.source.name == "a^[]0;owned^G.log"
        path.write_bytes(b"")
        await watched.until(lambda: bool(watched.of(Failed)))

        assert watched.of(Failed)[0].refusal.detail.isprintable()


def test_without_the_sinks_package_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing: Callable[..., list[object]] = lambda **_: []  # noqa: E731 - a stand-in
    monkeypatch.setattr(files, "entry_points", nothing)

    with pytest.raises(CommandError, match="pip install tracetail"):
        files.installed()


async def test_closing_ends_the_thread_in_the_middle_of_a_search(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(lines(100_000))
    source = Files([path], None, Engine)
    watched = Watched(source)
    source.follow(StreamRequest("level:fatal"))
    await watched.until(lambda: "connecting" in watched.states)

    async with asyncio.timeout(3):
        await source.aclose()
