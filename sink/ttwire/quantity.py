"""Numbers with a unit: durations and sizes, in texts and in the names of fields."""

import re
from typing import Final, Literal, NamedTuple

Dimension = Literal["", "seconds", "bytes"]

MAX_CHARACTERS: Final = 64
"""A longer text is no number a person wrote; it also keeps int() away from long digits."""


class Quantity(NamedTuple):
    """`number` is in the base unit of its dimension: seconds or bytes; "" has no unit."""

    number: float
    dimension: Dimension = ""


_UNITS: Final[dict[str, tuple[float, Dimension]]] = {
    "ns": (1e-9, "seconds"),
    "us": (1e-6, "seconds"),
    "µs": (1e-6, "seconds"),  # U+00B5, as Go prints it
    "μs": (1e-6, "seconds"),  # U+03BC
    "ms": (1e-3, "seconds"),
    "s": (1, "seconds"),
    "sec": (1, "seconds"),
    "m": (60, "seconds"),
    "min": (60, "seconds"),
    "h": (3600, "seconds"),
    "d": (86400, "seconds"),
    "w": (604800, "seconds"),
    "B": (1, "bytes"),
    "kB": (10**3, "bytes"),
    "KB": (10**3, "bytes"),
    "MB": (10**6, "bytes"),
    "GB": (10**9, "bytes"),
    "KiB": (2**10, "bytes"),
    "MiB": (2**20, "bytes"),
    "GiB": (2**30, "bytes"),
}

_SUFFIXES: Final[dict[str, tuple[float, Dimension]]] = {
    "ns": _UNITS["ns"],
    "nanos": _UNITS["ns"],
    "nanoseconds": _UNITS["ns"],
    "us": _UNITS["us"],
    "micros": _UNITS["us"],
    "microseconds": _UNITS["us"],
    "ms": _UNITS["ms"],
    "millis": _UNITS["ms"],
    "milliseconds": _UNITS["ms"],
    "s": _UNITS["s"],
    "sec": _UNITS["s"],
    "secs": _UNITS["s"],
    "seconds": _UNITS["s"],
    "min": _UNITS["m"],
    "mins": _UNITS["m"],
    "minutes": _UNITS["m"],
    "hours": _UNITS["h"],
    "bytes": _UNITS["B"],
    "kb": _UNITS["kB"],
    "mb": _UNITS["MB"],
    "kib": _UNITS["KiB"],
    "mib": _UNITS["MiB"],
}

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-zµμ]+)")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def number(text: str) -> int | float | None:
    """The number a text is, whole numbers exactly; None where it is none."""
    if len(text) > MAX_CHARACTERS:
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else None


def quantity(text: str) -> Quantity | None:
    """`1500`, `1.5s`, `1h30m`, `10MB`; None where the text is none of these."""
    plain = number(text)
    if plain is not None:
        return Quantity(plain)
    if len(text) > MAX_CHARACTERS:
        return None
    sign, total, at = (-1 if text.startswith("-") else 1), 0.0, int(text.startswith("-"))
    dimension: Dimension = ""
    while at < len(text):
        part = _PART.match(text, at)
        unit = _UNITS.get(part[2]) if part is not None else None
        if part is None or unit is None or dimension not in {"", unit[1]}:
            return None
        total += float(part[1]) * unit[0]
        dimension, at = unit[1], part.end()
    return Quantity(sign * total, dimension) if dimension else None


def unit_in_name(name: str) -> tuple[float, Dimension] | None:
    """The unit a field's name ends in: `duration_ms`, `elapsed.seconds`, `latencyMs`."""
    words = _WORD.findall(name)
    if len(words) < 2:
        return None
    return _SUFFIXES.get(words[-1].lower())
