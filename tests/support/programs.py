"""The programs as people start them: their own process, the tree's own code."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
PATHS = os.pathsep.join([str(ROOT / "sink"), str(ROOT / "viewer")])


class Done(NamedTuple):
    status: int
    out: bytes
    err: str


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the developer's own environment but what Python needs."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "PYTHONPATH": PATHS,
        "PYTHONWARNINGS": "error",
        "LANG": "C.UTF-8",
        **more,
    }


async def run(
    program: str,
    arguments: Sequence[str],
    env: Mapping[str, str],
    *,
    stdin: bytes = b"",
    seconds: float = 30,
) -> Done:
    """Runs `ttview` or `ttsink` to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program,
        *arguments,
        env=dict(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(stdin)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Done(process.returncode, out, err.decode())
