"""Bodies by their shape: what agents say of their content type is not to be relied on."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ttsink import cut
from ttsink.limits import DEFAULT, MIB, BodyRefused, Limits
from ttsink.salvage import ARRAY, UNREADABLE, WRAPPERS, Salvage
from ttsink.value import Shape, Split, Value

# What a wrapper may say of itself; it is said of every record in it.
_MAX_WRAPPER_MEMBERS = 16
_MAX_WRAPPER_TEXT = 256
# A record has one of these; a wrapper has none.
_RECORD_MEMBERS = frozenset(
    {"message", "msg", "log", "event", "short_message", "level", "severity", "timestamp", "time"}
)

# The least a member takes: `"":0,`.
_MIN_FIELD_BYTES = 5
# Smaller bodies cannot hold `max_values` of two bytes each.
_COUNTED_BYTES = 16 * MIB

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_objects = msgspec.json.Decoder(dict[str, Any])
_arrays = msgspec.json.Decoder(list[dict[str, Any]])
_any = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


def split(body: bytes, content_type: str = "", limits: Limits = DEFAULT) -> Split:
    """The records of a decompressed body.

    Objects one a line, back to back or spread over lines, arrays, a wrapped array, bare JSON
    values and lines of text are told apart by what they are; msgpack by its content type.
    A piece that cannot be read is kept as `Malformed` and costs no other piece.

    Args:
        body: Without its content codings.
        content_type: Of the request; only `msgpack` and `text/` in it say anything.
        limits: Bounds of one body.

    Raises:
        BodyRefused: 413 `too_many_values`: decoding would take too much memory.
    """
    body = body.removeprefix(_BOM)
    if len(body) > _COUNTED_BYTES:
        _count_values(body, limits)
    first = body[:256].lstrip(_BLANK)[:1] or body.lstrip(_BLANK)[:1]
    if not first:
        return Split([], "empty")
    if first == b"{":
        return _lines_of_objects(body, content_type, limits)
    if first == b"[":
        return _array(body, content_type, limits)
    return _lines(body, content_type, limits)


def _count_values(body: bytes, limits: Limits) -> None:
    most = sum(body.count(sign) for sign in (b",", b"{", b"[", b"\n"))
    if most > limits.max_values:
        raise BodyRefused(
            413, "too_many_values", f"the body may hold {most} values; at most {limits.max_values}"
        )


def _lines_of_objects(body: bytes, content_type: str, limits: Limits) -> Split:
    try:
        values = _objects.decode_lines(body)
    except UNREADABLE:
        return _lines(body, content_type, limits)
    if len(values) == 1 and (records := _unwrap(values[0])) is not None:
        return _bounded(body, records, "json_wrapper", limits)
    return _bounded(body, values, "json_lines", limits)


def _array(body: bytes, content_type: str, limits: Limits) -> Split:
    try:
        return _bounded(body, _arrays.decode(body), "json_array", limits)
    except UNREADABLE:
        return _lines(body, content_type, limits)


def _lines(body: bytes, content_type: str, limits: Limits) -> Split:
    """Whatever is not objects throughout."""
    plain = "text/" in content_type.lower()
    salvage = Salvage(limits, plain=plain)
    shape: Shape = "json_values"
    if not plain or body.lstrip(_BLANK)[:1] == b"[":
        try:
            for value in _any.decode_lines(body):
                salvage.value(value)
            return salvage.split(shape)
        except UNREADABLE:
            salvage = Salvage(limits, plain=plain)
    opened = ARRAY.match(body)
    if opened and body[: body.find(b"\n")].rstrip(_BLANK)[-1:] not in {b"]", b"}"}:
        salvage.objects(body[opened.end() :], in_array=True)
    else:
        salvage.lines(body)
    result = salvage.split("mixed")
    if not any(isinstance(value, dict) for value in result.values):
        return msgspec.structs.replace(result, shape="text")
    return result


def _unwrap(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The records of `{"data":[...]}`, each with what the wrapper says of all of them."""
    names = WRAPPERS.intersection(value)
    if len(names) != 1 or len(value) > _MAX_WRAPPER_MEMBERS or _RECORD_MEMBERS.intersection(value):
        return None
    (name,) = names
    records = value[name]
    if not isinstance(records, list) or not all(type(item) is dict for item in records):
        return None
    rest = {key: item for key, item in value.items() if key != name}
    if not rest:
        return records
    if any(
        isinstance(item, dict | list) or (isinstance(item, str) and len(item) > _MAX_WRAPPER_TEXT)
        for item in rest.values()
    ):
        return None
    return [rest | record for record in records]


def _bounded(body: bytes, values: list[dict[str, Any]], shape: Shape, limits: Limits) -> Split:
    """The records within the limits; proves cheaply that a usual batch holds none beyond them."""
    rejected = max(0, len(values) - limits.max_records)
    if rejected:
        del values[limits.max_records :]
    over = _over(body, values, limits)
    out: list[Value] = values  # type: ignore[assignment]  # list is invariant; nobody else holds it
    for place in over:
        out[place] = cut.record(values[place], limits)
    return Split(out, shape, cut=tuple(over), rejected=rejected)


def _over(body: bytes, values: Sequence[dict[str, Any]], limits: Limits) -> list[int]:
    """Places of the records that break a limit."""
    deep: set[int] = set()
    # A record of depth d has d brackets, and every other record has one.
    brackets = body.count(b"{") + body.count(b"[")
    if brackets - len(values) >= limits.max_depth and cut.is_deep(values, limits.max_depth):
        deep = {i for i, value in enumerate(values) if cut.is_deep((value,), limits.max_depth)}
    # Records of this size break no limit but the depth's.
    small = min(limits.max_key_bytes, limits.max_record_bytes, limits.max_fields * _MIN_FIELD_BYTES)
    if _is_small_each(body, small):
        return sorted(deep)
    sizes = [0 if i in deep else len(_encode(value)) for i, value in enumerate(values)]
    return [
        i
        for i, size in enumerate(sizes)
        if i in deep or (size > small and cut.is_over(values[i], size, limits))
    ]


def _is_small_each(body: bytes, max_bytes: int) -> bool:
    r"""Whether there is an end of a record within every `max_bytes`.

    `}\n{` cannot stand within JSON: strings hold no raw newline, and objects are set apart by
    commas.
    """
    place, end = 0, len(body)
    while end - place > max_bytes:
        place = body.rfind(b"}\n{", place, place + max_bytes) + 2
        if place == 1:
            return False
    return True
