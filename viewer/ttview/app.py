"""The full screen: wires a source, the model and a terminal together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NamedTuple

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import DynamicStyle, Style

from ttview import bars
from ttview import effects as wanted
from ttview.actions import Action, Cancelled, Do, Resized, Submitted, Tick, Typed, start, update
from ttview.completing import FilterCompleter
from ttview.effects import Effect, Where
from ttview.feed import Arrival, Source
from ttview.frame import Frame, draw
from ttview.keys import bound, pressed
from ttview.model import Model
from ttview.renderer import RowRenderer
from ttview.save import save
from ttview.screen import Canvas, CanvasControl, Click, layout
from ttview.settings import Settings
from ttview.style import RULES
from ttview.trace.link import NO_LINK
from ttwire.about import About
from ttwire.record import Record

ARRIVAL_FRAME_SECONDS: Final = 0.1
"""Arrivals redraw the screen at most this often: 10 frames a second read as movement."""

MIN_FRAME_SECONDS: Final = 0.02
"""Between any two frames; a key held down repeats every 30 ms."""

TICK_SECONDS: Final = 1.0

ESCAPE_SECONDS: Final = 0.05
"""How long a lone Esc waits to be the start of another key's sequence."""

SEQUENCE_SECONDS: Final = 0.25
"""How long `g` waits for the second key of `gx`."""

STYLES: Final = {name: Style.from_dict(rules) for name, rules in RULES.items()}


class Outside(NamedTuple):
    """What the screen can have done for it; each is None where there is no way.

    `copy` puts text on a clipboard and says which way it went; `open_url` opens a browser and
    says how that went; both take their time beside the screen. `link` gives the URL of a record's
    trace, `token` the style token that makes cells a link to a URL. `keep_filter` remembers a
    filter under a name, `remember` a query that was used.
    """

    copy: Callable[[str], Awaitable[str]] | None = None
    open_url: Callable[[str], Awaitable[str]] | None = None
    link: Callable[[Record, About | None], str | None] | None = None
    token: Callable[[str], str] | None = None
    keep_filter: Callable[[str, str], None] | None = None
    remember: Callable[[str], None] | None = None


NOTHING_OUTSIDE: Final = Outside()


class Viewer:
    """One full-screen session. `run` returns when the person quits."""

    def __init__(
        self,
        source: Source,
        settings: Settings,
        *,
        input: Input,  # noqa: A002 - prompt_toolkit's own word
        output: Output,
        outside: Outside = NOTHING_OUTSIDE,
        clock: Callable[[], float] = time.time,
        color_depth: ColorDepth | None = None,
    ) -> None:
        self._source = source
        self._outside = outside
        self._clock = clock
        self.model = Model(settings, now=clock(), source_name=source.name)
        self._bound = bound(settings.bindings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._title = ""
        self._redraw: asyncio.TimerHandle | None = None
        history = InMemoryHistory(list(settings.history))
        self.buffer = Buffer(
            completer=FilterCompleter(self.model),
            complete_while_typing=Condition(lambda: bool(self.buffer.text)),
            history=history,
            multiline=False,
            accept_handler=self._submit,
            on_text_changed=lambda buffer: self._typed(buffer.text),
        )
        self.canvas = Canvas(
            self._draw,
            CanvasControl(self._click),
            link_token=self._link_token if outside.link and outside.token else None,
            mouse=lambda: self.model.mouse,
        )
        self.app: Application[None] = Application(
            layout=layout(self.model, self.canvas, self.buffer),
            key_bindings=self._key_bindings(),
            style=DynamicStyle(lambda: STYLES[self.model.theme]),
            include_default_pygments_style=False,
            full_screen=True,
            mouse_support=Condition(lambda: self.model.mouse),
            color_depth=color_depth,
            input=input,
            output=output,
            min_redraw_interval=MIN_FRAME_SECONDS,
            terminal_size_polling_interval=0.5,
        )
        self.app.ttimeoutlen = ESCAPE_SECONDS
        self.app.timeoutlen = SEQUENCE_SECONDS
        self.app.renderer = RowRenderer(
            self.app.renderer.style,
            output,
            full_screen=True,
            mouse_support=Condition(lambda: self.model.mouse),
        )

    # -- running ---------------------------------------------------------------------------

    async def run(self) -> None:
        """Draws the first frame, then starts the source."""
        self._loop = asyncio.get_running_loop()
        try:
            await self.app.run_async(pre_run=self._begin)
        finally:
            if self._redraw is not None:
                self._redraw.cancel()
            await self._source.aclose()

    def _begin(self) -> None:
        self._background(self._tick())
        self._background(self._start())

    async def _start(self) -> None:
        await asyncio.sleep(0)  # the first frame comes before the network
        self.open()

    def open(self) -> None:
        """Starts the source and asks it for the first records."""
        self._source.start(self.deliver)
        for effect in start(self.model):
            self._perform(effect)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        self.act(Tick(self._clock()))

    def deliver(self, arrival: Arrival) -> None:
        """What the source calls; redraws soon, not at once."""
        self.model.now = self._clock()
        for effect in update(self.model, arrival):
            self._perform(effect)
        if self._redraw is None and self._loop is not None:
            self._redraw = self._loop.call_later(ARRIVAL_FRAME_SECONDS, self._draw_arrivals)

    def _draw_arrivals(self) -> None:
        self._redraw = None
        self.app.invalidate()

    def act(self, action: Action) -> None:
        """Changes the model and does what follows from it."""
        for effect in update(self.model, action):
            self._perform(effect)
        self.app.invalidate()

    # -- drawing ---------------------------------------------------------------------------

    def _draw(self, width: int, height: int) -> Frame:
        model = self.model
        if (width, height) != (model.width, model.height):
            for effect in update(model, Resized(width, height)):
                self._perform(effect)
        title = bars.title(model)
        if title != self._title:
            self._title = title
            self.app.output.set_title(title)
        return draw(model, self._bound)

    def _link_token(self, record: Record) -> str:
        outside = self._outside
        if outside.link is None or outside.token is None or self.model.share:
            return ""
        url = outside.link(record, self.model.about)
        return outside.token(url) if url else ""

    # -- keys ------------------------------------------------------------------------------

    def _key_bindings(self) -> KeyBindings:
        model = self.model
        bindings = KeyBindings()
        prompting = Condition(lambda: model.prompt is not None)

        def add(spelling: str, action: str, where: tuple[Where, ...]) -> None:
            here = Condition(lambda: model.focus in where)

            def handle(_: KeyPressEvent) -> None:
                self.act(Do(action))

            keys = pressed(spelling)
            bindings.add(*keys, filter=here & ~prompting, eager=keys == ("escape",))(handle)

        for key in self._bound:
            for spelling in key.keys:
                add(spelling, key.action, key.where)

        @bindings.add("escape", filter=prompting)
        @bindings.add("c-c", filter=prompting)
        @bindings.add("c-g", filter=prompting)
        def _(_: KeyPressEvent) -> None:
            self._keep_typed()
            self.act(Cancelled())
            self.app.layout.focus(self.canvas)

        return bindings

    def _keep_typed(self) -> None:
        """A filter left with Esc is one Up away."""
        prompt = self.model.prompt
        if prompt is not None and prompt.kind == "filter" and self.buffer.text.strip():
            self.buffer.append_to_history()

    def _typed(self, text: str) -> None:
        if self.model.prompt is not None:
            self.act(Typed(text))

    def _submit(self, buffer: Buffer) -> bool:
        """True keeps the text: it was refused."""
        text = buffer.text
        is_filter = self.model.prompt is not None and self.model.prompt.kind == "filter"
        self.act(Submitted(text))
        if self.model.prompt is not None:
            return True
        self.app.layout.focus(self.canvas)
        if is_filter and text.strip() and self._outside.remember is not None:
            self._outside.remember(text)
        return False

    def _click(self, click: Click) -> None:
        model = self.model
        if model.prompt is not None:
            return
        if click.wheel:
            prefix = "wheel" if model.focus in {"log", "pane"} else model.focus
            self.act(Do(f"{prefix}_{'down' if click.wheel > 0 else 'up'}"))
        elif click.at is not None and model.focus != "help" and model.pane is None:
            row = click.at.y - 1 - model.areas.strip - model.areas.heading
            lines = model.window.lines()
            if click.at.x >= model.areas.side and 0 <= row < len(lines):
                line = lines[row]
                if line is not None:
                    model.focus = "log"
                    model.window.go(model.window.held.at_or_after(line.item.key))
                    self.tick()

    # -- effects ---------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        match effect:
            case wanted.Follow(request):
                self._source.follow(request)
            case wanted.Ask(request):
                self._source.page(request)
            case wanted.AskTrace(trace_id):
                self._source.trace(trace_id)
            case wanted.Refresh():
                self._source.refresh()
            case wanted.Retry():
                self._source.retry()
            case wanted.Copy(text, what):
                self._say(f"{what}:", self._outside.copy, text)
            case wanted.Open(_, record):
                self._open(record)
            case wanted.Save(path, records):
                self._background(self._save(path, records))
            case wanted.KeepFilter(name, text):
                if self._outside.keep_filter is not None:
                    self._outside.keep_filter(name, text)
            case wanted.Edit(text):
                self.buffer.reset(Document(text))
                self.app.layout.focus(self.buffer)
            case wanted.Mouse(_):
                pass  # the renderer asks the model
            case wanted.Suspend():
                self.app.suspend_to_background()
            case wanted.Quit():
                if self.app.is_running:
                    self.app.exit()

    def _say(self, told: str, way: Callable[[str], Awaitable[str]] | None, text: str) -> None:
        if way is None:
            self.model.say("there is no way to do this here", is_error=True)
        else:
            self._background(self._done(told, way(text)))

    async def _done(self, told: str, work: Awaitable[str]) -> None:
        self.model.say(f"{told} {await work}".strip())
        self.app.invalidate()

    def _open(self, record: Record) -> None:
        link = self._outside.link
        url = link(record, self.model.about) if link is not None else None
        if url is None:
            self.model.say(NO_LINK)
        else:
            self._say("trace:", self._outside.open_url, url)

    async def _save(self, path: str, records: tuple[Record, ...]) -> None:
        saved = await asyncio.to_thread(save, Path(path), records)
        self.model.say(saved.detail, is_error=saved.path is None)
        self.app.invalidate()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        """The application keeps the task, and cancels it when it ends."""
        _ = self.app.create_background_task(work)
