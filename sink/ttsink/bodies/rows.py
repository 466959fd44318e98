"""Objects of one shape as rows of columns: decoded for half of what dictionaries cost.

Agents send the same members in every record. Once a set of keys was met a few times, bodies that
have no other are decoded to structs made for it; the first other object sends the whole body the
common way, so that a record is the same on either.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, overload

import msgspec
from msgspec.structs import astuple

MAX_SHAPES: Final = 256
"""Shapes remembered, some 5 KB each; full, all are forgotten."""

MAX_KEYS: Final = 128
"""An object of more members is not learnt: what is saved is the same, the table grows."""

MAX_FIRST_BYTES: Final = 16 * 1024
"""Of the first object, which is decoded for its keys alone."""

LEARNT_AT: Final = 4
"""Bodies of one shape before it is learnt: making a struct costs as much as 500 records save."""

MAX_PAUSE: Final = 64
"""Bodies of a shape that are not tried, at most, after those before were of mixed shapes; the
pause doubles with each, so that mixed traffic pays for few vain tries."""

_object = msgspec.json.Decoder(dict[str, Any])
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_CONTAINERS: Final = frozenset((dict, list))
_Scalar = str | int | float | bool | None

_Object = dict[str, Any]
Columns = dict[str, Sequence[Any]]


class Rows(Sequence[_Object]):
    """Objects that all have the same keys; each is made a dictionary when it is asked for.

    Keys stand in the order of the body's first object. No value of `flat` ones is an object or
    a list.
    """

    def __init__(
        self, keys: tuple[str, ...], structs: Sequence[msgspec.Struct], *, is_flat: bool
    ) -> None:
        self.keys = keys
        self.is_flat = is_flat
        self._structs = structs

    def __len__(self) -> int:
        return len(self._structs)

    @overload
    def __getitem__(self, at: int) -> _Object: ...
    @overload
    def __getitem__(self, at: slice) -> "Rows": ...
    def __getitem__(self, at: int | slice) -> "_Object | Rows":
        if isinstance(at, slice):
            return Rows(self.keys, self._structs[at], is_flat=self.is_flat)
        return dict(zip(self.keys, astuple(self._structs[at]), strict=True))

    def __iter__(self) -> Iterator[_Object]:
        keys = self.keys
        return (dict(zip(keys, values, strict=True)) for values in map(astuple, self._structs))

    def columns(self) -> Columns:
        """The values by key, in the order of the rows."""
        values: list[Any] = []
        for row in map(astuple, self._structs):
            values += row
        width = len(self.keys)
        return {key: values[at::width] for at, key in enumerate(self.keys)}


def columns_of(objects: Sequence[_Object], keys: tuple[str, ...]) -> Columns | None:
    """The values by key; None when not every object has these keys and no other."""
    if isinstance(objects, Rows):
        return objects.columns()
    if set(map(len, objects)) != {len(keys)}:
        return None
    try:
        if len(keys) < 2:
            return {key: [each[key] for each in objects] for key in keys}
        rows = list(map(itemgetter(*keys), objects))
    except KeyError:
        return None
    return dict(zip(keys, zip(*rows, strict=True), strict=True))


class _Decoders(NamedTuple):
    lines: msgspec.json.Decoder[msgspec.Struct]
    array: msgspec.json.Decoder[list[msgspec.Struct]]

    def decode(self, body: bytes) -> list[msgspec.Struct] | None:
        try:
            return self.array.decode(body) if body[:1] == b"[" else self.lines.decode_lines(body)
        except _UNREADABLE:
            return None


def _decoders(keys: Sequence[str], kind: Any) -> _Decoders:
    names = [f"member_{at}" for at in range(len(keys))]
    struct = msgspec.defstruct(
        "Row",
        [(name, kind) for name in names],
        rename=dict(zip(names, keys, strict=True)),
        forbid_unknown_fields=True,
        gc=False,  # what JSON decodes to has no cycles
    )
    return _Decoders(
        msgspec.json.Decoder(struct),
        msgspec.json.Decoder(list[struct]),  # type: ignore[valid-type]  # made here
    )


class _Shape:
    """What is known of one set of keys. `pause` bodies are not tried any more for now.

    `is_flat` as long as no value was met that is an object or a list: decoding then proves that
    there is none, for nothing.
    """

    __slots__ = ("any", "flat", "is_flat", "keys", "met", "missed", "pause")

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.met = 0
        self.pause = 0
        self.missed = 0
        self.is_flat = True
        self.any: _Decoders | None = None
        self.flat: _Decoders | None = None

    def learn(self, first: _Object) -> bool:
        """Whether structs can be made for the keys."""
        self.is_flat = not _CONTAINERS.intersection(map(type, first.values()))
        try:
            self.any = _decoders(self.keys, Any)
        except ValueError:  # a quote or a backslash in a key
            return False
        self.flat = _decoders(self.keys, _Scalar)
        return True

    def rows(self, body: bytes) -> Rows | None:
        structs = self.flat.decode(body) if self.is_flat and self.flat else None
        if structs is None and self.any:
            structs = self.any.decode(body)
            if structs is None:
                self.missed = min(self.missed * 2 or 1, MAX_PAUSE)
                self.pause = self.missed
            else:
                self.is_flat = False
        if structs is None:
            return None
        self.missed = 0
        return Rows(self.keys, structs, is_flat=self.is_flat)


class Shapes:
    """The shapes met so far."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], _Shape] = {}

    def rows(self, body: bytes) -> Rows | None:
        """The rows of a body of two or more objects, a line each or in one array.

        None where its shape is not known well enough, or where it is not the same throughout.
        """
        is_array = body[:1] == b"["
        if is_array:
            end = body.find(b"},{", 0, MAX_FIRST_BYTES)
            end = body.find(b"},", 0, MAX_FIRST_BYTES) if end < 0 else end
        else:
            end = body.find(b"\n")
        if not 0 < end < min(len(body) - 2, MAX_FIRST_BYTES):
            return None
        try:
            first = _object.decode(body[1 : end + 1] if is_array else body[:end])
        except _UNREADABLE:
            return None
        shape = self._shape(first)
        return shape.rows(body) if shape is not None else None

    def _shape(self, first: _Object) -> _Shape | None:
        """The shape of an object where it may be tried now."""
        keys = tuple(first)
        shape = self._known.get(keys)
        if shape is None:
            if not 0 < len(keys) <= MAX_KEYS:
                return None
            if len(self._known) >= MAX_SHAPES:
                self._known.clear()
            shape = self._known[keys] = _Shape(keys)
        if shape.pause:
            shape.pause -= 1
            return None
        shape.met += 1
        if shape.met == LEARNT_AT and not shape.learn(first):
            return None
        return shape

    def __len__(self) -> int:
        return len(self._known)
