"""Msgpack bodies: Fluent Bit's chunks, which a mistyped `format` makes it send, and plain maps."""

import base64
import math
import struct
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import islice, pairwise
from typing import Annotated, Any, Final

import msgpack
import msgspec

from ttsink.bodies import cut, msgpack_walk
from ttsink.bodies.limits import Limits
from ttsink.bodies.otlp import timestamp
from ttsink.bodies.salvage import Salvage
from ttsink.bodies.value import Split

# Fluent Bit's event time: seconds and nanoseconds (fluent-bit, docs of the forward protocol v1).
_EXT_TIME: Final = 0
# Seconds, as 32 bits, that open and close a group of events instead of dating one
# (fluent-bit, include/fluent-bit/flb_log_event.h: -1 and -2).
_GROUP_START, _GROUP_END = 0xFFFFFFFF, 0xFFFFFFFE

# How events begin, up to the record: `[[time, {}], record]` of Fluent Bit from 2.1 on, and
# `[time, record]` of the forward protocol.
_NEW: Final = struct.Struct(">IIIB")
_NEW_MARKS: Final = (0x9292D700, 0x80)
_OLD: Final = struct.Struct(">HBII")
_OLD_MARKS: Final = (0x92D7, 0)

_BLOCK: Final = 2048
"""Objects decoded at once."""

_SMALL_BLOCK: Final = 32
"""The same where one of a block is of another kind or cannot be read: it sends these the slow
way, object by object."""


class _Time(msgspec.Struct, frozen=True):
    seconds: int
    nanoseconds: int


def _extension(code: int, data: memoryview | bytes) -> Any:
    raw = bytes(data)
    if code == _EXT_TIME and len(raw) == 8:
        return _Time(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:], "big"))
    return base64.b64encode(raw).decode()


# Types that JSON has too.
_SAME: Final = frozenset({str, int, bool, type(None)})

# What JSON has, to a depth that records rarely pass: the decoder proves it while it decodes.
_MOST: Final = sys.float_info.max
_SCALAR: Any = str | int | Annotated[float, msgspec.Meta(ge=-_MOST, le=_MOST)] | bool | None
_JSON: Any = _SCALAR
for _ in range(4):
    _JSON = _SCALAR | dict[str, _JSON] | list[_JSON]

_UNREADABLE: Final = (
    msgspec.MsgspecError, msgpack.UnpackException, ValueError, TypeError, OverflowError,
    RecursionError,
)  # fmt: skip

_decode = msgspec.msgpack.Decoder(ext_hook=_extension).decode
_decode_json = msgspec.msgpack.Decoder(list[dict[str, _JSON]]).decode
_decode_maps = msgspec.msgpack.Decoder(list[dict[str, Any]], ext_hook=_extension).decode


def split(body: bytes, limits: Limits) -> Split:
    """The records of msgpack objects back to back.

    Read: `[[time, {metadata}], {record}]` and `[time, {record}]` as Fluent Bit and Fluentd send
    them, their time as `date`; maps; arrays of maps. Text that is no UTF-8 is repaired with
    U+FFFD. An object that cannot be read is kept as `Malformed`, as is what was cut off at the
    end.

    Raises:
        BodyRefused: 413 `too_many_values`.
    """
    salvage = Salvage(limits)
    one_by_one = _OneByOne(salvage, limits)

    def taken(places: Sequence[int]) -> bool:
        records = _usual(body, places, limits)
        if records is not None:
            salvage.records(records)
        return records is not None

    ends = msgpack_walk.ends(body, limits)
    places = [0]
    while len(places := [places[-1], *islice(ends, _BLOCK)]) > 1:
        if taken(places):
            continue
        for at in range(0, len(places) - 1, _SMALL_BLOCK):
            few = places[at : at + _SMALL_BLOCK + 1]
            if not taken(few):
                for start, end in pairwise(few):
                    one_by_one.take(body[start:end])
                one_by_one.flush()
    return salvage.split("msgpack")


def _usual(body: bytes, places: Sequence[int], limits: Limits) -> list[dict[str, Any]] | None:
    """The records of objects that begin alike, decoded at once.

    None where one is of another kind or cannot be read.
    """
    starts, ends = places[:-1], places[1:]
    try:
        head, times = _heads(body, starts)
        pieces = [body[start + head : end] for start, end in zip(starts, ends, strict=True)]
        count = b"\xdd" + len(pieces).to_bytes(4, "big")
        maps = b"".join((count, *pieces))
        try:
            records = _decode_json(maps)
        except _UNREADABLE:
            records = [_object(record, limits) for record in _decode_maps(maps)]
    except (struct.error, *_UNREADABLE):
        return None
    if times is not None:
        for record, time in zip(records, times, strict=True):
            record.setdefault("date", time)
    return records


def _heads(body: bytes, starts: Sequence[int]) -> tuple[int, list[str] | None]:
    """How many bytes stand before each record, and the events' times, if they are events.

    Raises:
        ValueError: Not all begin alike, or one opens or closes a group.
    """
    if not body.startswith(b"\x92", starts[0]):
        return 0, None
    is_new = body.startswith(b"\x92\x92", starts[0])
    head, marks = (_NEW, _NEW_MARKS) if is_new else (_OLD, _OLD_MARKS)
    columns = list(zip(*(head.unpack_from(body, start) for start in starts), strict=True))
    seconds, nanoseconds = columns[1:3] if is_new else columns[2:4]
    first, second = columns[0], columns[3 if is_new else 1]
    if (
        {*first} != {marks[0]}
        or {*second} != {marks[1]}
        or not 0 < min(seconds) <= max(seconds) < _GROUP_END
        or max(nanoseconds) >= 1_000_000_000
    ):
        raise ValueError
    to_second = {s: str(timestamp(s * 1_000_000_000))[:20] for s in {*seconds}}
    return head.size, [
        f"{to_second[s]}{n // 1000:06d}Z" for s, n in zip(seconds, nanoseconds, strict=True)
    ]


class _OneByOne:
    """Objects of any kind; `group` is what the last group's opening said."""

    def __init__(self, salvage: Salvage, limits: Limits) -> None:
        self._salvage = salvage
        self._limits = limits
        self._group: dict[str, Any] = {}
        self._records: list[dict[str, Any]] = []

    def flush(self) -> None:
        """Passes on the records taken so far, before anything else is."""
        self._salvage.records(self._records)
        self._records = []

    def take(self, raw: bytes) -> None:
        limits = self._limits
        try:
            decoded = _decode(raw)
        except _UNREADABLE:
            try:
                decoded = _repaired(raw)
            except _UNREADABLE:
                self.flush()
                self._salvage.malformed(raw)
                return
            self._salvage.count_repaired()
        match decoded:
            case [[_Time(seconds=seconds), _], record] if seconds in {_GROUP_START, _GROUP_END}:
                is_start = seconds == _GROUP_START and isinstance(record, dict)
                self._group = _object(record, limits) if is_start else {}
            case [[time, dict(metadata)], dict(record)]:
                members = _object(metadata, limits)
                self._records.append(_event(time, members, self._group, record, limits))
            case [_Time() | int() | float() as time, dict(record)]:
                self._records.append(_event(time, {}, {}, record, limits))
            case dict(record):
                self._records.append(_object(record, limits))
            case other:
                self.flush()
                self._salvage.value(_plain(other, -1, limits))  # a record in a list: 0


def _repaired(raw: bytes) -> Any:
    """An object with U+FFFD for the bytes of its texts that are no UTF-8.

    It is whole, or was cut off at the end: a length it declares is one that it has.
    """
    return msgpack.unpackb(
        raw, strict_map_key=False, unicode_errors="replace", timestamp=3, ext_hook=_extension
    )


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
            item if type(item) in _SAME else _plain(item, 1, limits)
        )
        for key, item in value.items()
    }


def _plain(value: Any, depth: int, limits: Limits) -> Any:
    """What msgpack knows and JSON does not, as JSON.

    One level more than a record may have is left, so that it is cut and flagged as any other.
    """
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
