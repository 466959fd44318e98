"""A program in a pseudo-terminal, its screen read through emulators.

`Screen` is a terminal with a child in it: `press` sends keys, `until` waits for what the screen
is to show and says what it showed instead. Every byte is kept in `raw`, drawn by pyte (`text`)
and by our own emulator (`links`, `modes`, `title`, and whatever sequence nobody expects).
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyte

from support.emulator import Emulator

WAIT_SECONDS = 20.0
"""For one thing to appear; the machines that run tests are busy."""


class Screen:
    def __init__(self, pid: int, terminal: int, rows: int, columns: int) -> None:
        self.pid = pid
        self.raw = b""
        self.status: int | None = None
        self._terminal = terminal
        self._pyte = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._pyte)
        self.emulator = Emulator(rows, columns)
        self._rest = b""

    @property
    def text(self) -> str:
        """What the screen shows, a line a row, without blanks at the ends of lines."""
        return "\n".join(row.rstrip() for row in self._pyte.display)

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._pyte.resize(rows, columns)
        self.emulator.resize(rows, columns)

    def until(self, wanted: str | Callable[[], bool]) -> None:
        """Reads until the screen shows a text, or something holds."""

        def holds() -> bool:
            return wanted in self.text if isinstance(wanted, str) else wanted()

        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            left = deadline - time.monotonic()
            assert left > 0, f"waited for {wanted!r}; the screen shows:\n{self.text}"
            if not self._read(min(left, 0.2)) and self.ended and not holds():
                raise AssertionError(f"it ended ({self.status}) before {wanted!r}:\n{self.text}")

    def idle(self, seconds: float) -> bytes:
        """What is written within a time; for saying that nothing is."""
        before = len(self.raw)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)
        return self.raw[before:]

    def wait(self) -> int:
        """The exit status, negative for a signal; everything written until then is read."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.ended:
            assert time.monotonic() < deadline, f"it does not end; it shows:\n{self.text}"
            self._read(0.1)
        while self._read(0.05):
            pass
        assert self.status is not None
        return self.status

    @property
    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    @property
    def stopped(self) -> bool:
        """Whether the child was suspended since the last question."""
        pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        return bool(pid) and os.WIFSTOPPED(status)

    @property
    def cooked(self) -> bool:
        """Whether the terminal echoes and reads lines, as a shell needs it."""
        flags: int = termios.tcgetattr(self._terminal)[3]
        return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:  # the child closed its side
            return False
        if not piece:
            return False
        self.raw += piece
        # pyte does not know what CSI > and CSI = begin, nor DEC 2026.
        self._stream.feed(piece)
        whole = self._rest + piece
        text = whole.decode("utf-8", "ignore" if len(whole) < 4 else "replace")
        cut = _incomplete(whole)
        text = whole[: len(whole) - cut].decode("utf-8", "replace")
        self._rest = whole[len(whole) - cut :]
        self.emulator.feed(text)
        return True

    def close(self) -> None:
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._terminal)


def _incomplete(content: bytes) -> int:
    """How many bytes at the end begin a character that is not whole."""
    for back in range(1, min(4, len(content)) + 1):
        byte = content[-back]
        if byte & 0xC0 == 0x80:
            continue
        needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return back if needed > back else 0
    return 0


@contextmanager
def program(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    rows: int = 24,
    columns: int = 100,
    term: str = "xterm-256color",
    stdin: int | None = None,
) -> Iterator[Screen]:
    """A Python module (`["ttview", ...]`) in a terminal of its own; `stdin` replaces its input."""
    env = {**environment, "TERM": term}
    pid, terminal = pty.fork()
    if pid == 0:
        if stdin is not None:
            os.dup2(stdin, 0)
        try:
            os.execve(sys.executable, [sys.executable, "-m", *arguments], env)
        finally:
            os._exit(127)
    screen = Screen(pid, terminal, rows, columns)
    screen.resize(rows, columns)
    try:
        yield screen
    finally:
        screen.close()
