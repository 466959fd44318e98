"""When a record says itself that its job was queued and started."""

from collections.abc import Mapping
from typing import Any, Final

from ttsink.dialects import timestamp
from ttsink.states.keystate import seconds_between

QUEUED_FIELDS: Final = ("enqueued_at", "queued_at")
STARTED_FIELDS: Final = ("started_at", "start_time")
WAIT_FIELDS: Final = (("wait_ms", 0.001), ("wait_seconds", 1.0), ("queue_time_ms", 0.001))
"""Names of a wait, and the seconds of its unit."""

SCOPES: Final = ("ctx", "job", "extra", "attributes")
"""Objects that are looked into as well."""

MAX_WAIT_SECONDS: Final = 30 * 86_400
"""A longer one is a clock that is wrong, or a number of another unit."""


def started(fields: Mapping[str, Any], received: str) -> str | None:
    """When it started, where a record that tells its end says so."""
    return _time(fields, STARTED_FIELDS, received)


def waited_seconds(fields: Mapping[str, Any], start: str) -> float | None:
    """How long it waited before `start`; None where no field says."""
    for name, unit in WAIT_FIELDS:
        value = _value(fields, name)
        if type(value) in {int, float}:
            return _possible(value * unit)
    queued = _time(fields, QUEUED_FIELDS, start)
    return _possible(seconds_between(queued, start))


def _possible(seconds: float | None) -> float | None:
    if seconds is None or not 0 <= seconds <= MAX_WAIT_SECONDS:
        return None
    return round(seconds, 6)


def _time(fields: Mapping[str, Any], names: tuple[str, ...], received: str) -> str | None:
    for name in names:
        value = _value(fields, name)
        if value is not None:
            return timestamp.instant(value, received=received)[0]
    return None


def _value(fields: Mapping[str, Any], name: str) -> Any:
    if name in fields:
        return fields[name]
    for scope in SCOPES:
        inner = fields.get(scope)
        if type(inner) is dict and name in inner:
            return inner[name]
    return None
