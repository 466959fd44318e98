"""`ttview trace`: one trace as lines, with nothing in it that a terminal would act on."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import tracing
from support.programs import Done, environment, run
from support.scripted_sink import ScriptedSink, record, refusal
from ttview.commands.trace import normal
from ttview.exits import CommandError
from ttview.glyphs import ASCII, UNICODE
from ttview.trace.text import text
from ttwire.record import Record
from ttwire.span import Span, SpanEvent, Trace, TraceSource

Ttview = Callable[..., Coroutine[Any, Any, Done]]

TRACE = tracing.TRACE
NASTY = "a\x1b]0;owned\x07b\x9b31m\u202ec\u200bd\x7f\n\r"
SPANS = (
    Span("a" * 16, "POST /invoices", tracing.START, 38_000, service="api"),
    Span(
        "b" * 16,
        "invoice.render",
        tracing.START + 50_000,
        1_060_000,
        parent_id="a" * 16,
        service="worker",
        status="error",
        status_message="no such account",
    ),
)
RECORDS = (
    record(1, "begins", trace_id=TRACE, span_id="b" * 16, job="invoice-1", level="info"),
    record(2, "no such account", trace_id=TRACE, span_id="b" * 16, level="error"),
)
OK = TraceSource("sent to this sink", "ok")


@pytest.fixture
async def sink() -> ScriptedSink:
    made = ScriptedSink()
    made.traces[TRACE] = msgspec.json.encode(Trace(TRACE, SPANS, RECORDS, (OK,)))
    return made


@pytest.fixture
async def ttview(sink: ScriptedSink, tmp_path: Path) -> Any:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(sink.served())

        async def command(*arguments: str, **more: str) -> Done:
            return await run("ttview", arguments, environment(tmp_path, TTVIEW_URL=url, **more))

        yield command


async def test_it_prints_spans_as_bars_and_records_with_their_spans(ttview: Ttview) -> None:
    done = await ttview("trace", TRACE.upper())

    lines = done.out.decode().splitlines()
    assert (done.status, done.err) == (0, "")
    assert lines[0].split() == [TRACE, "2", "spans", "1.11s", "1", "failed"]
    assert "POST /invoices" in lines[2]
    assert "1.06s │" in lines[3]
    assert "█" in lines[3]
    assert "✗ invoice.render: no such account" in lines
    assert lines[-1].endswith("no such account span=invoice.render")
    assert "\x1b" not in done.out.decode()


async def test_json_is_the_answer_as_it_came(ttview: Ttview, sink: ScriptedSink) -> None:
    done = await ttview("trace", TRACE, "-o", "json")

    assert done.out == sink.traces[TRACE] + b"\n"


async def test_only_as_many_records_as_asked_for(ttview: Ttview) -> None:
    done = await ttview("trace", TRACE, "-n", "1")

    assert "1 older records" in done.out.decode()
    assert "begins" not in done.out.decode()


async def test_a_trace_nobody_has_is_status_1_and_every_source_says_why(
    ttview: Ttview, sink: ScriptedSink
) -> None:
    away = TraceSource("jaeger", "unreachable", "no answer within 5 s")
    sink.traces["1" * 32] = msgspec.json.encode(Trace("1" * 32, sources=(OK, away)))
    done = await ttview("trace", "1" * 32)

    assert (done.status, done.out) == (1, b"")
    assert "jaeger: no answer within 5 s" in done.err


async def test_what_is_no_answer_of_a_sink_is_status_3(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.traces[TRACE] = b"<html>a login page</html>"
    done = await ttview("trace", TRACE)

    assert done.status == 3
    assert "the sink's answer cannot be read" in done.err


async def test_a_refusal_is_status_4_with_its_reason(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.refuse = (401, refusal("token", "a token is wanted"))
    done = await ttview("trace", TRACE)

    assert (done.status, done.err) == (4, "ttview: a token is wanted\n")


async def test_a_sink_that_is_not_there_is_status_3(tmp_path: Path) -> None:
    env = environment(tmp_path, TTVIEW_URL="http://127.0.0.1:9")
    done = await run("ttview", ["trace", TRACE], env)

    assert done.status == 3
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words", [(), ("no-id",), ("0" * 32,), (TRACE, "--last-error", "x"), (TRACE, "-n", "x")]
)
async def test_what_makes_no_sense_is_status_2(ttview: Ttview, words: tuple[str, ...]) -> None:
    done = await ttview("trace", *words)

    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("ttview")


async def test_the_last_error_of_a_job_names_the_trace(ttview: Ttview, sink: ScriptedSink) -> None:
    sink.records = list(RECORDS)
    found = await ttview("trace", "--last-error", 'a "job"')
    asked = sink.asked("/api/records")[0].query["filter"]
    sink.records = []
    none = await ttview("trace", "--last-error", "quiet")

    assert found.status == 0
    assert asked == r'job:"a \"job\"" level:>=error -trace:none'
    assert (none.status, none.err) == (1, "ttview: no error of job quiet has a trace id\n")


async def test_where_the_output_is_not_utf_8_it_is_ascii(ttview: Ttview) -> None:
    done = await ttview("trace", TRACE, PYTHONIOENCODING="ascii")

    assert done.out.isascii()
    assert b"x" in done.out
    assert b"===" in done.out


async def test_colours_come_only_where_they_are_asked_for(ttview: Ttview) -> None:
    done = await ttview("trace", TRACE, "--color", "always")

    assert b"\x1b[31m" in done.out


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_nothing_that_strangers_wrote_reaches_a_terminal_as_a_control(glyphs: Any) -> None:
    span = Span(
        "c" * 16, NASTY, tracing.START, 5, service=NASTY, status="error", status_message=NASTY,
        attributes={NASTY: NASTY}, events=(SpanEvent(NASTY, tracing.START, {NASTY: NASTY}),),
    )  # fmt: skip
    told = Record(timestamp=NASTY, level=NASTY, job=NASTY, message=NASTY, span_id="c" * 16)
    trace = Trace(TRACE, (span,), (told,), (TraceSource(NASTY, "unreachable", NASTY),))

    lines = list(text(trace, now=0, width=90, glyphs=glyphs))
    assert all(line.isprintable() for whole in lines for line in whole.split("\n"))
    assert "owned" in "".join(lines)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("4bf92f3577b34da6", "0" * 16 + "4bf92f3577b34da6"),
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f" {TRACE.upper()} ", TRACE),
        ("1-4bf92f35-77b34da6a3ce929d0e0e4736", TRACE),
        ("11803532876627986230", "0" * 16 + "a3ce929d0e0e4736"),
    ],
)
def test_ids_are_taken_in_any_form(given: str, found: str) -> None:
    assert normal(given) == found


def test_what_is_no_id_is_named_without_its_controls() -> None:
    with pytest.raises(CommandError, match=r"'x\\x1b\[31m' is no trace id"):
        normal("x\x1b[31m")
