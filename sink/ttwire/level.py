"""The six levels and their order."""

from collections.abc import Iterable
from itertools import repeat
from typing import Final, Literal, get_args

Level = Literal["trace", "debug", "info", "warn", "error", "fatal"]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)

NO_LEVEL: Final = 0
"""The rank of a record that has no level."""

_RANKS: Final[dict[str | None, int]] = {
    None: NO_LEVEL,
    **{name: rank for rank, name in enumerate(LEVELS, start=1)},
}

WARN_RANK: Final = _RANKS["warn"]
ERROR_RANK: Final = _RANKS["error"]
FATAL_RANK: Final = _RANKS["fatal"]


def rank(level: str | None) -> int:
    """1 (trace) to 6 (fatal); 0 for none, and for a word that is no level."""
    return _RANKS.get(level, NO_LEVEL)


def ranks(levels: Iterable[str | None]) -> bytes:
    """The rank of each level, a byte each."""
    return bytes(map(_RANKS.get, levels, repeat(NO_LEVEL)))
