"""Where each msgpack object of a body ends."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgpack

from ttsink.bodies.limits import BodyRefused, Limits

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


def ends(body: bytes, limits: Limits) -> Iterator[int]:
    """The end of every object; for a last one that was cut off, that of the body.

    Found by msgpack's own C code, which makes nothing of what it passes. Where it gives up
    (0xC1, which is no type, or 1024 levels), and for bodies so large that their values must be
    counted, it is a walk that takes twenty times as long.

    Raises:
        BodyRefused: 413 `too_many_values`.
    """
    if len(body) > limits.max_values:
        yield from _walked(body, 0, limits)
        return
    unpacker = msgpack.Unpacker(max_buffer_size=len(body))
    unpacker.feed(body)
    skip, tell = unpacker.skip, unpacker.tell
    end = 0
    rest: Iterable[int] = (len(body),)
    try:
        while True:
            skip()
            end = tell()
            yield end
    except msgpack.OutOfData:
        pass
    except (msgpack.FormatError, msgpack.StackError):
        rest = _walked(body, end, limits)
    if end < len(body):
        yield from rest


def _walked(body: bytes, start: int, limits: Limits) -> Iterator[int]:
    values = 0
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
        yield end
        start = end
