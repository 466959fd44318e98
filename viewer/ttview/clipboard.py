"""Puts text on the clipboard of the person at the terminal, and says which way it went."""

import asyncio
import shutil
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from ttview import sanitise

MAX_OSC52_BYTES: Final = 74_994
"""Of base64: what xterm and hterm take at most; more is dropped by them without a word."""

TOOL_SECONDS: Final = 3.0
"""A clipboard tool that takes longer waits for a display that is not there."""


class Tool(NamedTuple):
    """A program that reads the text on standard input."""

    command: tuple[str, ...]
    encoding: str = "utf-8"


class Copied(NamedTuple):
    """`way` is the tool's name, or `terminal` for OSC 52; empty where nothing was copied."""

    way: str
    detail: str


def remote(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is on another machine than this program."""
    return any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))


def tools(environment: Mapping[str, str], platform: str = sys.platform) -> list[Tool]:
    """The local tools that could work, best first; none where the person sits elsewhere."""
    if remote(environment):
        return []
    if platform == "darwin":
        return [Tool(("pbcopy",))]
    found: list[Tool] = []
    if environment.get("WAYLAND_DISPLAY"):
        found.append(Tool(("wl-copy", "--type", "text/plain;charset=utf-8")))
    if environment.get("DISPLAY"):
        found.append(Tool(("xclip", "-selection", "clipboard", "-in")))
        found.append(Tool(("xsel", "--clipboard", "--input")))
    if environment.get("WSL_DISTRO_NAME") or environment.get("WSL_INTEROP"):
        found.append(Tool(("clip.exe",), "utf-16-le"))
    return found


def osc52(text: str, environment: Mapping[str, str]) -> str | None:
    """The sequence that asks the terminal to copy, or None where the text is too long for it.

    GNU screen passes it on only inside a DCS; tmux takes it as it is (`set-clipboard on`).
    """
    encoded = b64encode(text.encode("utf-8", "replace")).decode()
    if len(encoded) > MAX_OSC52_BYTES:
        return None
    sequence = f"\x1b]52;c;{encoded}\x07"
    if environment.get("TERM", "").startswith("screen") and not environment.get("TMUX"):
        # screen takes at most 768 bytes in one DCS.
        pieces = [sequence[at : at + 700] for at in range(0, len(sequence), 700)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


async def copy(
    text: str,
    environment: Mapping[str, str],
    write: Callable[[str], None],
    *,
    mode: str = "auto",
) -> Copied:
    """Copies `text`, made safe to paste. `write` sends a sequence to the terminal.

    `mode` is `auto` (a local tool, else OSC 52), `osc52` or `off`.
    """
    safe = sanitise.copied(text)
    if mode == "off":
        return Copied("", "copying is switched off in the configuration (clipboard)")
    if mode == "auto":
        for tool in tools(environment):
            if shutil.which(tool.command[0], path=environment.get("PATH")) and await _run(
                tool, safe
            ):
                return Copied(tool.command[0], f"copied with {tool.command[0]}")
    sequence = osc52(safe, environment)
    if sequence is None:
        return Copied("", f"too long to copy through the terminal: {len(safe)} characters; save it")
    write(sequence)
    return Copied("terminal", "copied through the terminal (OSC 52)")


async def _run(tool: Tool, text: str) -> bool:
    """Output goes nowhere: tools that stay to serve the selection would hold a pipe open."""
    try:
        process = await asyncio.create_subprocess_exec(
            *tool.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(TOOL_SECONDS):
            await process.communicate(text.encode(tool.encoding, "replace"))
    except (TimeoutError, OSError):
        process.kill()
        await process.wait()
        return False
    return process.returncode == 0
