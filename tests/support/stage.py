"""The viewer's screen without a terminal: keys in, characters and styles out."""

import asyncio
import atexit
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from prompt_toolkit.application.current import set_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import DummyInput
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import _Flush
from prompt_toolkit.output import DummyOutput

from ttview.app import NOTHING_OUTSIDE, Outside, Viewer
from ttview.feed import (
    Arrival,
    Arrived,
    Connection,
    Deliver,
    PageLoaded,
    PageRequest,
    StreamRequest,
)
from ttview.renderer import RowRenderer
from ttview.settings import Settings
from ttwire.filter import parse
from ttwire.page import Page
from ttwire.record import Record

NOW = 1_767_323_045.0
"""2026-01-02T03:04:05Z, the moment every test plays in."""

LOOP = asyncio.new_event_loop()
"""Shared by all stages; it runs only where a stage settles."""

atexit.register(LOOP.close)

SEQUENCES = {
    "Enter": "\r",
    "Esc": "\x1b",
    "Tab": "\t",
    "Up": "\x1b[A",
    "Down": "\x1b[B",
    "Right": "\x1b[C",
    "Left": "\x1b[D",
    "PgUp": "\x1b[5~",
    "PgDn": "\x1b[6~",
    "Home": "\x1b[H",
    "End": "\x1b[F",
    "Space": " ",
    "Backspace": "\x7f",
    "F2": "\x1bOQ",
    "^C": "\x03",
    "^D": "\x04",
    "^U": "\x15",
    "^S": "\x13",
    "^R": "\x12",
}


class FixedOutput(DummyOutput):
    """A terminal of a given size that shows nothing."""

    def __init__(self, columns: int, rows: int) -> None:
        self.size = Size(rows=rows, columns=columns)
        self.titles: list[str] = []

    def set_title(self, title: str) -> None:
        self.titles.append(title)

    def get_size(self) -> Size:
        return self.size


class FakeSource:
    """A source that a test plays: it keeps what was asked and answers from `records`."""

    name = "127.0.0.1:8484"

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self.records = list(records)
        self.asked: list[object] = []
        self.deliver: Deliver = lambda _: None
        self.answers = True

    def start(self, deliver: Deliver) -> None:
        self.deliver = deliver

    def _matching(self, text: str) -> list[Record]:
        matches = parse(text, now=NOW).matches
        return [record for record in self.records if matches(record)]

    def follow(self, request: StreamRequest) -> None:
        self.asked.append(request)
        if not self.answers:
            return
        found = self._matching(request.filter)
        if request.since is not None:
            at = self._at(request.since)
            found = [record for record in found if self._at(record.id) > at]
        else:
            found = found[-request.tail :]
        self.deliver(Connection("live"))
        self.deliver(Arrived(found))

    def _at(self, record_id: str) -> int:
        return int(record_id.rpartition("-")[2])

    def page(self, request: PageRequest) -> None:
        self.asked.append(request)
        if not self.answers:
            return
        found = self._matching(request.filter)
        older = newer = None
        if request.after is not None:
            found = [one for one in found if self._at(one.id) > self._at(request.after or "-0")]
            more = len(found) > request.limit
            found = found[: request.limit]
            newer = found[-1].id if more else None
        else:
            if request.before is not None:
                before = self._at(request.before)
                found = [one for one in found if self._at(one.id) < before]
            more = len(found) > request.limit
            found = found[-request.limit :]
            older = found[0].id if more else None
        self.deliver(PageLoaded(request, Page(found, older=older, newer=newer)))

    def trace(self, trace_id: str) -> None:
        self.asked.append(trace_id)

    def refresh(self) -> None:
        self.asked.append("refresh")

    def retry(self) -> None:
        self.asked.append("retry")

    async def aclose(self) -> None:
        pass


class Styled(NamedTuple):
    """A run of characters in one style."""

    text: str
    style: str


class Stage:
    """A viewer on a screen of a given size, driven by hand. Time stands still unless told."""

    def __init__(
        self,
        source: FakeSource | None = None,
        *,
        columns: int = 80,
        rows: int = 24,
        settings: Settings | None = None,
        outside: Outside = NOTHING_OUTSIDE,
        started: bool = True,
    ) -> None:
        self.now = NOW
        self.source = source or FakeSource()
        self.output = FixedOutput(columns, rows)
        self.viewer = Viewer(
            self.source,
            settings or Settings(zone="utc"),
            input=DummyInput(),
            output=self.output,
            outside=outside,
            clock=lambda: self.now,
        )
        self.viewer.app.timeoutlen = None  # type: ignore[assignment]
        self.viewer.app.loop = LOOP
        self.model = self.viewer.model
        self.draw()
        if started:
            self.viewer.open()
            self.draw()

    def draw(self) -> None:
        with set_app(self.viewer.app):
            self.viewer.app.render_counter += 1
            self.viewer.app.renderer.render(self.viewer.app, self.viewer.app.layout)

    def keys(self, *pressed: str) -> None:
        """Presses keys, spelled as in the key table; other texts are typed letter by letter."""
        app = self.viewer.app
        for one in pressed:
            parser = Vt100Parser(app.key_processor.feed)
            with set_app(app):
                parser.feed(SEQUENCES.get(one, one))
                parser.flush()
                app.key_processor.process_keys()
                if app.key_processor.key_buffer:
                    app.key_processor.feed(_Flush)
                    app.key_processor.process_keys()
            self.settle()

    def settle(self) -> None:
        """Lets what runs beside the screen, such as completion, come to its end."""
        self.draw()
        with set_app(self.viewer.app):
            for _ in range(4):
                LOOP.run_until_complete(asyncio.sleep(0))
        self.draw()

    def deliver(self, *arrivals: Arrival) -> None:
        for arrival in arrivals:
            self.viewer.deliver(arrival)
        self.draw()

    def arrive(self, records: Iterable[Record]) -> None:
        """New records in the sink, which the stream delivers where they match."""
        made = list(records)
        self.source.records += made
        matches = self.model.query.asked.matches
        self.deliver(Arrived([record for record in made if matches(record)]))

    def resize(self, columns: int, rows: int) -> None:
        self.output.size = Size(rows=rows, columns=columns)
        self.draw()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.viewer.tick()
        self.draw()

    def lines(self) -> list[str]:
        """The characters of every row, without the spaces at its end."""
        return ["".join(text for text, _ in row).rstrip() for row in self.styled()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines())

    def row(self, wanted: str) -> int:
        """The number of the first row that holds this text; -1 for none."""
        return next((n for n, line in enumerate(self.lines()) if wanted in line), -1)

    def styled(self) -> list[list[Styled]]:
        """Every row in runs of one style."""
        renderer = self.viewer.app.renderer
        assert isinstance(renderer, RowRenderer)
        made: list[list[Styled]] = []
        for cells in renderer.drawn:
            row: list[Styled] = []
            for cell in cells:
                style = " ".join(cell.style.split())
                if row and row[-1].style == style:
                    row[-1] = Styled(row[-1].text + cell.char, style)
                else:
                    row.append(Styled(cell.char, style))
            made.append(row)
        return made
