"""Msgpack bodies: Fluent Bit's chunks, which a mistyped `format` makes it send, and plain maps."""

import base64
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from ttsink.bodies import cut
from ttsink.bodies.limits import BodyRefused, Limits
from ttsink.bodies.otlp import timestamp
from ttsink.bodies.salvage import Salvage
from ttsink.bodies.value import Split

# Fluent Bit's event time: seconds and nanoseconds (fluent-bit, docs of the forward protocol v1).
_EXT_TIME: Final = 0
# Seconds, as 32 bits, that open and close a group of events instead of dating one
# (fluent-bit, include/fluent-bit/flb_log_event.h: -1 and -2).
_GROUP_START, _GROUP_END = 0xFFFFFFFF, 0xFFFFFFFE

# Bytes behind the type byte, and containers' children, for types of fixed size.
_FIXED: Final = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
    0xD4: 2,
    0xD5: 3,
    0xD6: 5,
    0xD7: 9,
    0xD8: 17,
}
# Bytes of the length, and bytes behind it that it does not count.
_SIZED: Final = {
    0xC4: (1, 0),
    0xC5: (2, 0),
    0xC6: (4, 0),
    0xC7: (1, 1),
    0xC8: (2, 1),
    0xC9: (4, 1),
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
# Bytes of the count, and children for each.
_COUNTED: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


class _Time(msgspec.Struct, frozen=True):
    seconds: int
    nanoseconds: int


def _extension(code: int, data: memoryview) -> Any:
    raw = bytes(data)
    if code == _EXT_TIME and len(raw) == 8:
        return _Time(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:], "big"))
    return base64.b64encode(raw).decode()


# Types that JSON has too.
_SAME: Final = frozenset({str, int, bool, type(None)})

_decode = msgspec.msgpack.Decoder(ext_hook=_extension).decode


def split(body: bytes, limits: Limits) -> Split:
    """The records of msgpack objects back to back.

    Read: `[[time, {metadata}], {record}]` and `[time, {record}]` as Fluent Bit and Fluentd send
    them, their time as `date`; maps; arrays of maps. An object that cannot be read is kept as
    `Malformed`, as is what was cut off at the end.
    """
    salvage = Salvage(limits)
    group: dict[str, Any] = {}
    records: list[dict[str, Any]] = []
    for raw in _objects(body, limits):
        try:
            decoded = _decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            salvage.records(records)
            records = []
            salvage.malformed(raw)
            continue
        match decoded:
            case [[_Time(seconds=seconds), _], record] if seconds in {_GROUP_START, _GROUP_END}:
                is_start = seconds == _GROUP_START and isinstance(record, dict)
                group = _object(record, limits) if is_start else {}
            case [[time, dict(metadata)], dict(record)]:
                records.append(_event(time, _object(metadata, limits), group, record, limits))
            case [_Time() | int() | float() as time, dict(record)]:
                records.append(_event(time, {}, {}, record, limits))
            case dict(record):
                records.append(_object(record, limits))
            case other:
                salvage.records(records)
                records = []
                salvage.value(_plain(other, 1, limits))
    salvage.records(records)
    return salvage.split("msgpack")


def _event(
    time: Any,
    metadata: dict[str, Any],
    group: dict[str, Any],
    record: dict[Any, Any],
    limits: Limits,
) -> dict[str, Any]:
    """One event as Fluent Bit's JSON has it: the time first, then the record's own members."""
    extra: dict[str, Any] = {}
    if "otlp" in metadata:
        extra = {"__internal__": {"log_metadata": metadata, "group_attributes": group}}
    elif metadata:
        extra = {"metadata": metadata}
    return {"date": _plain(time, 1, limits)} | extra | _object(record, limits)


def _object(value: dict[Any, Any], limits: Limits) -> dict[str, Any]:
    return {
        (key if type(key) is str else _name(key)): (
            item if type(item) in _SAME else _plain(item, 2, limits)
        )
        for key, item in value.items()
    }


def _plain(value: Any, depth: int, limits: Limits) -> Any:
    """What msgpack knows and JSON does not, as JSON."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case _Time():
            return timestamp(value.seconds * 1_000_000_000 + value.nanoseconds)
        case datetime():
            return value.isoformat()
        case dict() | list() if depth > limits.max_depth:
            return cut.DEEPER
        case dict():
            return {_name(key): _plain(item, depth + 1, limits) for key, item in value.items()}
        case list():
            return [_plain(item, depth + 1, limits) for item in value]
        case _:
            return str(value)


def _name(key: Any) -> str:
    if isinstance(key, bytes):
        return key.decode("utf-8", "replace")
    return key if isinstance(key, str) else str(key)


def _objects(body: bytes, limits: Limits) -> Iterator[bytes]:
    """Each whole object's bytes, then what is left over where one was cut off.

    Raises:
        BodyRefused: 413 `too_many_values`.
    """
    start = values = 0
    length = len(body)
    while start < length:
        place, open_values = start, 1
        while open_values and place < length:
            values += 1
            open_values -= 1
            kind = body[place]
            place += 1
            if kind < 0x80 or kind >= 0xE0:
                continue
            if kind < 0x90:
                open_values += 2 * (kind & 0x0F)
            elif kind < 0xA0:
                open_values += kind & 0x0F
            elif kind < 0xC0:
                place += kind & 0x1F
            elif kind in _FIXED:
                place += _FIXED[kind]
            elif kind in _SIZED:
                width, behind = _SIZED[kind]
                place += width + behind + int.from_bytes(body[place : place + width], "big")
            elif kind in _COUNTED:
                width, each = _COUNTED[kind]
                open_values += each * int.from_bytes(body[place : place + width], "big")
                place += width
            else:
                place = length + 1  # 0xC1 is no type: nothing behind it can be told apart
        if values > limits.max_values:
            raise BodyRefused(
                413, "too_many_values", f"the body holds over {limits.max_values} values"
            )
        end = length if open_values or place > length else place
        yield body[start:end]
        start = end
