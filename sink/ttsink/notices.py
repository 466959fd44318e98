"""Mistakes a person should know of, once per cause: what `GET /api/info` shows."""

from typing import Final

from ttwire.about import Notice

MAX_NOTICES: Final = 32
"""Causes kept; the oldest goes first. Strangers can cause some, so there is a bound."""


class Notices:
    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Notice] = {}

    def add(self, code: str, detail: str, now: str) -> bool:
        """Counts a cause; True where it is new, so that it is logged once."""
        key = (code, detail)
        known = self._held.pop(key, None)
        count, since = (known.count + 1, known.since) if known else (1, now)
        self._held[key] = Notice(code=code, detail=detail, since=since, count=count)
        while len(self._held) > MAX_NOTICES:
            del self._held[next(iter(self._held))]
        return known is None

    def all(self) -> tuple[Notice, ...]:
        return tuple(self._held.values())
