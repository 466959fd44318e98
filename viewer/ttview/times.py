"""Times as people read them: absolute, since now, since the row above."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final, Literal, get_args

TimeForm = Literal["absolute", "relative", "delta", "none"]
TIME_FORMS: Final[tuple[TimeForm, ...]] = get_args(TimeForm)

WIDTHS: Final[dict[TimeForm, int]] = {"absolute": 12, "relative": 7, "delta": 8, "none": 0}
"""Cells each form takes."""

_MINUTE_CHARACTERS: Final = len("2026-01-02T03:04")


@lru_cache(maxsize=4_096)
def epoch_seconds(timestamp: str) -> float | None:
    """Seconds since 1970 of an RFC 3339 text; None where it is none."""
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return None


@lru_cache(maxsize=4_096)
def _local_minute(minute: str, zone: tzinfo | None) -> str | None:
    try:
        moment = datetime.fromisoformat(f"{minute}:00+00:00")
    except ValueError:
        return None
    return moment.astimezone(zone).strftime("%H:%M")


def clock(timestamp: str, zone: tzinfo | None) -> str:
    """`03:04:05.123` in the zone (None: the machine's own)."""
    minute = _local_minute(timestamp[:_MINUTE_CHARACTERS], zone)
    seconds = timestamp[_MINUTE_CHARACTERS : _MINUTE_CHARACTERS + 7]
    return timestamp[:12] if minute is None else f"{minute}{seconds:.7}"


def stamp(timestamp: str, zone: tzinfo | None) -> str:
    """Date, time to the microsecond and zone, for the record pane."""
    try:
        moment = datetime.fromisoformat(timestamp).astimezone(zone)
    except ValueError:
        return timestamp
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f %Z")


def age(seconds: float) -> str:
    """A span of time in at most five characters: `0.2s`, `42s`, `3m12s`, `5h07m`, `12d`."""
    if seconds < 0:
        return f"-{age(-seconds)}" if seconds <= -1 else "0s"
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    whole = int(seconds)
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3_600}h{whole % 3_600 // 60:02d}"
    return f"{whole // 86_400}d"


def coarse(seconds: float) -> str:
    """As `age`, in steps that let an idle screen stand still: seconds, minutes, hours, days."""
    if seconds < 60:
        return f"{max(seconds, 0):.0f}s"
    if seconds < 3_600:
        return f"{seconds // 60:.0f}m"
    return f"{seconds // 3_600:.0f}h" if seconds < 86_400 else f"{seconds // 86_400:.0f}d"


def delta(seconds: float) -> str:
    """Time since the row above, in at most eight characters: `+0.012`, `+3m12`."""
    sign = "-" if seconds < 0 else "+"
    size = abs(seconds)
    return f"{sign}{size:.3f}" if size < 60 else f"{sign}{age(size)}"


def until(seconds: float) -> str:
    return f"{max(round(seconds), 0)}s"


def zone(name: Literal["local", "utc"]) -> tzinfo | None:
    return UTC if name == "utc" else None


def text(seconds: float) -> str:
    """Epoch seconds as records spell time: RFC 3339 in UTC with microseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
