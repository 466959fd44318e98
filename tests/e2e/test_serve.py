"""`ttsink` as people start it: processes, sockets, signals."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from support.programs import environment, run
from support.running import captures
from support.serving import SECONDS, serving

LINE = b'{"job":"digest-1","message":"hello"}'


async def test_a_start_without_redaction_says_so_in_the_log(tmp_path: Path) -> None:
    async with serving(tmp_path, "--redact", "off") as sink:
        assert "redaction is off" in sink.started


async def test_a_capture_posted_as_curl_would_streams_once_with_its_members(
    tmp_path: Path,
) -> None:
    capture = next(c for c in captures("fluentbit") if c.name == "json_lines_gzip")
    async with serving(tmp_path) as sink:
        answer = await sink.post(
            capture.body, *(f"{name}: {value}" for name, value in capture.headers.items())
        )
        stream = await sink.ask(
            b"GET /api/stream?tail=100 HTTP/1.1\r\nHost: localhost\r\n\r\n", until=b"-9\nevent"
        )

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"accepted":9,"rejected":0}')
    assert b"content-type: text/event-stream" in stream.lower()
    ids = re.findall(rb"^id: [0-9a-z]+-(\d+)\nevent: record$", stream, re.MULTILINE)
    assert ids == [str(n).encode() for n in range(1, 10)]
    first = json.loads(re.findall(rb"^data: (\{.*\})", stream, re.MULTILINE)[0])
    assert first["job"]
    assert first["worker"] == "billing-worker-2"
    assert first["level"] == "info"
    assert first["message"] == "job started"
    assert first["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_it_stops_on_sigterm_with_status_0_and_tells_its_readers(tmp_path: Path) -> None:
    async with serving(tmp_path) as sink:
        reading = asyncio.create_task(
            sink.ask(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        )
        await sink.post(LINE)
        sink.process.send_signal(signal.SIGTERM)
        stream = await reading
        async with asyncio.timeout(SECONDS):
            status = await sink.process.wait()

    assert status == 0
    assert re.search(rb"retry: [1-5]\d\d\d\n\n", stream)


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    async with serving(tmp_path) as sink:
        for number in range(5):
            assert b" 200 " in await sink.post(b'{"message":"m%d"}' % number)
        before = await sink.records()
        sink.process.kill()
        await sink.process.wait()

    async with serving(tmp_path) as sink:
        after = await sink.records()

    assert [record["message"] for record in after] == [f"m{n}" for n in range(5)]
    assert after == before


async def test_tokens_are_read_again_on_sighup(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("old\n")
    async with serving(tmp_path, "--ingest-token-file", str(tokens)) as sink:
        first = await sink.post(LINE, "Authorization: Bearer new")
        tokens.write_text("old\nnew\n")
        sink.process.send_signal(signal.SIGHUP)
        second = b""
        async with asyncio.timeout(SECONDS):
            while b" 200 " not in second:
                second = await sink.post(LINE, "Authorization: Bearer new")

    assert b" 401 " in first


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["serve", "--listen", "0.0.0.0:0"], 78, "needs tokens"),
        (["serve", "--listen", "nowhere"], 78, "expected HOST:PORT"),
        (["serve", "--journal", "perhaps"], 78, "expected on or off"),
        (["serve", "--config", "/does/not/exist.toml"], 78, "cannot be read"),
        (["serv"], 2, "did you mean 'serve'?"),
    ],
)
async def test_a_mistake_is_one_line_and_a_status(
    tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    done = await run("ttsink", arguments, environment(tmp_path))

    assert done.status == status
    assert words in done.err.splitlines()[0]
    assert "Traceback" not in done.err


async def test_help_imports_neither_the_server_nor_its_libraries(tmp_path: Path) -> None:
    done = await run("ttsink", ["--help"], environment(tmp_path, PYTHONPROFILEIMPORTTIME="1"))

    assert done.status == 0
    assert b"serve" in done.out
    imported = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert imported & {"aiohttp", "google.protobuf", "sqlite3", "ttsink.http.server"} == set()


async def test_the_demonstration_without_a_terminal_prints_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    done = await run(
        "ttsink",
        ["demo", "--seconds", "3"],
        environment(tmp_path, TMPDIR=str(tmp_path)),
    )

    assert done.status == 0, done.err
    assert done.out.count(b"\n") >= 20
    assert b"@example.com" not in done.out
    assert folders_left(tmp_path) == []
    assert children_that_name(str(tmp_path)) == []


async def test_the_demonstrations_children_end_when_it_is_killed(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ttsink", "demo", "--listen", "127.0.0.1:0", "--no-view"),
        env=environment(tmp_path, TMPDIR=str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        line = await process.stdout.readline()
        assert line.startswith(b"traffic flows into http://127.0.0.1:")
        process.kill()
        await process.wait()
        while children_that_name(str(tmp_path)):  # noqa: ASYNC110  no handle on a grandchild
            await asyncio.sleep(0.05)


def folders_left(home: Path) -> list[Path]:
    return list(home.glob("tracetail-demo-*"))


def children_that_name(text: str) -> list[int]:
    """Processes whose command line or environment holds a text of this test's own."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = (path / "cmdline").read_bytes() + (path / "environ").read_bytes()
            if text.encode() in said and int(path.name) != os.getpid():
                found.append(int(path.name))
    return found
