"""What the terminal is like while the viewer has it, and after whatever ended it."""

import io
import os
import signal
import sys
from pathlib import Path

import pytest
from prompt_toolkit.data_structures import Size

from support.emulator import SHELL_MODES, Emulator
from support.programs import environment
from support.terminal import Screen, program
from ttview.terminal import Terminal

BUSY = """
import os, sys
from ttview import terminal
out = terminal.open_terminal(sys.stdout, os.environ, pool=None)
with terminal.restored(out):
    out.enter_alternate_screen()
    out.set_title("busy")
    out.disable_autowrap()
    out.hide_cursor()
    out.enable_mouse_support()
    out.enable_bracketed_paste()
    os.system("stty raw -echo")
    out.write_raw("ready")
    out.flush()
    {then}
"""


def opened(stdout: io.StringIO, term: str = "xterm-256color") -> Terminal:
    return Terminal(stdout, lambda: Size(rows=5, columns=20), term=term)


def is_restored(screen: Screen) -> bool:
    return (
        screen.emulator.modes == SHELL_MODES
        and screen.emulator.title == "shell"
        and screen.cooked
        and screen.emulator.unknown == []
    )


def script(tmp_path: Path, text: str) -> dict[str, str]:
    (tmp_path / "script.py").write_text(text)
    env = environment(tmp_path)
    env["PYTHONPATH"] += os.pathsep + str(tmp_path)
    return env


def test_a_crash_in_the_middle_of_drawing_leaves_a_terminal_and_a_traceback(
    tmp_path: Path,
) -> None:
    env = script(tmp_path, BUSY.format(then="raise ValueError('drawn wrong')"))
    with program(["script"], env) as screen:
        assert screen.wait() == 1
        assert is_restored(screen)
        assert "drawn wrong" in screen.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGABRT, signal.SIGUSR2])
def test_a_signal_restores_even_where_the_program_never_comes_back_to_its_loop(
    tmp_path: Path, number: signal.Signals
) -> None:
    env = script(tmp_path, BUSY.format(then="\n    while True: pass"))
    with program(["script"], env) as screen:
        screen.until("ready")
        assert not screen.cooked
        screen.send(number)

        assert screen.wait() == -number
        assert is_restored(screen)


def test_a_stop_from_outside_gives_the_terminal_back_until_it_goes_on(tmp_path: Path) -> None:
    """`kill -TSTP`, as job-control tools send it, and not the key."""
    path = tmp_path / "app.log"
    path.write_bytes(b"a line\n")
    folder = tmp_path / "tracetail-0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: tracetail\nVersion: 0\n")
    (folder / "entry_points.txt").write_text(
        "[tracetail.engine]\nembedded = ttsink.files.embedded:Engine\n"
    )
    shell = f"set -m; {sys.executable} -m ttview {path}; echo STOPPED; read x; fg; echo DONE"
    env = script(tmp_path, f"import os; os.execvp('sh', ['sh', '-c', {shell!r}])")
    with program(["script"], env) as screen:
        screen.until("a line")
        child = int(Path(f"/proc/{screen.pid}/task/{screen.pid}/children").read_text().split()[0])
        os.kill(child, signal.SIGTSTP)
        screen.until("STOPPED")
        assert is_restored(screen)

        screen.press("\r")
        screen.until(lambda: "a line" in screen.text and "1049" in screen.emulator.modes)
        screen.press("\x03")
        screen.until("DONE")
        assert screen.wait() == 0


def test_the_title_is_written_when_it_changes_and_given_back() -> None:
    stdout = io.StringIO()
    terminal = opened(stdout)
    emulator = Emulator(5, 20)

    terminal.set_title("before the screen")
    terminal.enter_alternate_screen()
    terminal.set_title("job:\x1b]0;x\x07")
    terminal.set_title("job:\x1b]0;x\x07")
    terminal.flush()
    emulator.feed(stdout.getvalue())
    assert emulator.title == "job:^[]0;x^G"
    assert stdout.getvalue().count("job:") == 1

    terminal.quit_alternate_screen()
    terminal.enter_alternate_screen()
    terminal.quit_alternate_screen()
    terminal.flush()
    emulator = Emulator(5, 20)
    emulator.feed(stdout.getvalue())
    assert (emulator.title, emulator.titles, emulator.unknown) == ("shell", [], [])


def test_a_console_without_a_title_gets_none() -> None:
    stdout = io.StringIO()
    terminal = opened(stdout, "linux")

    terminal.enter_alternate_screen()
    terminal.set_title("x")
    terminal.quit_alternate_screen()
    terminal.flush()

    assert "\x1b]" not in stdout.getvalue()
    assert "22;2t" not in stdout.getvalue()


def test_the_mouse_reports_buttons_and_the_wheel_and_no_motion() -> None:
    stdout = io.StringIO()
    terminal = opened(stdout)
    emulator = Emulator(5, 20)

    terminal.enable_mouse_support()
    terminal.flush()
    emulator.feed(stdout.getvalue())
    assert emulator.modes - SHELL_MODES == {"1000", "1006"}

    terminal.disable_mouse_support()
    terminal.flush()
    emulator.feed(stdout.getvalue())
    assert emulator.modes == SHELL_MODES


def test_nothing_is_restored_that_was_not_taken() -> None:
    terminal = opened(io.StringIO())

    assert terminal.restoring() == b""
    assert not terminal.responds_to_cpr
