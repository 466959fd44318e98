"""A moment a person writes: `5m` ago, or a date and time."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ttwire.quantity import quantity

UNREADABLE_TIME: Final = (
    "a time: 30s, 5m, 2h, 1d, or 2026-01-02T03:04:05Z (UTC where no zone is given)"
)


def rfc3339(moment: datetime) -> str:
    """In UTC with microseconds and `Z`, as Record has it: text order is time order."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def instant(text: str, now: float) -> str | None:
    """The moment as RFC 3339, or None where the text names none; `now` is epoch seconds."""
    try:
        ago = quantity(text)
        if ago is not None and ago.dimension == "seconds" and ago.number >= 0:
            return rfc3339(datetime.fromtimestamp(now, UTC) - timedelta(seconds=float(ago.number)))
        moment = datetime.fromisoformat(text)
        return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
