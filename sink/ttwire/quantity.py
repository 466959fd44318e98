"""Numbers with a unit: durations and sizes, in texts and in the names of fields."""

import re
from fractions import Fraction
from typing import Final, Literal, NamedTuple

Dimension = Literal["", "seconds", "bytes"]

MAX_CHARACTERS: Final = 64
"""A longer text is no number a person wrote; it also keeps int() away from long digits."""


class Quantity(NamedTuple):
    """`number` is in the base unit of its dimension: seconds or bytes; "" has no unit.

    With a unit it is a fraction, so that 4.035s and 4035ms are one number.
    """

    number: int | float | Fraction
    dimension: Dimension = ""


_UNITS: Final[dict[str, tuple[Fraction, Dimension]]] = {
    "ns": (Fraction(1, 10**9), "seconds"),
    "us": (Fraction(1, 10**6), "seconds"),
    "µs": (Fraction(1, 10**6), "seconds"),  # U+00B5, as Go prints it
    "μs": (Fraction(1, 10**6), "seconds"),  # U+03BC
    "ms": (Fraction(1, 10**3), "seconds"),
    "s": (Fraction(1), "seconds"),
    "sec": (Fraction(1), "seconds"),
    "m": (Fraction(60), "seconds"),
    "min": (Fraction(60), "seconds"),
    "h": (Fraction(3600), "seconds"),
    "d": (Fraction(86400), "seconds"),
    "w": (Fraction(604800), "seconds"),
    "B": (Fraction(1), "bytes"),
    "kB": (Fraction(10**3), "bytes"),
    "KB": (Fraction(10**3), "bytes"),
    "MB": (Fraction(10**6), "bytes"),
    "GB": (Fraction(10**9), "bytes"),
    "KiB": (Fraction(2**10), "bytes"),
    "MiB": (Fraction(2**20), "bytes"),
    "GiB": (Fraction(2**30), "bytes"),
}

_SUFFIXES: Final[dict[str, tuple[Fraction, Dimension]]] = {
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
    sign = -1 if text.startswith("-") else 1
    total, at = Fraction(0), int(sign < 0)
    dimension: Dimension = ""
    while at < len(text):
        part = _PART.match(text, at)
        unit = _UNITS.get(part[2]) if part is not None else None
        if part is None or unit is None or dimension not in {"", unit[1]}:
            return None
        total += Fraction(part[1]) * unit[0]
        dimension, at = unit[1], part.end()
    return Quantity(sign * total, dimension) if dimension else None


def unit_in_name(name: str) -> tuple[Fraction, Dimension] | None:
    """The unit a field's name ends in: `duration_ms`, `elapsed.seconds`, `latencyMs`."""
    words = _WORD.findall(name)
    if len(words) < 2:
        return None
    return _SUFFIXES.get(words[-1].lower())
