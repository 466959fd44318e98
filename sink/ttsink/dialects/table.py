"""The records of one batch as columns, and the same questions to records that are a list.

What intake does with a batch is done a column at a time: no record is made but where one is
asked for, and the lines are encoded from structs that hold just the members a batch has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, overload

import msgspec

from ttsink.bodies.rows import Columns, Rows
from ttwire.record import Record, encode_lines

MAX_STRUCTS: Final = 256
"""Sets of members and of fields whose structs are kept; each takes some 100 us to make."""

_MEMBERS: Final = Record.__struct_fields__
_DEFAULTS: Final = dict(zip(_MEMBERS, Record.__struct_defaults__, strict=True))

_Object = dict[str, Any]

_encoder = msgspec.json.Encoder()


@lru_cache(MAX_STRUCTS)
def _line_struct(members: tuple[str, ...], *, omit_defaults: bool) -> type[msgspec.Struct]:
    """A record that has these members and no other: the same JSON as a `Record`'s.

    Where none can have its default, not to look for it saves a tenth of the encoding.
    """
    defaults = {name: _DEFAULTS[name] for name in members}
    return msgspec.defstruct(
        "Line",
        [
            (name, Any, msgspec.field(default_factory=dict) if name == "fields" else default)
            for name, default in defaults.items()
        ],
        omit_defaults=omit_defaults,
        gc=False,  # what JSON decodes to has no cycles
    )


@lru_cache(MAX_STRUCTS)
def _fields_struct(keys: tuple[str, ...]) -> type[msgspec.Struct]:
    """An object with these keys; they are of rows, which have none that a struct cannot have."""
    names = [f"field_{at}" for at in range(len(keys))]
    return msgspec.defstruct(
        "Fields",
        [(name, Any) for name in names],
        rename=dict(zip(names, keys, strict=True)),
        gc=False,
    )


def _object(keys: Sequence[str], values: Sequence[Any]) -> _Object:
    pairs = zip(keys, values, strict=True)
    return {key: value for key, value in pairs if value is not msgspec.UNSET}


class Fields:
    """What is left of a batch's objects beside their members.

    Columns as long as nobody has to change one of the objects, then dictionaries. `keys` are
    what objects have, in this order, and None for dictionaries. In some columns the value is
    UNSET where an object has not the key; every object has one key at least, if there is any.
    """

    def __init__(self, objects: Sequence[_Object], columns: Columns, taken: set[str]) -> None:
        self.keys: tuple[str, ...] | None = None
        self._columns: list[Sequence[Any]] = []
        self._objects: list[_Object] | None = None
        self._structs: list[Any] | None = None
        self._gaps: set[str] = set()
        self._count = len(objects)
        if isinstance(objects, Rows):
            self.keys = tuple(key for key in objects.keys if key not in taken)
            self._columns = [columns[key] for key in self.keys]
        else:
            for key in taken:
                for each in objects:
                    del each[key]
            self._objects = list(objects)

    def __len__(self) -> int:
        return self._count

    def own(self) -> list[_Object]:
        """The objects, which may be changed."""
        objects = self.objects()
        self.keys = self._structs = None
        return objects

    def take(self, key: str, places: Sequence[int]) -> None:
        """Leaves a key out of the objects at these places."""
        if self.keys is not None and key in self.keys:
            at = self.keys.index(key)
            keys, columns = list(self.keys), list(self._columns)
            gaps = self._gaps - {key}
            if len(places) == self._count:
                del keys[at], columns[at]
            else:
                column = list(columns[at])
                for place in places:
                    column[place] = msgspec.UNSET
                columns[at] = column
                gaps.add(key)
            if not keys or len(gaps) < len(keys):
                self.keys, self._columns, self._gaps = tuple(keys), columns, gaps
                self._objects = self._structs = None
                return
        objects = self.own()
        for place in places:
            del objects[place][key]

    def values(self, path: Sequence[str], places: Sequence[int]) -> Sequence[Any]:
        """What lies at a path in the objects at these places; None where its head is not."""
        head = path[0]
        values: Sequence[Any]
        if self.keys is None:
            objects = self.objects()
            values = [objects[at].get(head) for at in places]
        elif head not in self.keys:
            values = [None] * len(places)
        else:
            values = self.column(head)
            if len(places) < self._count:
                values = [values[at] for at in places]
            if head in self._gaps:
                values = [None if value is msgspec.UNSET else value for value in values]
        for key in path[1:]:
            values = [value[key] for value in values]
        return values

    def objects(self) -> list[_Object]:
        """The objects, which may not be changed."""
        if self._objects is None:
            self._objects = [{} for _ in range(self._count)]
            for key, column in zip(self.keys or (), self._columns, strict=True):
                has_gaps = key in self._gaps
                for each, value in zip(self._objects, column, strict=True):
                    if not has_gaps or value is not msgspec.UNSET:
                        each[key] = value
        return self._objects

    def encodable(self) -> list[Any]:
        """For each object what encodes as it does."""
        if not self.keys:
            return self.objects()
        if self._structs is None:
            self._structs = list(map(_fields_struct(self.keys), *self._columns))
        return self._structs

    def column(self, key: str) -> Sequence[Any]:
        """One of `keys`."""
        return self._columns[self.keys.index(key)] if self.keys else []

    def __getitem__(self, place: int) -> _Object:
        """One of the objects, which may not be changed."""
        if self._objects is not None:
            return self._objects[place]
        values = [column[place] for column in self._columns]
        return _object(self.keys or (), values)


class Table(Sequence[Record]):
    """The records of a batch; `members` are the columns of those members that any record has.

    `is_whole` where no column but the messages' can hold the member's default. A record is made
    when it is asked for. Nothing here changes: `replaced` gives another table.
    """

    def __init__(
        self,
        members: Mapping[str, Sequence[Any]],
        fields: Fields,
        received: str,
        agent: str | None,
        *,
        is_whole: bool = False,
        changed: Mapping[int, Record] | None = None,
    ) -> None:
        self._is_whole = is_whole
        self._members = members
        self._fields = fields
        self._received = received
        self._agent = agent
        self._changed: Mapping[int, Record] = changed or {}

    def __len__(self) -> int:
        return len(self._fields)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> list[Record]: ...
    def __getitem__(self, at: int | slice) -> Record | list[Record]:
        if isinstance(at, slice):
            return [self[place] for place in range(len(self))[at]]
        place = range(len(self))[at]
        record = self._changed.get(place)
        if record is not None:
            return record
        members = {member: values[place] for member, values in self._members.items()}
        return Record(
            received=self._received, agent=self._agent, fields=self._fields[place], **members
        )

    def __iter__(self) -> Iterator[Record]:
        return map(Record, *map(self.column, _MEMBERS))

    def replaced(self, changed: Mapping[int, Record]) -> "Table":
        """The same with other records at these places."""
        return Table(
            self._members,
            self._fields,
            self._received,
            self._agent,
            is_whole=self._is_whole,
            changed={**self._changed, **changed},
        )

    def column(self, member: str) -> Sequence[Any]:
        """One member of every record, in their order; not to be changed."""
        values = self._members.get(member)
        if values is None:
            values = self._same(member)
        if self._changed:
            values = list(values)
            for place, record in self._changed.items():
                values[place] = getattr(record, member)
        return values

    def _same(self, member: str) -> Sequence[Any]:
        """Of a member that is no column."""
        if member == "fields":
            return self._fields.objects()
        if member == "received":
            return [self._received] * len(self)
        value = self._agent if member == "agent" else _DEFAULTS[member]
        return [value] * len(self)

    def lines(self) -> bytes:
        r"""One line of JSON a record, each ended by `\n`."""
        held: dict[str, Iterable[Any]] = {**self._members, "received": repeat(self._received)}
        if self._agent is not None:
            held["agent"] = repeat(self._agent)
        if self._fields.keys != ():
            held["fields"] = self._fields.encodable()
        has_defaults = (
            not self._is_whole
            or self._fields.keys is None
            or not self._received
            or "" in self._members.get("message", ())
        )
        members = tuple(member for member in _MEMBERS if member in held)
        struct = _line_struct(members, omit_defaults=has_defaults)
        lines: list[Any] = list(map(struct, *[held[member] for member in members]))
        for place, record in self._changed.items():
            lines[place] = record
        return _encoder.encode_lines(lines)

    def field_lines(self) -> bytes:
        r"""One line of JSON a record: its fields."""
        objects = self._fields.encodable()
        if self._changed:
            objects = objects.copy()
            for place, record in self._changed.items():
                objects[place] = record.fields
        return _encoder.encode_lines(objects)

    def with_fields(self, keys: frozenset[str]) -> Iterator[tuple[_Object, Sequence[int]]]:
        """See `with_fields`; of columns, only the fields that were asked for."""
        own = self._fields.keys
        if own is None:
            yield from _with_fields(self.column("fields"), keys)
            return
        shared = [key for key in own if key in keys]
        alike: dict[tuple[Any, ...], list[int]] = {}
        rows = zip(*map(self._fields.column, shared), strict=True)
        for place, values in enumerate(rows):
            if place in self._changed:
                continue
            try:
                alike.setdefault(values, []).append(place)
            except TypeError:  # an object or a list among them
                yield _object(shared, values), (place,)
        for values, places in alike.items():
            if fields := _object(shared, values):
                yield fields, places
        for place, record in self._changed.items():
            if not keys.isdisjoint(record.fields):
                yield record.fields, (place,)


def lines_of(records: Sequence[Record]) -> bytes:
    r"""One line of JSON a record, each ended by `\n`: what `encode_lines` makes of them."""
    if isinstance(records, Table):
        return records.lines()
    return encode_lines(records if isinstance(records, list) else list(records))


def field_lines_of(records: Sequence[Record]) -> bytes:
    r"""One line of JSON a record, each ended by `\n`: its fields."""
    if isinstance(records, Table):
        return records.field_lines()
    return _encoder.encode_lines([record.fields for record in records])


def column(records: Sequence[Record], member: str) -> Sequence[Any]:
    """One member of every record, in their order; not to be changed."""
    if isinstance(records, Table):
        return records.column(member)
    return list(map(attrgetter(member), records))


def replaced(records: Sequence[Record], changed: Mapping[int, Record]) -> Sequence[Record]:
    """The records with others at these places; the given ones where there are none."""
    if not changed:
        return records
    if isinstance(records, Table):
        return records.replaced(changed)
    return [changed.get(place, record) for place, record in enumerate(records)]


def with_fields(
    records: Sequence[Record], keys: frozenset[str]
) -> Iterator[tuple[Mapping[str, Any], Sequence[int]]]:
    """Fields of the records that have any of these, and the places of records that have them.

    Others of their fields may be left out; what is no text may be an equal value.
    """
    if isinstance(records, Table):
        return records.with_fields(keys)
    return _with_fields([record.fields for record in records], keys)


def _with_fields(
    objects: Sequence[_Object], keys: frozenset[str]
) -> Iterator[tuple[_Object, Sequence[int]]]:
    without = list(map(keys.isdisjoint, objects))
    if all(without):
        return iter(())
    return ((objects[at], (at,)) for at, lacks in enumerate(without) if not lacks)
