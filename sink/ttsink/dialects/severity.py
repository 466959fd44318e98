"""How bad a record is: every scale of levels, to the six of the contract.

A scale says what a number means: 30 is a warning in Python and an info in pino. Which scale
holds is known from the field's name and the fields beside it, so it is decided per shape.
"""

import re
from typing import Any, Final, Literal, get_args

from ttwire.level import Level

Scale = Literal["text", "python", "pino", "syslog", "otel", "monolog"]
"""`text`: a word, or a number whose scale nothing beside it tells."""

Reading = tuple[Level | None, bool]
"""The level, and whether it says all that the value said (`notice` says more than `info`)."""

MAX_WORD_CHARS: Final = 32
"""No name of a level is longer."""

_NONE: Final[Reading] = (None, False)

_SAME: Final[dict[Level, str]] = {
    "trace": "trace trc",
    "debug": "debug dbg",
    "info": "info inf information informational",
    "warn": "warn wrn warning",
    "error": "error err",
    "fatal": "fatal ftl",
}
# OpenTelemetry's data model, appendix B, puts crit and alert beside error and emerg beside
# fatal; `critical` in full is Python's and .NET's word for fatal.
_NEAR: Final[dict[Level, str]] = {
    "trace": "finest verbose silly trace2 trace3 trace4 v",
    "debug": "finer fine config debug2 debug3 debug4 d",
    "info": "notice normal success info2 info3 info4 i",
    "warn": "warn2 warn3 warn4 w",
    "error": "severe crit alert dpanic error2 error3 error4 e",
    "fatal": "critical emerg emergency panic fatal2 fatal3 fatal4 f",
}
_WORDS: Final[dict[str, Reading]] = {
    word: (level, exact)
    for table, exact in ((_SAME, True), (_NEAR, False))
    for level, words in table.items()
    for word in words.split()
}
_SYSLOG: Final[tuple[Reading, ...]] = (
    ("fatal", True),
    ("error", False),
    ("error", False),
    ("error", True),
    ("warn", True),
    ("info", False),
    ("info", True),
    ("debug", True),
)
_OTEL: Final[tuple[Level, ...]] = ("trace", "debug", "info", "warn", "error", "fatal")
_PINO: Final[dict[int, Level]] = dict(zip(range(10, 70, 10), _OTEL, strict=True))
_PYTHON: Final[dict[int, Level]] = {
    5: "trace",
    10: "debug",
    20: "info",
    30: "warn",
    40: "error",
    50: "fatal",
}
_GCP: Final[dict[int, Reading]] = {
    100: ("debug", True),
    200: ("info", True),
    300: ("info", False),
    400: ("warn", True),
    500: ("error", True),
    600: ("error", False),
    700: ("error", False),
    800: ("fatal", True),
}
_MONOLOG: Final[dict[int, Reading]] = {
    100: ("debug", True),
    200: ("info", True),
    250: ("info", False),
    300: ("warn", True),
    400: ("error", True),
    500: ("error", False),
    550: ("error", False),
    600: ("fatal", True),
}
_INTEGER: Final = re.compile(r"-?\d{1,4}", re.ASCII)


def level(value: Any, scale: Scale = "text") -> Reading:
    """The level a value names on a scale; `(None, False)` for what is no level.

    Numbers in between belong to the level below them, as in every library that allows them.
    """
    if type(value) is str:
        if len(value) > MAX_WORD_CHARS:
            return _NONE
        word = value.strip().strip("[]").lower()
        if (known := _WORDS.get(word)) is not None:
            return known
        if "." in word:  # SeverityNumber's enum and loggers that put their name in front
            return _WORDS.get(word.rpartition(".")[2], _NONE)
        if word.startswith("severity_number_"):
            return _WORDS.get(word[16:], _NONE)
        return _number(int(word), scale) if _INTEGER.fullmatch(word) else _NONE
    if type(value) is int:
        return _number(value, scale)
    if type(value) is float and value.is_integer():
        return _number(int(value), scale)
    return _NONE


def _number(value: int, scale: Scale) -> Reading:
    if scale == "otel":
        return (_OTEL[(value - 1) // 4], value % 4 == 1) if 1 <= value <= 24 else _NONE
    if scale == "syslog" or (scale == "text" and 0 <= value <= 7):
        return _SYSLOG[value] if 0 <= value <= 7 else _NONE
    if scale == "python":
        return _step(value, _PYTHON, 5, 100)
    if scale == "monolog":
        return _MONOLOG.get(value, _NONE)
    if scale == "pino" or value < 100:
        return _step(value, _PINO, 10, 70)
    return _GCP.get(value, _NONE)


def _step(value: int, steps: dict[int, Level], least: int, end: int) -> Reading:
    if not least <= value < end:
        return _NONE
    below = max(step for step in steps if step <= value)
    return steps[below], below == value


def _plain(scale: Scale) -> dict[Any, Level]:
    found: dict[Any, Level] = {
        spelled: named
        for word, (named, exact) in _WORDS.items()
        if exact and named is not None
        for spelled in (word, word.upper(), word.title())
    }
    for number in range(2, 900):  # not 0 and 1: False and True are equal to them
        named, exact = _number(number, scale)
        if exact and named is not None:
            found[number] = named
    return found


PLAIN: Final[dict[Scale, dict[Any, Level]]] = {scale: _plain(scale) for scale in get_args(Scale)}
"""By scale, the values a level says all of: a column of them is one lookup a record."""
