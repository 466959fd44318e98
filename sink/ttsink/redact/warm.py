"""Text for the scan to learn before the first batch comes.

RE2 makes the states of a pattern as text asks for them, and does that on the first megabytes it
is given: the first thousand records took eight times as long as later ones. Made-up lines of
the kinds that logs hold ask for most of them.
"""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from ttsink.redact.redaction import Redactor
from ttwire.record import Record

BATCHES: Final = 25
RECORDS: Final = 100
"""Of a batch; all of them together are half a megabyte, and less than half a second's work."""

_LETTERS: Final = "etaoinshrdlcumwfgypbvkjxqz"
_WEIGHTS: Final = tuple(range(len(_LETTERS), 0, -1))


def _words(some: random.Random, count: int) -> str:
    letters = "".join(some.choices(_LETTERS, _WEIGHTS, k=6 * count))
    ends = [0, *sorted(some.sample(range(1, len(letters)), count - 1)), len(letters)]
    return " ".join(letters[a:b] for a, b in pairwise(ends))


def lines(seed: int) -> Iterator[str]:
    """Lines of words, ids, times, URLs, JSON within JSON, and noise; the same for a seed."""
    some = random.Random(seed)  # noqa: S311  text to learn from, no secret
    for _ in range(RECORDS // 5):
        text = _words(some, 20)
        word = text.partition(" ")[0]
        number = some.getrandbits(64)
        yield f"{text} id={number:016x} took {some.random() * 1000:.3f}ms at 10.0.{number % 99}.1"
        yield f"2026-01-02T03:04:05.{number % 10**6:06d}Z INFO [{word}] {number} {text.title()}"
        yield f"GET /api/v1/{word}/{number}?page={number % 99}&q={word}%20%2F HTTP/1.1 200 {text}"
        yield f'{{"a":"{text}","n":{number},"b":{{"c":"{{\\"d\\":\\"{word}\\"}}"}}}}'
        yield "".join(map(chr, some.choices(range(32, 127), k=300)))


def warm_up(redactor: Redactor) -> None:
    """Scans the text and forgets it; under half a second, shared with other threads."""
    for seed in range(BATCHES):
        redactor.suspects(
            [
                Record(timestamp="", received="", message=line, fields={"text": line[:80]})
                for line in lines(seed)
            ]
        )
