"""`ttview` without a screen: output, standard error and exit status of each command."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from support.programs import Done, environment, run
from support.scripted_sink import ScriptedSink, events, record, refusal
from ttwire import sse
from ttwire.gap import Gap
from ttwire.record import Record

Ttview = Callable[..., Coroutine[Any, Any, Done]]

NASTY = "a\x1b]0;owned\x07b\x9b31m\u202ec\u200bd\x7f"


@pytest.fixture
async def sink() -> ScriptedSink:
    made = ScriptedSink()
    made.records = [record(n, job="mail-1", worker="w-1", level="info") for n in range(1, 6)]
    return made


@pytest.fixture
async def ttview(sink: ScriptedSink, tmp_path: Path) -> Any:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(sink.served())

        async def command(*arguments: str, **more: str) -> Done:
            env = environment(tmp_path, TTVIEW_URL=url, **more)
            return await run("ttview", arguments, env)

        yield command


def of(out: bytes) -> list[Record]:
    return [msgspec.json.decode(line, type=Record) for line in out.splitlines()]


async def test_tail_prints_every_record_the_sink_holds_oldest_first(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    done = await ttview("tail", "-o", "json")

    assert (done.status, done.err) == (0, "")
    assert of(done.out) == sink.records


async def test_tail_pages_through_more_than_one_page(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.records = [record(n) for n in range(1, 2501)]

    done = await ttview("tail", "-o", "json")

    assert [found.id for found in of(done.out)] == [found.id for found in sink.records]


@pytest.mark.parametrize("count", [0, 2, 1500, 9999])
async def test_tail_of_the_newest(ttview: Ttview, sink: ScriptedSink, count: int) -> None:
    sink.records = [record(n) for n in range(1, 2501)]

    done = await ttview("tail", "-n", str(count), "-o", "json")

    assert [found.id for found in of(done.out)] == [
        found.id for found in (sink.records[-count:] if count else [])
    ]
    assert done.status == (0 if count else 1)


async def test_json_for_a_pipe_is_the_sinks_bytes(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.records = [record(1, NASTY, job="ü", fields={"a": {"b": [1.50, None]}})]

    done = await ttview("tail", "-o", "json")

    assert done.out == msgspec.json.encode(sink.records[0]) + b"\n"


@pytest.mark.parametrize("form", ["text", "logfmt"])
async def test_no_control_of_a_record_comes_out(
    ttview: Ttview, sink: ScriptedSink, form: str
) -> None:
    sink.records = [record(1, NASTY, job=NASTY, worker=NASTY, level=NASTY, fields={NASTY: NASTY})]

    done = await ttview("tail", "-o", form)

    assert done.out.endswith(b"\n")
    assert done.out[:-1].decode().isprintable()
    assert b"mail" not in done.out


async def test_the_filter_goes_to_the_sink_in_its_canonical_form(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    await ttview("tail", "job:mail-*   level:>=warn", "--since", "2026-01-02T03:04:05Z")

    asked = [request.query.get("filter") for request in sink.asked("/api/records")]
    assert asked[-1] is not None
    assert asked[-1].startswith("job:mail-* level:>=warn since:2026-01-02")


async def test_a_filter_that_is_none_points_at_the_place_and_asks_nobody(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    done = await ttview("tail", "job:a level:>=loud")

    assert done.status == 2
    first, text, caret = done.err.splitlines()
    assert "column 15" in first
    assert text[caret.index("^") :].startswith("loud")
    assert sink.requests == []


async def test_nothing_that_matches_is_status_one(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.records = []

    assert await ttview("tail") == Done(1, b"", "")


async def test_nobody_there_is_status_three(tmp_path: Path) -> None:
    env = environment(tmp_path, TTVIEW_URL="http://127.0.0.1:1")

    for command in (["tail"], ["tail", "-f"], ["jobs"], ["record", "e1-1"]):
        done = await run("ttview", command, env)

        assert (done.status, done.out) == (3, b"")
        assert done.err.startswith("ttview: cannot connect to 127.0.0.1:1")


async def test_no_token_is_status_four_with_the_servers_words(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    sink.refuse = (401, refusal("unauthorized", "send Authorization: Bearer"))

    for command in (["tail"], ["tail", "-f"], ["workers"], ["record", "e1-1"]):
        done = await ttview(*command)

        assert (done.status, done.out) == (4, b"")
        assert done.err == "ttview: send Authorization: Bearer\n"


async def test_follow_prints_what_comes_and_says_what_is_missing(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    gap = Gap("evicted", "e1-2", "e1-9", 1204)
    sink.streams.append(
        events(record(1))
        + sse.frame("gap", msgspec.json.encode(gap))
        + events(record(10, level="fatal"))
    )

    done = await ttview("tail", "--follow", "--fail-on", "level:fatal", "-o", "json")

    assert done.status == 1
    assert [found.id for found in of(done.out)] == ["e1-1", "e1-10"]
    assert "1,204 records are missing here" in done.err
    assert sink.asked("/api/stream")[0].headers["Last-Event-ID"] == "e1-0"


async def test_follow_goes_on_where_a_broken_stream_ended(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    async def cut(answer: web.StreamResponse) -> None:
        await answer.write(events(record(1), record(2)))

    sink.streams += [cut, events(record(3, level="fatal"))]

    done = await ttview("tail", "-f", "-n", "9", "--fail-on", "level:fatal", "-o", "json")

    assert [found.id for found in of(done.out)] == ["e1-1", "e1-2", "e1-3"]
    first, second = sink.asked("/api/stream")
    assert first.query["tail"] == "9"
    assert second.headers["Last-Event-ID"] == "e1-2"
    assert "closed the stream; next try" in done.err


async def test_what_cannot_be_read_is_said_once_and_costs_no_other_record(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    bad = sse.frame("record", b'{"job":{"secret":1}}', "e1-2")
    odd = sse.frame("gap", b'{"reason":"new_reason"}')
    end = events(record(3, level="fatal"))
    sink.streams.append(events(record(1)) + bad + bad + odd + end)

    done = await ttview("tail", "-f", "--fail-on", "level:fatal", "-o", "json")

    assert [found.id for found in of(done.out)] == ["e1-1", "e1-3"]
    assert len(done.err.splitlines()) == 2
    assert "secret" not in done.err
    assert "Traceback" not in done.err


async def test_fail_on_ends_with_status_one_at_the_first_such_record(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    sink.streams.append(events(record(1), record(2, level="error"), record(3)))

    done = await ttview("tail", "--fail-on", "level:error", "--timeout", "20s", "-o", "json")

    assert done.status == 1
    assert [found.id for found in of(done.out)] == ["e1-1", "e1-2"]


async def test_fail_on_is_status_zero_when_the_time_is_up(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    sink.streams.append(events(record(1)))

    done = await ttview("tail", "--fail-on", "level:error", "--timeout", "500ms")

    assert done.status == 0


async def test_a_reader_that_has_enough_ends_it_quietly(sink: ScriptedSink, tmp_path: Path) -> None:
    sink.records = [record(n, "x" * 500) for n in range(1, 2001)]
    async with sink.served() as url:
        process = await asyncio.create_subprocess_shell(
            f"{sys.executable} -m ttview tail | head -n 1",
            env=environment(tmp_path, TTVIEW_URL=url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()

    assert out.count(b"\n") == 1
    assert err == b""


async def test_an_interrupt_is_status_130_without_a_traceback(
    sink: ScriptedSink, tmp_path: Path
) -> None:
    sink.streams.append(events(record(1)))
    async with sink.served() as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ttview", "tail", "-f"),
            env=environment(tmp_path, TTVIEW_URL=url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        await process.stdout.readline()
        process.send_signal(2)
        _, err = await process.communicate()

    assert process.returncode == 130
    assert err == b""


async def test_jobs_are_a_table_for_people_and_lines_for_programs(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    sink.jobs[0] = msgspec.structs.replace(sink.jobs[0], message=NASTY, inferred=True)

    text = await ttview("jobs")
    lines = await ttview("jobs", "-o", "json")
    some = await ttview("jobs", "*-2")
    none = await ttview("jobs", "--state", "failed")

    assert text.status == 0
    heading, first, second = text.out.decode().splitlines()
    assert heading.split()[:3] == ["key", "state", "queue"]
    assert first.split()[:2] == ["mail-1", "running?"]
    assert first.isprintable()
    assert second.startswith("mail-2")
    assert [msgspec.json.decode(line)["key"] for line in lines.out.splitlines()] == [
        "mail-1",
        "mail-2",
    ]
    assert b"mail-1" not in some.out
    assert none.status == 1


async def test_a_record_is_shown_whole_by_its_id(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.records[2] = record(3, "first\nsecond\x1b", fields={"customer": {"tier": "gold"}})

    text = await ttview("record", "e1-3")
    json = await ttview("record", "e1-3", "-o", "json")
    gone = await ttview("record", "e1-99")
    wrong = await ttview("record", "e1/3")

    assert text.status == 0
    assert text.out.decode().splitlines()[-2:] == ["first", "second^["]
    assert "@customer.tier  gold" in text.out.decode()
    assert of(json.out) == [sink.records[2]]
    assert (gone.status, wrong.status) == (1, 2)
    assert "no longer has e1-99" in gone.err


def test_help_imports_neither_the_network_nor_the_screen(tmp_path: Path) -> None:
    program = (
        "import sys; from ttview.cli import main; status = main(['--help']);"
        "print(status, *sorted({'aiohttp', 'prompt_toolkit'} & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=environment(tmp_path),
    )

    assert done.stderr == "0\n"
    for word in ("--filter", "--token-file", "tail", "jobs", "exit status"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tail", "--config", "/nonexistent/\x1b[31mred"], "/nonexistent/^[[31mred"),
        (["http://a", "http://b"], "give one URL, or files, or -"),
        (["tial"], "there is no command or file 'tial'; did you mean tail?"),
        (["tail", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["tail", "--timeout", "soon"], "'soon' is no duration"),
        (["tail", "-n", "-5"], "'-5' is no number from 0"),
        (["tail", "--url", "http://u:p@x"], "put the token in a file"),
        (["tail", "--sink", "prod"], "there is no [sinks.prod]"),
        (["tail", "--config", "/nonexistent.toml"], "there is no /nonexistent.toml"),
        (["tail", "--token-file", "/nonexistent"], "cannot read the token file"),
    ],
)
async def test_what_cannot_be_is_said_in_a_line_with_status_two(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = await run("ttview", arguments, environment(tmp_path))

    assert (done.status, done.out) == (2, b"")
    assert says in done.err
    assert "Traceback" not in done.err
