"""What is written to the terminal beside text: frames, links, title, mouse, and the way back."""

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final, TextIO

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Attrs

from ttview import sanitise
from ttview.links import LinkAttrs, LinkPool, LinkStyle

BEGIN_FRAME: Final = "\x1b[?2026h"
END_FRAME: Final = "\x1b[?2026l"
"""DEC mode 2026: the terminal draws what lies between in one go, so nothing flickers."""

CLOSE_LINK: Final = "\x1b]8;;\x1b\\"
RESET: Final = "\x1b[0m"
PUSH_TITLE: Final = "\x1b[22;2t"
POP_TITLE: Final = "\x1b[23;2t"

RESTORE: Final = (
    "\x1b\\"  # ends a string that was cut in the middle; else nothing
    + END_FRAME
    + CLOSE_LINK
    + RESET
    + "\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?7h\x1b[0 q\x1b[?25h"
)
"""Undoes all the viewer may have switched on, in any order, whatever was on."""

FATAL_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in (
        *("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM"),
        *("SIGPROF", "SIGXCPU", "SIGPOLL", "SIGPWR", "SIGSTKFLT", "SIGABRT"),
    )
    if hasattr(signal, name)
)
"""What would end the process with the terminal as it is."""

_NO_TITLE: Final = ("linux", "eterm", "dumb")


class Terminal(Vt100_Output):
    """prompt_toolkit's output with synchronized frames, OSC 8 links and a title that is given back.

    `pool` None writes no OSC 8. The mouse, when on, reports buttons and the wheel (1000, 1006)
    and not every motion.
    """

    def __init__(
        self,
        stdout: TextIO,
        get_size: Callable[[], Size],
        *,
        term: str = "",
        pool: LinkPool | None = None,
        color_depth: ColorDepth | None = None,
    ) -> None:
        super().__init__(
            stdout, get_size, term=term, default_color_depth=color_depth, enable_cpr=False
        )
        self._pool = pool
        self._open_slot: int | None = None
        self._titled = not term.startswith(_NO_TITLE)
        self._title = ""
        self.full_screen = False

    # Frames

    def flush(self) -> None:
        """Writes what was drawn since the last flush as one frame; nothing for an idle one."""
        written = [part for part in self._buffer if part]
        self._buffer = []
        if all(part == RESET for part in written):
            return
        self._buffer = [BEGIN_FRAME, *written, END_FRAME]
        super().flush()

    # Links

    def set_attributes(self, attrs: Attrs, color_depth: ColorDepth) -> None:
        slot = attrs.slot if isinstance(attrs, LinkAttrs) else None
        if slot != self._open_slot:
            self._open(slot)
        if slot is not None:
            # The cache of escape codes is keyed by attributes: plain ones, or it grows by slot.
            attrs = Attrs(*attrs)
        super().set_attributes(attrs, color_depth)

    def reset_attributes(self) -> None:
        if self._open_slot is not None:
            self._open(None)
        super().reset_attributes()

    def _open(self, slot: int | None) -> None:
        url = self._pool.url(slot) if self._pool is not None and slot is not None else None
        if url:
            self.write_raw(f"\x1b]8;id=t{slot};{url}\x1b\\")
        elif self._open_slot is not None:
            self.write_raw(CLOSE_LINK)
        self._open_slot = slot if url else None

    # The window's title

    def set_title(self, title: str) -> None:
        """Writes only where it changed; the title from before is given back on leaving."""
        if title != self._title:
            self._title = title
            self._write_title()

    def _write_title(self) -> None:
        if self._titled and self.full_screen:
            self.write_raw(f"\x1b]2;{sanitise.title(self._title)}\x1b\\")

    def clear_title(self) -> None:
        """Nothing to do: leaving the screen restores the title."""

    # The alternate screen

    def enter_alternate_screen(self) -> None:
        self.full_screen = True
        if self._titled:
            self.write_raw(PUSH_TITLE)
            if self._title:
                self._write_title()
        super().enter_alternate_screen()

    def quit_alternate_screen(self) -> None:
        self.full_screen = False
        # Switched off while drawing; a shell without it writes over the end of its line.
        self.enable_autowrap()
        super().quit_alternate_screen()
        if self._titled:
            self.write_raw(POP_TITLE)

    def restoring(self) -> bytes:
        """What brings the terminal back from wherever drawing was interrupted."""
        if not self.full_screen:
            return b""
        return (RESTORE + "\x1b[?1049l" + (POP_TITLE if self._titled else "")).encode()

    # The mouse

    def enable_mouse_support(self) -> None:
        self.write_raw("\x1b[?1000h\x1b[?1006h")

    def disable_mouse_support(self) -> None:
        self.write_raw("\x1b[?1000l\x1b[?1006l")


def open_terminal(
    stdout: TextIO,
    environment: Mapping[str, str],
    *,
    pool: LinkPool | None,
    color_depth: ColorDepth | None = None,
) -> Terminal:
    """The terminal behind `stdout`, whose size is asked anew for every frame."""

    def size() -> Size:
        try:
            found = os.get_terminal_size(stdout.fileno())
        except OSError:
            return Size(rows=24, columns=80)
        return Size(rows=found.lines or 24, columns=found.columns or 80)

    return Terminal(
        stdout, size, term=environment.get("TERM", ""), pool=pool, color_depth=color_depth
    )


def install_links(app: Application[Any], pool: LinkPool) -> None:
    """Makes an application understand `[link:N]` in styles.

    Application merges styles into one of its own making, so the wrapper goes around the merged.
    """
    app.renderer.style = LinkStyle(app.renderer.style)
    app.before_render += lambda _: pool.begin_frame()


@contextmanager
def restored(terminal: Terminal, stdin_fd: int | None = None) -> Iterator[None]:
    """While open, no exception and no signal leaves the terminal in the viewer's state.

    A fatal signal restores at once, from wherever the program is, then takes its usual effect,
    so that whoever waits for the process sees what ended it.
    """
    fd = sys.stdin.fileno() if stdin_fd is None else stdin_fd
    modes = termios.tcgetattr(fd) if os.isatty(fd) else None

    def restore() -> None:
        with suppress(OSError, ValueError):
            os.write(terminal.fileno(), terminal.restoring())
        terminal.full_screen = False
        if modes is not None:
            with suppress(OSError, termios.error):
                termios.tcsetattr(fd, termios.TCSANOW, modes)

    def die(number: int, _: FrameType | None) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = {number: signal.signal(number, die) for number in FATAL_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        restore()


def install_suspend(app: Application[Any]) -> None:
    """Makes SIGTSTP, from a key or from outside, stop the group with the terminal restored.

    Called within the running application (`pre_run`); the screen is drawn anew when continued.
    """
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTSTP, lambda: app.create_background_task(_suspend())
    )


async def _suspend() -> None:
    def stop() -> None:
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)

    await run_in_terminal(stop)
