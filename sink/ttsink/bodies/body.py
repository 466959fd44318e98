"""Bodies by their shape: what agents say of their content type is not to be relied on."""

from typing import Any

import msgspec
from msgspec.structs import replace

from ttsink.bodies import event, msgpack, within
from ttsink.bodies.limits import DEFAULT, MIB, BodyRefused, Limits
from ttsink.bodies.rows import Rows, Shapes
from ttsink.bodies.salvage import UNREADABLE, Salvage
from ttsink.bodies.value import Shape, Split
from ttsink.bodies.wrapper import ARRAY, WRAPPERS

# Smaller bodies cannot hold `max_values` of two bytes each.
_COUNTED_BYTES = 16 * MIB

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_objects = msgspec.json.Decoder(dict[str, Any])
_arrays = msgspec.json.Decoder(list[dict[str, Any]])
_any = msgspec.json.Decoder()
_raw_array = msgspec.json.Decoder(list[msgspec.Raw])


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
    first = body[:256].lstrip(_BLANK)[:1] or body.lstrip(_BLANK)[:1]
    if not first:
        return Split([], "empty")
    if "msgpack" in content_type.lower() and first not in {b"{", b"[", b'"'}:
        return msgpack.split(body, limits)
    if len(body) > _COUNTED_BYTES:
        _count_values(body, limits)
    if first == b"{":
        return _lines_of_objects(body, content_type, limits)
    if first == b"[":
        return _array(body, content_type, limits)
    return _lines(body, content_type, limits)


def split_by_shape(
    shapes: Shapes, body: bytes, content_type: str = "", limits: Limits = DEFAULT
) -> Split:
    """As `split`; the values are `Rows` where all are objects of a shape that is known by now.

    Raises:
        BodyRefused: as `split`.
    """
    rows = shapes.rows(body) if body[:1] in {b"{", b"["} and len(body) <= _COUNTED_BYTES else None
    if rows is None or not _are_usual(rows, body, limits):
        return split(body, content_type, limits)
    return Split(rows, "json_array" if body[:1] == b"[" else "json_lines")


def _are_usual(rows: Rows, body: bytes, limits: Limits) -> bool:
    """Whether these are records, several, none of them a wrapper and none over a limit."""
    if not 1 < len(rows) <= limits.max_records or not WRAPPERS.isdisjoint(rows.keys):
        return False
    if not event.are_plain([dict.fromkeys(rows.keys)]):
        return False
    is_array = body[:1] == b"["
    if rows.is_flat:
        # No string holds this: behind the quote that ends a string is no letter.
        name = rows.keys[0]
        between = b'},{"%b":' % name.encode() if name[:1].isalpha() else None
        boundary = between if is_array else within.BOUNDARY
        if boundary and within.is_flat_usual(body, boundary, rows.keys, limits):
            return True
    pieces = b"\n".join(_raw_array.decode(body)) if is_array else body
    return not within.over(pieces, rows, limits)


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
    return _bounded(body, values, "json_lines", limits)


def _array(body: bytes, content_type: str, limits: Limits) -> Split:
    try:
        values = _arrays.decode(body)
    except UNREADABLE:
        return _lines(body, content_type, limits)
    return _bounded(b"\n".join(_raw_array.decode(body)), values, "json_array", limits)


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
        salvage.chunks(body)
    result = salvage.split("mixed")
    if not any(isinstance(value, dict) for value in result.values):
        return replace(result, shape="text")
    return result


def _bounded(pieces: bytes, values: list[dict[str, Any]], shape: Shape, limits: Limits) -> Split:
    """The records within the limits; `pieces` is their JSON, one behind another."""
    salvage = Salvage(limits)
    salvage.batch(pieces, values)
    return salvage.split(shape)
