"""One run of the screen: what it reads from, the terminal it draws on, what it may do outside."""

import asyncio
import locale
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import ColorDepth

from ttview import clipboard, columns, config, keys, links, memory, opener, reopen, terminal
from ttview.app import Outside, Viewer
from ttview.client import Client
from ttview.commands import options
from ttview.commands.tail import parse_filter
from ttview.exits import CommandError, Exit
from ttview.feed import Source
from ttview.files import Files, installed
from ttview.model import Model
from ttview.settings import Settings
from ttview.style import THEMES
from ttview.terminal import Terminal
from ttview.times import TIME_FORMS
from ttview.trace import link as tracelink
from ttwire import cursor
from ttwire.engine import OpenEngine


class Opening(NamedTuple):
    """What the command line came to. `command` is the words that name the source again."""

    settings: options.Settings
    files: tuple[Path, ...] = ()
    pipe: BinaryIO | None = None
    filter_text: str = ""
    at: str | None = None
    colored: bool = True
    command: tuple[str, ...] = ()


def run(opening: Opening, open_engine: OpenEngine | None = None) -> int:
    """Returns when the person quits.

    Raises:
        CommandError: something that was asked for cannot be; the screen was not opened.
    """
    folder = config.state_folder(opening.settings.environment)
    remembered = memory.load(folder)
    starting = screen_settings(opening, remembered, sys.stdout.encoding)
    parse_filter(opening.filter_text, time.time())
    source: Source
    if opening.files or opening.pipe is not None:
        source = Files(opening.files, opening.pipe, open_engine or installed())
    else:
        source = Client(opening.settings.address)
    with ExitStack() as stack:
        keyboard = _keyboard(stack)
        pool = (
            links.LinkPool()
            if links.osc8_wanted(opening.settings.config.links, opening.settings.environment)
            else None
        )
        output = terminal.open_terminal(
            sys.stdout,
            opening.settings.environment,
            pool=pool,
            color_depth=None if opening.colored else ColorDepth.DEPTH_1_BIT,
        )
        stack.enter_context(terminal.restored(output, keyboard.fileno()))
        kept = Kept(folder, remembered, enabled=opening.settings.config.history)
        asyncio.run(_shown(source, starting, Vt100Input(keyboard), output, pool, opening, kept))
    return Exit.MATCHED


async def _shown(
    source: Source,
    starting: Settings,
    keyboard: Input,
    output: Terminal,
    pool: links.LinkPool | None,
    opening: Opening,
    kept: "Kept",
) -> None:
    environment = opening.settings.environment
    viewer = Viewer(
        source,
        starting,
        input=keyboard,
        output=output,
        outside=Outside(
            copy=partial(_copy, output, environment, opening.settings.config.clipboard),
            open_url=partial(_open_url, output, environment, opening.settings.config.clipboard),
            link=tracelink.url if opening.settings.config.links != "off" else None,
            token=pool.token if pool is not None else None,
            keep_filter=kept.keep,
            remember=kept.typed,
        ),
    )
    if pool is not None:
        terminal.install_links(viewer.app, pool)
    viewer.app.before_render += lambda _: output.set_title(window_title(viewer.model))
    viewer.app.pre_run_callables.append(partial(terminal.install_suspend, viewer.app))
    await viewer.run()


def _keyboard(stack: ExitStack) -> TextIO:
    """Standard input where that is a terminal, else the controlling terminal."""
    # None where it was closed: `ttview <&-`.
    given: TextIO | None = sys.stdin
    if given is not None and given.isatty():
        return given
    try:
        return stack.enter_context(open("/dev/tty", encoding="utf-8"))  # noqa: PTH123 - a device
    except OSError as error:
        raise CommandError(
            "there is no keyboard: standard input is no terminal, and /dev/tty cannot be opened"
        ) from error


def screen_settings(opening: Opening, remembered: memory.Memory, encoding: str) -> Settings:
    """Raises CommandError: a name in the configuration is none of the screen's."""
    chosen = opening.settings.config
    path = config.config_path(opening.settings.environment)
    if chosen.theme not in THEMES:
        near = config.nearest(chosen.theme, THEMES)
        raise CommandError(f"theme: there is no {chosen.theme!a}{near}")
    if chosen.time not in TIME_FORMS:
        near = config.nearest(chosen.time, TIME_FORMS)
        raise CommandError(f"time: there is no form {chosen.time!a}{near}")
    if opening.at is not None and cursor.parse(opening.at) is None:
        raise CommandError(f"--at: {opening.at!a} is no id of a record, such as 7f3a9c-1042")
    bindings = {key: action for action, pressed in chosen.keys.items() for key in pressed}
    known = {key.action for key in keys.ALL}
    for action in chosen.keys:
        if action not in known:
            raise CommandError(
                f"{path}: keys.{action}: no such action{config.nearest(action, known)}"
            )
    try:
        keys.bound(bindings)
        wanted = columns.parse(chosen.columns) if chosen.columns else columns.DEFAULT
    except ValueError as error:
        raise CommandError(f"{path}: {error}") from error
    unicode = "utf" in (encoding or locale.getpreferredencoding()).lower()
    return Settings(
        theme=chosen.theme,
        ascii_only=chosen.ascii or not unicode,
        time_form=chosen.time,
        columns=wanted,
        zone=chosen.zone,
        wrap=chosen.wrap,
        side=chosen.side,
        mouse=chosen.mouse,
        query=opening.filter_text,
        at=opening.at,
        saved={**chosen.filters, **remembered.kept},
        history=remembered.history,
        bindings=bindings,
        command=reopen.command(opening.command),
    )


class Kept:
    """Writes the history and the kept filters whenever one is added."""

    def __init__(self, folder: Path, remembered: memory.Memory, *, enabled: bool) -> None:
        self._folder = folder
        self._memory = remembered
        self._enabled = enabled

    def typed(self, text: str) -> None:
        if self._enabled:
            self._memory = memory.typed(self._memory, text)
            memory.save(self._folder, self._memory)

    def keep(self, name: str, text: str) -> None:
        self._memory = memory.keep(self._memory, name, text)
        memory.save(self._folder, self._memory)


def window_title(model: Model) -> str:
    """What a list of windows shows of this one."""
    state = "follow" if model.window.moving else "paused"
    return f"ttview: {model.query.text or model.source_name} [{state}]"


async def _copy(output: Terminal, environment: Mapping[str, str], mode: str, text: str) -> str:
    def write(sequence: str) -> None:
        output.write_raw(sequence)
        output.flush()

    return (await clipboard.copy(text, environment, write, mode=mode)).detail


async def _open_url(output: Terminal, environment: Mapping[str, str], mode: str, url: str) -> str:
    """Where no browser can be opened, the URL is copied and shown."""
    opened = await opener.open_url(url, environment)
    if opened.done:
        return opened.detail
    return f"{opened.detail}; {await _copy(output, environment, mode, url)}: {url}"
