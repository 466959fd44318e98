"""How fast new keys may get rows of their own."""

from collections.abc import Container
from itertools import islice


class Gate:
    """A bucket of permissions that refills with time; what it refused is counted.

    Random keys (an attack, or an id mistaken for a name) must not push real ones out.
    """

    __slots__ = ("_at", "_left", "per_second", "refused")

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self.refused = 0
        self._left = float(per_second)
        self._at = 0.0

    def refill(self, now: float) -> None:
        """At most a second's worth is saved up."""
        self._left = min(self.per_second, self._left + (now - self._at) * self.per_second)
        self._at = now

    def admitted(self, keys: list[str | None], *known: Container[str | None]) -> list[str | None]:
        """The keys of a batch, None for new ones past what may come now.

        They are sorted out before anything is kept of them, so that they cost next to nothing.
        """
        new = dict.fromkeys(keys)
        new.pop(None, None)
        for some in known:
            new = dict.fromkeys([key for key in new if key not in some])
        count = min(len(new), int(self._left))
        self._left -= count
        if count == len(new):
            return keys
        self.refused += len(new) - count
        refused = frozenset(islice(new, count, None))
        return [None if key in refused else key for key in keys]
