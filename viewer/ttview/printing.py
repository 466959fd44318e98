"""Files and standard input as lines, where there is no terminal to draw on."""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from ttview import line
from ttview.commands.tail import parse_filter
from ttview.exits import CommandError, Exit
from ttview.files import installed
from ttwire.engine import Engine, EngineError, OpenEngine
from ttwire.filter import Filter

PAGE_RECORDS: Final = 1_000
POLL_SECONDS: Final = 0.05


def run(
    files: Sequence[Path],
    pipe: BinaryIO | None,
    text: str,
    *,
    colored: bool,
    open_engine: OpenEngine | None = None,
) -> int:
    """Prints what is in the files, and standard input until it ends."""
    keep = parse_filter(text, time.time())
    try:
        engine = (open_engine or installed())(files, pipe)
    except EngineError as error:
        raise CommandError(str(error)) from error
    try:
        return Exit.MATCHED if _print(engine, keep, pipe is not None, colored) else Exit.NONE
    finally:
        engine.close()


def _print(engine: Engine, keep: Filter, until_ended: bool, colored: bool) -> int:
    count = 0
    at: str = engine.start
    resting = threading.Event()
    while True:
        ended = engine.ended or not until_ended
        page = engine.newer(at, keep, PAGE_RECORDS, lambda: False)
        out = "".join(line.text(record, color=colored) + "\n" for record in page.records)
        sys.stdout.buffer.write(out.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
        count += len(page.records)
        at = page.newer or engine.end
        if page.newer is not None:
            continue
        if ended:
            return count
        engine.poll()
        resting.wait(POLL_SECONDS)
