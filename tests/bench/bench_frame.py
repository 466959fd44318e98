"""What a frame costs: the real screen beside a stock prompt_toolkit Window showing the same rows.

    PYTHONPATH=sink:viewer:tests python tests/bench/bench_frame.py [--columns 200] [--rows 60]

Prints one line a figure, in milliseconds a frame (median). `flood` replaces every row in each
frame; `scroll` moves the log by one row; `still` changes nothing. Both draw to the same terminal
class, whose bytes go nowhere.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from support.stage import FakeSource
from support.traffic import records, states
from ttview.app import Viewer
from ttview.feed import Arrived, StatesChanged
from ttview.frame import draw
from ttview.settings import Settings
from ttview.style import RULES

FRAMES = 60


class Nowhere(io.StringIO):
    """A terminal's file that forgets, and counts what it was given."""

    encoding = "utf-8"
    written = 0

    def write(self, text: str) -> int:
        self.written += len(text)
        return len(text)

    def fileno(self) -> int:
        return 1


def terminal(columns: int, rows: int) -> Vt100_Output:
    return Vt100_Output(
        Nowhere(), lambda: Size(rows=rows, columns=columns), term="xterm-256color", enable_cpr=False
    )


def timed(app: Application[None], step: Callable[[], None]) -> float:
    """The median milliseconds of a frame; `step` is not counted."""
    times: list[float] = []
    with set_app(app):
        for number in range(FRAMES + 5):
            step()
            app.render_counter += 1
            start = time.perf_counter()
            app.renderer.render(app, app.layout)
            if number >= 5:
                times.append((time.perf_counter() - start) * 1_000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--rows", type=int, default=60)
    options = parser.parse_args()
    size = (options.columns, options.rows)
    found = records(20_000)
    viewer = Viewer(FakeSource(), Settings(zone="utc"), input=DummyInput(), output=terminal(*size))
    with set_app(viewer.app):
        viewer.app.renderer.render(viewer.app, viewer.app.layout)
    viewer.open()
    viewer.deliver(StatesChanged(states(found[:2_000]), whole=True))
    arrivals = iter(range(2_000, len(found), 100))
    viewer.deliver(Arrived(found[:2_000]))

    shown: list[StyleAndTextTuples] = []

    def remember() -> None:
        """The rows of the real screen's last frame, for the stock Window to show."""
        rows: StyleAndTextTuples = []
        for pieces in draw(viewer.model):
            for piece in pieces:
                rows += piece.row.fragments
            rows.append(("", "\n"))
        shown.append(rows)

    def flood() -> None:
        at = next(arrivals)
        viewer.deliver(Arrived(found[at : at + 100]))

    def scroll() -> None:
        viewer.model.window.scroll(-1)
        viewer.model.settle()

    def nothing() -> None:
        pass

    stock_at = 0
    control = FormattedTextControl(lambda: shown[stock_at % len(shown)])
    stock: Application[None] = Application(
        layout=Layout(Window(control)),
        style=Style.from_dict(RULES["terminal"]),
        full_screen=True,
        input=DummyInput(),
        output=terminal(*size),
    )

    def next_stock() -> None:
        nonlocal stock_at
        stock_at += 1

    for name, step in (("flood", flood), ("scroll", scroll), ("still", nothing)):
        shown.clear()
        ours = timed(viewer.app, step)
        for _ in range(20):
            step()
            remember()
        stock_at = 0
        theirs = timed(stock, next_stock)
        print(
            f"{name:6} {size[0]}x{size[1]}: {ours:6.2f} ms a frame, "
            f"stock Window {theirs:6.2f} ms, ratio {ours / theirs:.2f}"
        )


if __name__ == "__main__":
    main()
