"""Opens a link in the browser of the person at the terminal."""

import asyncio
import shlex
import shutil
import sys
from collections.abc import Mapping
from typing import Final, NamedTuple

from ttview import clipboard
from ttview.links import safe_url

OPEN_SECONDS: Final = 2.0
"""An opener that fails does so at once; one that works may stay as long as the browser."""


class Opened(NamedTuple):
    """`done` false: show and copy the URL instead, and say `detail`."""

    done: bool
    detail: str


def commands(environment: Mapping[str, str], platform: str = sys.platform) -> list[list[str]]:
    """The programs to try, each without the URL, which is its last word (or stands for `%s`).

    None over SSH: a browser would open on the other machine, where nobody sits.
    """
    if clipboard.remote(environment):
        return []
    found: list[list[str]] = []
    for entry in environment.get("BROWSER", "").split(":"):
        try:
            words = shlex.split(entry)
        except ValueError:
            continue
        if words:
            found.append(words)
    if platform == "darwin":
        found.append(["open"])
        return found
    if environment.get("WSL_DISTRO_NAME") or environment.get("WSL_INTEROP"):
        found += [["wslview"], ["explorer.exe"]]
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        found.append(["xdg-open"])
    return found


async def open_url(url: str, environment: Mapping[str, str]) -> Opened:
    """Never a shell, and only an http(s) URL of printable ASCII as a word of its own."""
    safe = safe_url(url)
    if safe is None:
        return Opened(False, "this link is no http or https URL")
    for words in commands(environment):
        if shutil.which(words[0], path=environment.get("PATH")) is None:
            continue
        with_url = [word.replace("%s", safe) for word in words]
        if with_url == words:
            with_url.append(safe)
        if await _start(with_url):
            return Opened(True, f"opened with {words[0]}")
    where = "over SSH no browser" if clipboard.remote(environment) else "no browser"
    return Opened(False, f"{where} can be opened from here")


async def _start(words: list[str]) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            status = await process.wait()
    except TimeoutError:
        return True
    # explorer.exe ends with 1 although it opened the page.
    return status == 0 or words[0] == "explorer.exe"
