"""An agent's own program, run for a check: its validator, and its pipeline on a sample."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp

STOP_SECONDS: Final = 8.0
VALIDATE_SECONDS: Final = 60.0
MAX_LOG_CHARACTERS: Final = 2000
POST_TRIES: Final = 50
POST_PAUSE_SECONDS: Final = 0.1
_COLOR: Final = re.compile(r"\x1b\[[\d;]*m")


class Ended(NamedTuple):
    status: int
    text: str


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Little of our own: a proxy or a token of the caller's must not reach the trial."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **more}


async def run(
    words: Sequence[str], folder: Path, more: Mapping[str, str], seconds: float = VALIDATE_SECONDS
) -> Ended:
    """Runs to the end. The status is -1 where it takes too long."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        env=environment(more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Ended(-1, f"did not end within {seconds:g} s")
    assert process.returncode is not None
    return Ended(process.returncode, tidy(out))


class Running(NamedTuple):
    process: asyncio.subprocess.Process
    log: Path

    def ended(self) -> bool:
        return self.process.returncode is not None

    def said(self) -> str:
        return tidy(self.log.read_bytes())


@contextlib.asynccontextmanager
async def running(
    words: Sequence[str], folder: Path, more: Mapping[str, str], stdin: bytes | None
) -> AsyncIterator[Running]:
    """A pipeline for as long as the block lasts; its standard input stays open."""
    log = folder / "agent.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=folder,
            env=environment(more),
            stdin=asyncio.subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        if stdin is not None:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(stdin)
                await process.stdin.drain()
        yield Running(process, log)
    finally:
        process.stdin.close()
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()


def tidy(out: bytes) -> str:
    """The end of a program's output, without colours."""
    text = _COLOR.sub("", out.decode("utf-8", "replace")).strip()
    return text[-MAX_LOG_CHARACTERS:]


def complaints(text: str) -> str:
    """The lines of an agent's log that warn."""
    found = [
        line for line in text.splitlines() if "error" in line.lower() or "warn" in line.lower()
    ]
    return "\n".join(found[-8:])


@contextlib.contextmanager
def variables_set(more: Mapping[str, str]) -> Iterator[None]:
    """This process's own environment with more in it: VRL's compiler reads it."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def posted(url: str, body: bytes) -> None:
    """Posts JSON to an agent that may still be starting; tries for a few seconds."""
    async with aiohttp.ClientSession() as session:
        for _ in range(POST_TRIES):
            try:
                async with session.post(
                    url, data=body, headers={"Content-Type": "application/json"}
                ) as answer:
                    await answer.read()
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(POST_PAUSE_SECONDS)
