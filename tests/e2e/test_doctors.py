"""`ttsink doctor` and `ttview doctor`, run against sinks and what may stand before them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from support.programs import Done, environment, run
from support.running import running

TOKENS = {"TTSINK_INGEST_TOKEN": "in-token", "TTSINK_READ_TOKEN": "out-token"}


async def ttsink(tmp_path: Path, *words: str, **more: str) -> Done:
    return await run("ttsink", ["doctor", *words], environment(tmp_path, **more), seconds=60)


async def ttview(tmp_path: Path, *words: str, **more: str) -> Done:
    return await run("ttview", ["doctor", *words], environment(tmp_path, **more), seconds=60)


async def test_a_sink_that_is_well_is_followed_from_request_to_stream(tmp_path: Path) -> None:
    async with running() as sink:
        await sink.post(b'{"job":"a","message":"x"}', headers={"User-Agent": "Vector/0.58"})
        done = await ttsink(tmp_path, sink.server.url, "--listen", "0.2")
        seen = await sink.records(filter="job:ttsink-doctor")
        other = await ttview(tmp_path, sink.server.url)

    text = done.out.decode()
    assert (done.status, done.err) == (0, "")
    assert "a record sent is on the stream after" in text
    assert "a batch compressed with gzip arrives" in text
    assert "note   no agent sent anything in 0.2 s" in text
    assert "of 1 records from vector so many name: job 1, worker 0" in text
    assert len(seen) == 2
    assert (other.status, other.err) == (0, "")
    assert "ok     the stream opens" in other.out.decode()
    assert "ok     the newest record came" in other.out.decode()


async def test_what_the_sink_noticed_and_no_job_is_told_by_both(tmp_path: Path) -> None:
    async with running() as sink:
        await sink.post(
            b"plain", headers={"User-Agent": "Vector/0.58", "Content-Type": "text/plain"}
        )
        one = await ttsink(tmp_path, sink.server.url, "--listen", "0")
        two = await ttview(tmp_path, sink.server.url)

    assert (one.status, two.status) == (1, 1)
    for done in (one, two):
        assert "WRONG  the sink noticed: vector at 127.0.0.1 sends text" in done.out.decode()
    assert "WRONG  none of 1 records from vector names a job" in one.out.decode()


async def test_tokens_that_are_missing_or_changed_over_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("in-token\n")
    (tmp_path / "out").write_text("out-token\n")
    ingest, read = (
        ["--ingest-token-file", f"{tmp_path}/in"],
        ["--read-token-file", f"{tmp_path}/out"],
    )
    async with running(TOKENS) as sink:
        url = [sink.server.url, "--listen", "0"]
        none = await ttsink(tmp_path, *url)
        swapped = await ttsink(tmp_path, *url, "--read-token-file", f"{tmp_path}/in")
        reader = await ttsink(tmp_path, *url, *read)
        both = await ttsink(tmp_path, *url, *ingest, *read)
        viewer = await ttview(tmp_path, sink.server.url)
        allowed = await ttview(tmp_path, sink.server.url, TTVIEW_TOKEN="out-token")

    assert "asks for a token for read, and none was given" in none.out.decode()
    assert "there are separate ones for sending and for reading" in swapped.out.decode()
    assert "asks for a token for ingest, and none was given" in reader.out.decode()
    assert [done.status for done in (none, swapped, reader, both)] == [1, 1, 1, 0]
    assert (viewer.status, allowed.status) == (4, 0)
    assert "out-token" not in both.out.decode() + swapped.out.decode()


async def test_nothing_there_is_said_in_plain_words(tmp_path: Path) -> None:
    async with running() as sink:
        url = sink.server.url
    refused = await ttsink(tmp_path, url)
    unknown = await ttsink(tmp_path, "http://nosuch.invalid")
    viewer = await ttview(tmp_path, url)
    file = await ttsink(tmp_path, url, "--read-token-file", f"{tmp_path}/none")

    assert "connection refused: nothing listens there; ttsink serve starts" in refused.out.decode()
    assert "no such host" in unknown.out.decode()
    assert (refused.status, unknown.status, viewer.status, file.status) == (1, 1, 3, 2)
    assert "WRONG  cannot connect" in viewer.out.decode()
    assert not any("Traceback" in done.err for done in (refused, unknown, viewer, file))


@contextlib.asynccontextmanager
async def proxy(sink: str, *, hold: bool) -> AsyncIterator[str]:
    """In front of a sink; with `hold`, it keeps a stream's bytes to itself, as nginx does."""

    async def forward(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.lower() != "host"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method, sink + request.path_qs, data=body, headers=headers
            ) as answer,
        ):
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in {"transfer-encoding", "content-length"}
            }
            made = web.StreamResponse(status=answer.status, headers={**kept, "Via": "1.1 proxy"})
            await made.prepare(request)
            async for chunk in answer.content.iter_any():
                if not (hold and answer.content_type == "text/event-stream"):
                    await made.write(chunk)
            return made

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("hold", [False, True], ids=["passes", "holds"])
async def test_a_proxy_is_seen_and_one_that_buffers_is_named(tmp_path: Path, *, hold: bool) -> None:
    async with running() as sink, proxy(sink.server.url, hold=hold) as url:
        done, other = await asyncio.gather(
            ttsink(tmp_path, url, "--listen", "0"), ttview(tmp_path, url)
        )

    for text in (done.out.decode(), other.out.decode()):
        assert "a proxy stands between: 1.1 proxy" in text
        assert ("a proxy buffers it" in text) == hold
    assert (done.status, other.status) == ((1, 1) if hold else (0, 0))
