"""What the text of a message tells, where no field did."""

import re
from typing import Final, NamedTuple

from ttsink import severity

MAX_HEAD_CHARS: Final = 512
"""What a logger writes in front of a message ends before this."""


class Told(NamedTuple):
    level: str | None = None


_KLOG: Final = re.compile(r"([IWEF])\d{4} ", re.ASCII)
_WORD: Final = re.compile(
    r"\[?\b(trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal|emerg)\b[\]: ]",
    re.ASCII | re.IGNORECASE,
)


def read(message: str) -> Told:
    head = message[:MAX_HEAD_CHARS]
    found = _KLOG.match(head) or _WORD.match(head)
    return Told(severity.level(found[1])[0]) if found is not None else Told()
