"""The names of a request's parameters: one that means nothing is told, not passed over."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from ttsink.config import nearest
from ttsink.intake.admission import Refused

SHOWN_CHARACTERS: Final = 32
"""Of a name that is not known."""


def only(query: Mapping[str, str], known: Iterable[str]) -> None:
    """Passes where every name is known and given once.

    A misspelt `filter` would otherwise answer with every record there is, as if it had been
    applied. Routes that agents and probes ask do not come here: they take any query.

    Raises:
        Refused: 400 with the name and the nearest right one.
    """
    names = tuple(known)
    for name, count in Counter(name for name, _ in query.items()).items():
        if name not in names:
            known_here = f"known are {', '.join(names)}" if names else "none is known here"
            raise Refused(
                400,
                "unknown_parameter",
                f"unknown parameter {name[:SHOWN_CHARACTERS]!r}{nearest(name, names)}; "
                f"{known_here}",
            )
        if count > 1:
            raise Refused(400, name, f"{name}: expected once, found {count} times")
