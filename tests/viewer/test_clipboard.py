"""Copying and opening: which way is taken where, with programs of the tests' own."""

import base64
import stat
from pathlib import Path

import pytest

from ttview import clipboard, opener

WRITTEN: list[str] = []


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("environment", "platform", "names"),
    [
        ({}, "darwin", ["pbcopy"]),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"]),
        ({"DISPLAY": ":0"}, "linux", ["xclip", "xsel"]),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ["clip.exe"]),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "a b"}, "linux", []),
        ({}, "linux", []),
    ],
)
def test_the_tool_fits_the_desk_and_over_ssh_there_is_none(
    environment: dict[str, str], platform: str, names: list[str]
) -> None:
    assert [tool.command[0] for tool in clipboard.tools(environment, platform)] == names


async def test_a_local_tool_gets_the_text_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "xclip", f"/bin/cat > {tmp_path}/copied")
    monkeypatch.setenv("PATH", str(tmp_path))

    done = await clipboard.copy(
        "a\tb\n\x1b[31m\u202e", {"DISPLAY": ":0", "PATH": str(tmp_path)}, lambda _: None
    )

    assert done.way == "xclip"
    assert (tmp_path / "copied").read_text() == "a\tb\n^[[31m<U+202E>"


async def test_where_the_tool_fails_the_terminal_is_asked_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "xclip", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    written: list[str] = []

    done = await clipboard.copy("text", {"DISPLAY": ":0", "PATH": str(tmp_path)}, written.append)

    assert done.way == "terminal"
    assert written == [f"\x1b]52;c;{base64.b64encode(b'text').decode()}\x07"]


async def test_text_too_long_for_a_terminal_is_not_half_copied() -> None:
    written: list[str] = []

    done = await clipboard.copy("x" * 60_000, {}, written.append, mode="osc52")

    assert (done.way, written) == ("", [])
    assert "60000" in done.detail


def test_gnu_screen_gets_it_in_pieces_it_passes_on() -> None:
    sequence = clipboard.osc52("x" * 3000, {"TERM": "screen.xterm-256color"})

    assert sequence is not None
    pieces = sequence.split("\x1b\\")[:-1]
    assert all(piece.startswith("\x1bP") and len(piece) < 768 for piece in pieces)
    joined = "".join(piece.removeprefix("\x1bP") for piece in pieces)
    assert joined == clipboard.osc52("x" * 3000, {})


@pytest.mark.parametrize(
    ("environment", "platform", "commands"),
    [
        ({}, "darwin", [["open"]]),
        ({"DISPLAY": ":0"}, "linux", [["xdg-open"]]),
        (
            {"BROWSER": "firefox -P x:w3m %s", "DISPLAY": ":0"},
            "linux",
            [["firefox", "-P", "x"], ["w3m", "%s"], ["xdg-open"]],
        ),
        ({"WSL_INTEROP": "/run/x"}, "linux", [["wslview"], ["explorer.exe"]]),
        ({"SSH_TTY": "/dev/pts/1", "BROWSER": "firefox"}, "linux", []),
        ({"BROWSER": "bad 'quote"}, "linux", []),
    ],
)
def test_the_browser_opens_where_the_person_sits_or_nowhere(
    environment: dict[str, str], platform: str, commands: list[list[str]]
) -> None:
    assert opener.commands(environment, platform) == commands


async def test_the_url_is_one_word_and_never_goes_through_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "browser", f'printf "%s|" "$@" > {tmp_path}/opened')
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    environment = {"BROWSER": "browser --new %s", "PATH": str(tmp_path)}

    done = await opener.open_url("https://j.example/t?a=$(id)&b=`x`; rm", environment)

    assert done.done
    opened = (tmp_path / "opened").read_text()
    assert opened == "--new|https://j.example/t?a=$(id)&b=%60x%60;%20rm|"


async def test_what_cannot_be_opened_says_why_so_that_it_can_be_copied() -> None:
    over_ssh = await opener.open_url("https://j.example/", {"SSH_TTY": "x"})
    no_url = await opener.open_url("javascript:alert(1)", {"DISPLAY": ":0"})

    assert over_ssh == opener.Opened(False, "over SSH no browser can be opened from here")
    assert not no_url.done
