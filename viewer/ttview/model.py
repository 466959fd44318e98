"""All state of the screen. It changes in `actions.update` and nowhere else."""

from collections import deque
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from ttview import columns, glyphs, times
from ttview.areas import Areas, arrange
from ttview.effects import Effect, Where
from ttview.entry import Entry, Epochs
from ttview.feed import Arrival, Connection
from ttview.halving import Halving
from ttview.meter import Loss, Meter
from ttview.peek import Peek
from ttview.rows import Look, Row, Rows
from ttview.settings import Settings
from ttview.side import Side
from ttview.strip import Strip
from ttview.view import Query, View, ready
from ttview.window import Window
from ttwire.about import About
from ttwire.account import Ledger
from ttwire.record import Record

PromptKind = Literal["filter", "highlight", "command", "side", "goto", "save", "span"]

MAX_VIEWS: Final = 32
"""Views to go back through; older ones are forgotten."""

VIEWS_HELD: Final = 3
"""Views left behind that keep their records, so that going back shows them at once."""

MAX_MARKS: Final = 5
"""Highlight terms; as many as there are colours that can be told apart."""

MEASURED_RECORDS: Final = 100
"""Of one arrival; enough to tell how wide a column has to be."""

NOTICE_SECONDS: Final = 6.0
"""How long a message stays on the screen."""


class Prompt(NamedTuple):
    """The line being typed. `error_column` counts from 1 and points into the text."""

    kind: PromptKind
    label: str
    error: str = ""
    error_column: int | None = None


class Notice(NamedTuple):
    text: str
    until: float
    is_error: bool = False


class Pane(Protocol):
    """A view of its own in place of the log, such as a trace.

    `act` gets the names of the keys' actions first and says None to those it does not know.
    `where` of the key table is "pane" for its keys.
    """

    title: str

    def rows(self, width: int, height: int, model: "Model") -> list[Row]: ...

    def act(self, name: str, model: "Model") -> list[Effect] | None: ...

    def tick(self, now: float) -> list[Effect]:
        """The clock moved; what to ask for anew."""
        ...

    def take(self, arrival: Arrival, model: "Model") -> list[Effect]:
        """An answer that may be for this pane; it looks at it and leaves others alone."""
        ...


class Left(NamedTuple):
    """A view to come back to. `window` is None where its records were let go."""

    view: View
    window: Window | None
    place: str | None
    pane: Pane | None = None


class Model:
    """`now` is epoch seconds and moves with `Tick`. `settle` follows every change."""

    def __init__(self, settings: Settings, *, now: float, source_name: str = "") -> None:
        self.settings = settings
        self.now = now
        self.source_name = source_name
        self.width, self.height = 80, 24
        # The log
        self.view = View(query=settings.query)
        self.query: Query = ready(self.view, now=now)
        self.epochs = Epochs()
        self.window = Window(self.epochs, settings.limits)
        self.back: list[Left] = []
        self.forward: list[Left] = []
        self.waiting: deque[tuple[float, Sequence[Record]]] = deque()
        self.paging = False
        self.filling = False
        self.seeking = settings.at
        self.halving: Halving | None = None
        self.gap_records = 0
        # How it looks
        self.glyphs = glyphs.ASCII if settings.ascii_only else glyphs.UNICODE
        self.theme = settings.theme
        self.columns = settings.columns
        self.seen: dict[str, int] = {}
        self.time_form = settings.time_form
        self.zone = settings.zone
        self.wrap = settings.wrap
        self.share = settings.share
        self.mouse = settings.mouse
        self.offset = 0
        self.marks: tuple[str, ...] = ()
        # What stands beside it
        self.focus: Where = "log"
        self.full = False
        self.side = Side(shown=settings.side)
        self.strip = Strip()
        self.peek: Peek | None = None
        self.pane: Pane | None = None
        self.help_top = 0
        self.help_of: Where = "log"
        self.prompt: Prompt | None = None
        self.notice: Notice | None = None
        self.saved = dict(settings.saved)
        # What the source told
        self.connection = Connection("connecting")
        self.connection_since = now
        self.ledger: Ledger | None = None
        self.losses: tuple[Loss, ...] = ()
        self.about: About | None = None
        self.meter = Meter()
        self.areas: Areas = arrange(80, 24, side=False, in_side=False, peek=False, full=False)
        self.rows = Rows(self.look())
        self.settle()

    def look(self) -> Look:
        """What rows depend on, as it is now."""
        narrow = self.areas.log < 100
        time_cells = times.WIDTHS[self.time_form]
        if narrow and self.time_form == "absolute":
            time_cells = 8
        return Look(
            width=self.areas.log,
            fitted=columns.fit(self.columns, self.areas.log - 2, self.seen, time_cells),
            glyphs=self.glyphs,
            time_form=self.time_form,
            zone=times.zone(self.zone),
            wrap=self.wrap,
            offset=0 if self.wrap else self.offset,
            share=self.share,
            marks=self.marks,
            hits=None if self.query.kept.keeps_everything else self.query.kept.highlight.spans,
            matches=None if self.view.mode == "matches" else self.query.kept.matches,
        )

    def settle(self) -> None:
        """Brings areas, rows and window in line with the rest of the state."""
        self.areas = arrange(
            self.width,
            self.height,
            side=self.side.shown and self.pane is None,
            in_side=self.focus == "side",
            strip=self.strip.shown and self.pane is None,
            peek=self.peek is not None,
            full=self.full,
        )
        self.rows.set_look(self.look())
        self.window.tall = self.rows.tall
        if self.window.height != self.areas.body:
            self.window.resize(self.areas.body)

    def say(self, text: str, *, is_error: bool = False) -> None:
        """A message for the person, gone after a while."""
        self.notice = Notice(text, self.now + NOTICE_SECONDS, is_error)

    def saw(self, records: Sequence[Record]) -> None:
        """Lets columns grow to what was seen."""
        seen = self.seen
        records = records[-MEASURED_RECORDS:]
        for column in self.columns:
            if column.width or column.name in {"time", "message", "level", "trace", "span"}:
                continue
            from_records = (_size(record, column.name) for record in records)
            widest = max(from_records, default=0)
            if widest > seen.get(column.name, 0):
                seen[column.name] = widest

    def is_hit(self, record: Record) -> bool:
        """Whether `n` stops here: a highlight term, or else what the filter keeps."""
        if self.marks:
            message = record.message.lower()
            return any(mark in message for mark in self.marks)
        return self.query.kept.matches(record)

    def hidden(self) -> int | None:
        """Records between the oldest and newest held that the filter left out."""
        if self.query.asked.keeps_everything:
            return 0
        items = self.window.held.items
        first, last = items[0] if items else None, items[-1] if items else None
        if not isinstance(first, Entry) or not isinstance(last, Entry):
            return None
        if first.place[0] != last.place[0] or self.window.held.order != "arrival":
            return None
        return max(last.place[1] - first.place[1] + 1 - self.window.held.records, 0)


def _size(record: Record, name: str) -> int:
    if name.startswith("@"):
        value = record.fields.get(name[1:])
        return 0 if value is None else len(str(value)[:40])
    value = getattr(record, name, None)
    return 0 if value is None else len(str(value)[:40])
