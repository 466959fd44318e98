"""When to try again. Pure: time and chance come in."""

from typing import Final, NamedTuple

FIRST_SECONDS: Final = 0.25
"""A sink that was restarted is back within a second; the first try should find it."""

CEILING_SECONDS: Final = 15.0
"""The longest a person looks at a dead screen before the next try."""

MAX_ASKED_SECONDS: Final = 300.0
"""Of a server's `Retry-After`; more is not believed."""


class Backoff(NamedTuple):
    """`failures` in a row so far; `due` is the time of the next try, on the caller's clock."""

    failures: int = 0
    due: float = 0.0


def failed(
    backoff: Backoff, now: float, jitter: float, asked_seconds: float | None = None
) -> Backoff:
    """The schedule after one more failure.

    Doubles from `FIRST_SECONDS` to `CEILING_SECONDS`; `jitter` in [0, 1) takes off up to half, so
    that viewers cut off together do not return together. What the server asked for
    (`Retry-After`, SSE `retry`) is kept to where it is longer.
    """
    whole = min(CEILING_SECONDS, FIRST_SECONDS * 2.0 ** min(backoff.failures, 16))
    wait = whole * (1.0 - jitter / 2)
    if asked_seconds is not None:
        wait = max(wait, min(max(asked_seconds, 0.0), MAX_ASKED_SECONDS))
    return Backoff(backoff.failures + 1, now + wait)


def worked() -> Backoff:
    return Backoff()
