"""The sink's own log, on standard error: JSON lines for machines, text on a terminal.

Never a record's content: what goes in is names, counts, addresses and reasons. A fault of our
own is logged by its type and place, since a traceback's last line may quote what it was given.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Final

import msgspec

LOGGER: Final = logging.getLogger("ttsink")

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One object a line: time, level, event, and the `extra` members."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {"time": stamp(record.created), "level": record.levelname.lower()}
        line |= {"event": record.getMessage(), "logger": record.name} | extra(record)
        return msgspec.json.encode(line, enc_hook=str).decode()


class Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        members = "".join(f" {key}={value}" for key, value in extra(record).items())
        clock = stamp(record.created)[11:19]
        return f"{clock} {record.levelname.lower()} {record.getMessage()}{members}"


def extra(record: logging.LogRecord) -> dict[str, object]:
    members = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    if record.exc_info and record.exc_info[1] is not None:
        members["fault"] = fault(record.exc_info[1])
    return members


def stamp(seconds: float) -> str:
    micros = int(seconds * 1_000_000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(micros // 1_000_000))
    return f"{whole}.{micros % 1_000_000:06d}Z"


def fault(error: BaseException) -> str:
    """The type of an error and the innermost place it passed, without its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


SELDOM_SECONDS: Final = 60.0
"""Between two lines of one cause that strangers bring about: each costs disk."""


class Seldom:
    """Which causes may be logged now. A cause is a word of ours, so there are few."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, tuple[float, int]] = {}

    def due(self, cause: str) -> int:
        """Counts a cause: 0 where it was logged just now, else how often it came since."""
        now = self._clock()
        last, times = self._held.get(cause, (float("-inf"), 0))
        if now - last < SELDOM_SECONDS:
            self._held[cause] = (last, times + 1)
            return 0
        self._held[cause] = (now, 0)
        return times + 1


class SeldomForeign(logging.Filter):
    """Lines of libraries, once a minute for each place: strangers can cause some of them."""

    def __init__(self) -> None:
        super().__init__()
        self._seldom = Seldom()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == LOGGER.name or record.name.startswith(f"{LOGGER.name}."):
            return True
        return self._seldom.due(f"{record.pathname}:{record.lineno}") > 0


def loop_fault(_loop: object, context: dict[str, Any]) -> None:
    """Handles what asyncio found nobody to tell of; its own way quotes arguments and errors."""
    LOGGER.error("a fault outside of any request", exc_info=context.get("exception"))


def set_up(log_format: str = "auto") -> None:
    handler = logging.StreamHandler(sys.stderr)
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler.setFormatter(Text() if as_text else JsonLines())
    handler.addFilter(SeldomForeign())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(logging.INFO)
