"""What drawing a large trace costs: from the answer to the first frame, and while scrolling.

    PYTHONPATH=sink:viewer:tests python tests/bench/bench_waterfall.py [--spans 10000]

Prints milliseconds (medians), of the clock and of the processor: `read` decodes the
answer's JSON, `load` makes the forest, the axis and the rows shown, `first` is both and the first
frame, `unfold` shows every span, the others are a frame after one key.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from prompt_toolkit.application.current import set_app

from support.forest import wide_trace
from support.stage import FakeSource, FixedOutput, Stage
from ttview.feed import TraceLoaded
from ttview.settings import Settings
from ttview.trace.pane import TracePane
from ttwire.span import Trace


class Spent(NamedTuple):
    """Seconds of the clock and of the processor."""

    clock: float
    cpu: float

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.clock - other.clock, self.cpu - other.cpu)


def now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())


def median(found: Sequence[Spent]) -> str:
    clock = statistics.median(one.clock for one in found) * 1_000
    cpu = statistics.median(one.cpu for one in found) * 1_000
    return f"{clock:7.2f} ms, {cpu:7.2f} ms CPU"


TIMES = 7
FRAMES = 60


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--spans", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--rows", type=int, default=60)
    options = parser.parse_args(arguments)
    trace = wide_trace(options.spans)
    body = msgspec.json.encode(trace)
    decoder = msgspec.json.Decoder(Trace)

    stage = Stage(
        FakeSource(list(trace.records[:100])),
        columns=options.columns,
        rows=options.rows,
        settings=Settings(zone="utc"),
    )
    read: list[Spent] = []
    load: list[Spent] = []
    first: list[Spent] = []
    for _ in range(TIMES):
        stage.keys("Esc", "T")
        gc.collect()  # what the round before left behind
        start = now()
        trace = decoder.decode(body)
        decoded = now()
        stage.viewer.deliver(TraceLoaded(trace))
        loaded = now()
        draw(stage)
        read.append(decoded - start)
        load.append(loaded - decoded)
        first.append(now() - start)
    pane = stage.model.pane
    assert isinstance(pane, TracePane)
    assert isinstance(stage.output, FixedOutput)
    size = f"{options.spans} spans, {len(body) / 1e6:.1f} MB, {options.columns}x{options.rows}"
    for name, times in (("read", read), ("load", load), ("first", first)):
        print(f"{name:8} {size}: {median(times)}")
    for name, keys in (
        ("again", ()),
        ("unfold", ("]",)),
        ("scroll", ("j",)),
        ("page", ("Space",)),
        ("zoom", ("+",)),
        ("critical", ("c",)),
    ):
        print(f"{name:8} {size}: {timed(stage, keys, trace)} a frame")


def draw(stage: Stage) -> None:
    with set_app(stage.viewer.app):
        stage.viewer.app.render_counter += 1
        stage.viewer.app.renderer.render(stage.viewer.app, stage.viewer.app.layout)


def timed(stage: Stage, keys: tuple[str, ...], found: Trace) -> str:
    """The median of a key and its frame; without a key, of an equal answer that came again."""
    actions: dict[str, str] = {
        "]": "span_unfold_all",
        "j": "span_down",
        "Space": "span_page_down",
        "+": "span_zoom_in",
        "c": "span_critical",
    }
    model = stage.model
    pane = model.pane
    assert pane is not None

    def step() -> None:
        if not keys:
            stage.viewer.deliver(TraceLoaded(found))
        for key in keys:
            pane.act(actions[key], model)

    return median([one(stage, step) for _ in range(FRAMES if keys else TIMES)])


def one(stage: Stage, step: Callable[[], None]) -> Spent:
    start = now()
    step()
    draw(stage)
    return now() - start


if __name__ == "__main__":
    main()
