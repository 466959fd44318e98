"""How fast new keys may get rows of their own."""


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

    def let_in(self, keys: int) -> int:
        """How many of so many new keys may come now; the others are refused."""
        count = min(keys, int(self._left))
        self._left -= count
        self.refused += keys - count
        return count
