"""The trace pane: forests of any kind are drawn whole, within the screen, and found by keys."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import bench_waterfall
from support import tracing
from support.stage import FakeSource, Stage
from ttview.app import NOTHING_OUTSIDE, Outside
from ttview.feed import Failed, TraceLoaded
from ttview.glyphs import ASCII, UNICODE
from ttview.settings import Settings
from ttview.trace.axis import Axis, round_step, spell
from ttview.trace.bar import Bar, draw
from ttview.trace.told import spans as told
from ttview.trace.tree import Forest
from ttview.trace.waterfall import parse_duration
from ttwire.about import Refusal
from ttwire.record import Record
from ttwire.span import Span, Trace, TraceSource

START = tracing.START
HOUR = 3_600_000_000
TRACE = tracing.TRACE


def span(
    number: int,
    parent: int,
    start: int,
    duration: int,
    name: str = "",
    *,
    service: str = "svc",
    kind: str | None = None,
    failed: bool = False,
) -> Span:
    return Span(
        f"{number:016x}",
        name or f"span {number}",
        START + start,
        duration,
        parent_id=f"{parent:016x}" if parent else None,
        service=service,
        kind=kind,
        status="error" if failed else "unset",
        trace_id=TRACE,
    )


def record(number: int, at: int, level: str = "info", of: int | None = None) -> Record:
    time = datetime.fromtimestamp((START + at) / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Record(
        id=f"e-{number}",
        timestamp=time,
        received=time,
        job="invoice-8812",
        worker="w-3",
        attempt=1,
        level=level,
        message=f"message {number}",
        trace_id=TRACE,
        span_id=f"{of:016x}" if of is not None else None,
    )


SPANS = (
    span(1, 0, 0, 38_000, "POST /invoices", service="api", kind="server"),
    span(2, 1, 20_000, 11_000, "publish", service="api", kind="producer"),
    span(3, 2, HOUR, 1_060_000, "invoice.render", kind="consumer", failed=True),
    span(4, 3, HOUR + 20_000, 24_000, "SELECT invoice"),
    span(5, 3, HOUR + 790_000, 255_000, "PUT object", failed=True),
)
RECORDS = (
    record(1, HOUR + 1_000, of=3),
    record(2, HOUR + 900_000, "error", of=5),
    record(3, HOUR + 1_050_000, "error", of=3),
)


def opened(
    spans: Sequence[Span] = SPANS,
    records: Sequence[Record] = RECORDS,
    *,
    columns: int = 120,
    rows: int = 30,
    ascii_only: bool = False,
    outside: Outside = NOTHING_OUTSIDE,
) -> Stage:
    given_ = Settings(zone="utc", ascii_only=ascii_only)
    stage = Stage(
        FakeSource(list(records)), columns=columns, rows=rows, settings=given_, outside=outside
    )
    stage.keys("T")
    sources = (TraceSource("sent to this sink", "ok"),)
    stage.deliver(TraceLoaded(Trace(TRACE, tuple(spans), tuple(records), sources)))
    return stage


def test_t_asks_for_the_trace_of_the_row_and_says_that_it_does() -> None:
    stage = Stage(FakeSource(list(RECORDS)), columns=100, rows=20)
    stage.keys("T")

    assert stage.source.asked[-1] == TRACE
    assert "asking for the trace" in stage.text


def test_spans_stand_under_their_parents_with_their_times() -> None:
    lines = opened().lines()

    order = [next(i for i, line in enumerate(lines) if s.name in line) for s in SPANS]
    assert order == sorted(order)
    assert "38ms" in lines[order[0]]
    assert "1.06s" in lines[order[2]]
    assert lines[order[2]].startswith("✗")
    assert lines[order[0]].startswith("○")


def test_the_hours_in_a_queue_are_a_break_that_says_how_long() -> None:
    stage = opened()

    axis = stage.lines()[2]
    assert "59m59s" in axis
    assert "+1h00m" in axis
    assert "1h00m waiting" in stage.text or "59m59s waiting" in stage.text


def test_the_list_below_follows_the_span_and_widens_to_the_trace() -> None:
    stage = opened()
    stage.keys("g", "j", "j")
    of_span = stage.text
    stage.keys("A")

    assert "records of invoice.render: 2" in of_span
    assert "message 1" in of_span
    assert "message 2" not in of_span
    assert "records of the trace: 3" in stage.text
    assert "message 2" in stage.text


def test_it_opens_on_the_span_of_the_record() -> None:
    stage = opened(records=RECORDS[:2])

    assert "records of PUT object: 1" in stage.text


def test_folding_hides_what_is_under_a_span_and_says_what_failed_there() -> None:
    stage = opened()
    stage.keys("g", "j", "j", "Enter")

    assert "SELECT invoice" not in stage.text
    assert "+2, 1 failed" in stage.text
    stage.keys("]")
    assert "SELECT invoice" in stage.text


def test_e_goes_to_the_next_failed_span_even_where_it_is_folded() -> None:
    stage = opened()
    stage.keys("[", "g", "e", "e")

    assert "records of PUT object" in stage.text


def test_spans_are_found_by_name_and_by_how_long_they_took() -> None:
    stage = opened()
    stage.keys("/", "select", "Enter")
    by_name = stage.text
    stage.keys("Esc", "/", ">200ms", "Enter")
    by_time = stage.text
    stage.keys("Esc")

    assert "SELECT invoice" in by_name
    assert "PUT object" not in by_name
    assert "PUT object" in by_time
    assert "SELECT invoice" not in by_time
    assert "SELECT invoice" in stage.text


def test_what_is_not_found_leaves_the_prompt_open_and_says_so() -> None:
    stage = opened()
    stage.keys("/", "nothing like it", "Enter")

    assert 'no span with "nothing like it"' in stage.text
    assert "SELECT invoice" in stage.text


def test_everything_about_a_span_is_one_key_away_and_share_mode_hides_values() -> None:
    secret = Span("a" * 16, "call", START, 10, attributes={"http.url": "https://x.example/1"})
    stage = opened([secret], [record(1, 0)])
    stage.keys("d")

    assert "http.url: https://x.example/1" in stage.text


def test_the_log_is_filtered_by_a_span_and_by_a_value_and_h_leads_back() -> None:
    secret = Span("a" * 16, "call", START, 10, attributes={"http.url": "https://x.example/1"})
    stage = opened([secret], [record(1, 0)])
    stage.keys("i")
    by_span = stage.model.view.query
    stage.keys("H", "Esc", "/", "level:info", "Enter", "T")
    stage.deliver(TraceLoaded(Trace(TRACE, (secret,), (record(1, 0),))))
    stage.keys("d", *"JJJJJJ", "i")
    by_value = stage.model.view.query
    stage.keys("H", "d")

    assert by_span == f"span:{'a' * 16}"
    assert by_value.startswith("level:info (@http.url:https://x.example/1 OR @attributes.http.url:")
    assert "records of call" in stage.text


def test_values_are_copied_one_by_one_and_spans_whole() -> None:
    copied: list[str] = []

    async def copy(text: str) -> str:
        copied.append(text)
        return "copied"

    called = Span("a" * 16, "call", START, 10, attributes={"http.url": "https://x.example/1"})
    stage = opened([called], [record(1, 0)], outside=Outside(copy=copy))
    stage.keys("y", "d", *"JJJJJJ", "y", "Y", "S", "y")

    assert "http.url: https://x.example/1" in copied[0]
    assert copied[1:] == ["https://x.example/1", TRACE]


def test_a_large_trace_is_asked_for_less_often() -> None:
    few = opened()
    many = opened([span(n, 0, n, 1) for n in range(1, 4_001)])
    for stage in (few, many):
        stage.source.asked.clear()
        stage.wait(2.5)

    assert few.source.asked.count(TRACE) == 1
    assert many.source.asked.count(TRACE) == 0


def test_all_sources_are_told_of() -> None:
    stage = opened()
    sources = tuple(TraceSource(f"b{n}", "unreachable", "no answer") for n in range(3))
    stage.deliver(TraceLoaded(Trace(TRACE, SPANS, RECORDS, sources)))
    stage.keys("d", *["J"] * 30)

    assert "b0: no answer, and 2 more (d)" in stage.text
    assert "source b2: unreachable: no answer" in stage.text


def test_a_job_drawn_from_records_has_those_of_all_its_attempts() -> None:
    stage = opened([], [record(1, 0), record(2, 1_000)])
    stage.keys("g")

    assert "records of invoice-8812: 2" in stage.text


def test_without_spans_the_records_draw_it_open_ended_until_spans_come() -> None:
    stage = opened([], [record(1, 0), record(2, 2_000_000, "error")])
    drawn = stage.text
    stage.deliver(TraceLoaded(Trace(TRACE, SPANS, RECORDS)))

    assert "drawn from records" in drawn
    assert "invoice-8812" in drawn
    assert "attempt 1" in drawn
    assert "drawn from records" not in stage.text
    assert "POST /invoices" in stage.text


def test_a_job_heard_of_just_now_runs_on() -> None:
    now = START / 1e6 + 5
    running = told([record(1, 0), record(2, 2_000_000)], now=now)
    long_ago = told([record(1, 0), record(2, 2_000_000)], now=now + 3_600)

    assert [one.open for one in running] == [True, True]
    assert [one.open for one in long_ago] == [False, False]


def test_a_trace_that_could_not_be_read_says_why_and_esc_leads_back() -> None:
    stage = Stage(FakeSource(list(RECORDS)), columns=100, rows=20)
    stage.keys("T")
    stage.deliver(Failed("trace", Refusal("gone", "the sink is stopping")))
    told_ = stage.text
    stage.keys("Esc")

    assert "the trace could not be read: the sink is stopping" in told_
    assert "message 3" in stage.text


def test_it_asks_again_while_it_is_open() -> None:
    stage = opened()
    asked = stage.source.asked.count(TRACE)
    stage.wait(2.5)

    assert stage.source.asked.count(TRACE) == asked + 1


def test_ascii_needs_neither_colour_nor_signs() -> None:
    stage = opened(ascii_only=True)
    stage.keys("c")

    body = "\n".join(stage.lines()[1:-2])
    assert body.isascii()
    assert "#" in body
    assert "x" in body


def random_forest() -> st.SearchStrategy[list[Span]]:
    one = st.builds(
        span,
        number=st.integers(1, 12),
        parent=st.integers(0, 15),
        start=st.integers(-2 * HOUR, 30 * HOUR) | st.sampled_from([-START, -START + 5]),
        duration=st.integers(-5, 2_000_000) | st.sampled_from([0, -HOUR, 40 * HOUR, 10**18]),
        kind=st.sampled_from([None, "client", "server", "consumer"]),
        failed=st.booleans(),
    )
    return st.lists(one, max_size=25)


@given(random_forest())
@settings(max_examples=200, deadline=None)
def test_every_span_is_in_the_forest_once_and_under_its_parent(spans: list[Span]) -> None:
    forest = Forest(spans)

    drawn = [node for node in forest.nodes if node.span is not None]
    assert len(drawn) == len(spans)
    assert {id(node.span) for node in drawn} == {id(one) for one in spans}
    places = {id(node): place for place, node in enumerate(forest.nodes)}
    for node in forest.nodes:
        if node.parent is not None:
            assert places[id(node.parent)] < places[id(node)]
            assert node.depth == node.parent.depth + 1
    assert sum(1 + node.below for node in forest.roots) == len(forest.nodes)


@given(random_forest())
@settings(max_examples=200, deadline=None)
def test_the_critical_path_overlaps_nowhere_and_is_at_most_the_trace(spans: list[Span]) -> None:
    forest = Forest(spans)

    stretches = sorted(stretch for node in forest.nodes for stretch in node.critical)
    for before, after in pairwise(stretches):
        assert before[1] <= after[0]
    if forest.first is not None and forest.last is not None:
        assert sum(end - start for start, end in stretches) <= forest.last - forest.first


@given(random_forest(), st.integers(10, 150), st.floats(0.01, 1), st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_bars_lie_within_the_axis_and_rows_within_the_width(
    spans: list[Span], width: int, zoom: float, around: float
) -> None:
    forest = Forest(spans)
    if forest.first is None or forest.last is None:
        return
    axis = Axis(forest.first, forest.last, forest.busy())
    for node in forest.nodes:
        for moment in node.times or ():
            assert 0 <= axis.share(moment) <= 1
    axis.zoom(zoom, around)
    ticks = axis.ticks(width)
    assert all(tick.x + len(tick.label) <= width for tick in ticks)
    assert all(a.x + len(a.label) < b.x for a, b in pairwise(ticks))
    for node in forest.nodes:
        times = node.times
        if times is None:
            continue
        bar = Bar(axis.x(times[0], width), axis.x(times[1], width), "", after="12 log")
        for glyphs in (UNICODE, ASCII):
            text = "".join(part for _, part in draw(bar, width, glyphs, []))
            assert len(text) == width
            if bar.end >= 0 and bar.start < width:
                assert text.strip()


@given(random_forest(), st.integers(40, 160), st.integers(8, 40))
@settings(max_examples=40, deadline=None)
def test_any_trace_fits_any_screen(spans: list[Span], columns: int, rows: int) -> None:
    stage = opened(spans, RECORDS, columns=columns, rows=rows)
    stage.keys("c", "+", "l", "-", "h", "d", "G", "[", "]", "e")

    assert len(stage.lines()) == rows
    assert all(len(line) <= columns for line in stage.lines())


@given(st.integers(1, 10**13), st.integers(1, 10**13))
def test_the_axis_keeps_the_order_of_moments(first: int, second: int) -> None:
    low, high = sorted((first, second))
    axis = Axis(0, 10**13, [(0, 10**9), (9 * 10**12, 9 * 10**12 + 10**9)])

    assert axis.share(low) <= axis.share(high)
    assert abs(axis.moment(axis.share(low)) - low) <= 10**13 / 1e6


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "0µs"), (999, "999µs"), (38_000, "38ms"), (1_060_000, "1.06s"), (59_999_999, "60s"),
     (61_000_000, "1m01s"), (11_520_000_000, "3h12m"), (-5, "-5µs"), (90_000_000_000, "1d01h")],
)  # fmt: skip
def test_durations_are_short(microseconds: int, text: str) -> None:
    assert spell(microseconds) == text


@pytest.mark.parametrize(
    ("text", "microseconds"), [("200ms", 200_000), ("1.5s", 1_500_000), (" 2m", 120_000_000)]
)
def test_durations_are_read_as_people_write_them(text: str, microseconds: int) -> None:
    assert parse_duration(text) == microseconds


@given(st.floats(1, 1e13))
def test_steps_are_round_and_large_enough(least: float) -> None:
    assert round_step(least) >= least


def test_the_benchmark_of_large_traces_runs(capsys: pytest.CaptureFixture[str]) -> None:
    bench_waterfall.main(["--spans", "700"])

    assert "first    700 spans" in capsys.readouterr().out


def test_ten_thousand_spans_open_folded_and_every_error_is_on_the_way() -> None:
    spans = [span(1, 0, 0, 10_000_000, "root")]
    spans += [span(n, max(1, n // 8), n * 10, 1_000, failed=n == 9_999) for n in range(2, 10_001)]
    stage = opened(spans, RECORDS[:1], columns=160, rows=50)

    assert "10000 spans" in stage.text
    assert "folded" in stage.text
    stage.keys("g", "e")
    assert "span 9999" in stage.text
