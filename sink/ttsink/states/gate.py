"""How fast new keys may get rows of their own."""

from collections.abc import Mapping


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

    def admitted(
        self,
        keys: list[str | None],
        known: Mapping[str, object],
        waiting: Mapping[str, object],
    ) -> list[str | None]:
        """The keys of a batch, each there once, None for new ones past what may come now.

        They are sorted out before anything is kept of them, so that they cost next to nothing.
        """
        has_row = list(map(known.__contains__, keys))
        if all(has_row):
            return keys
        places = [at for at, has in enumerate(has_row) if not has and keys[at] not in waiting]
        places = [at for at in places if keys[at] is not None]
        count = min(len(places), int(self._left))
        self._left -= count
        if count == len(places):
            return keys
        self.refused += len(places) - count
        admitted = keys.copy()
        for at in places[count:]:
            admitted[at] = None
        return admitted
