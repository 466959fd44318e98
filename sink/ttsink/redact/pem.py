"""The body of a private key that was logged a line a record: each line looks like nothing."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ttwire.record import Record

MAX_KEY_LINES: Final = 200
"""Records of one job and worker that are looked at behind the first line of a key; one of 16384
bits has 210 lines of 64 characters, and other lines may stand between them."""

_BEGINS = re.compile(r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY")
_ENDS = "-----END"
# RFC 7468 section 2: up to 64 characters a line, 76 in older ones, and a shorter last line.
# Behind a prefix of the logger's only a full line is told from a word.
_LINE = re.compile(r"\s*([0-9A-Za-z+/]{2,76}={0,2})\s*|(?s:.*)\s([0-9A-Za-z+/]{64,76}={0,2})\s*")


class KeyLine(NamedTuple):
    """A line of a key: the record's place in its batch, and the bounds in its message."""

    place: int
    start: int
    end: int


def key_lines(records: Sequence[Record]) -> Iterator[KeyLine]:
    """The lines that follow the first one of a private key in the same job and worker.

    Within one batch: where the next one goes on, nothing is known of this one.
    """
    left: dict[tuple[str | None, str | None], int] = {}
    for place, record in enumerate(records):
        message = record.message
        source = record.job, record.worker
        begin = _BEGINS.search(message)
        if begin is not None:
            if message.find(_ENDS, begin.end()) < 0:
                left[source] = MAX_KEY_LINES
        elif source in left:
            left[source] -= 1
            if _ENDS in message or not left[source]:
                del left[source]
            elif line := _LINE.fullmatch(message):
                yield KeyLine(place, *line.span(line.lastindex or 1))
