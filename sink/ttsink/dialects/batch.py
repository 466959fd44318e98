"""One batch of objects to records, in columns.

Records of one shape (the same keys in the same order) share a plan that says where each member
is. A member whose whole column is canonical is checked in one go; only what is not is read
value by value.
"""

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

from ttsink.bodies.rows import Columns, Rows, columns_of
from ttsink.dialects.fields import MEMBERS, FieldMapping
from ttsink.dialects.line import lines_within
from ttsink.dialects.plan import SOURCE_TYPE, Plan, Plans, Source, deep_shape, deep_shapes
from ttsink.dialects.surroundings import find_ids, read_paths, read_text
from ttsink.dialects.table import Fields, Table
from ttsink.dialects.values import (
    Attempts,
    Levels,
    Messages,
    Names,
    Reader,
    SpanIds,
    Times,
    TraceIds,
    shown,
    trim,
)
from ttwire.record import Record

_Object = dict[str, Any]
_Column = list[Any]


class Readers:
    """How each member is read; what the configuration says of it, held once."""

    def __init__(self, mapping: FieldMapping) -> None:
        names = Names(mapping.all_placeholders())
        self.names = names
        self.nested = mapping.nested
        self.text = mapping.text
        self.offset_minutes = mapping.utc_offset_minutes
        self.members: dict[str, Reader] = {
            "job": names,
            "worker": names,
            "queue": names,
            "attempt": Attempts(),
            "level": Levels(),
            "message": Messages(),
            "trace_id": TraceIds(),
            "span_id": SpanIds(),
            "job_around": names,
            "worker_around": names,
        }


def read(
    objects: Sequence[_Object],
    plans: Plans,
    readers: Readers,
    received: str,
    agent: str | None,
    *,
    opened: bool = False,
) -> Sequence[Record]:
    """A record for each object, in their order; the objects become the records' fields.

    With `opened` a message is not parsed for an application's own line in it.
    """
    if not objects:
        return []
    return _Reading(plans, readers, received, agent).by_keys(objects, opened=opened)


class _Reading:
    """What holds for one batch."""

    def __init__(self, plans: Plans, readers: Readers, received: str, agent: str | None) -> None:
        self._plans = plans
        self._readers = readers
        self._received = received
        self._agent = agent
        times = Times(received, readers.offset_minutes)
        self._members: dict[str, Reader] = {
            **readers.members,
            "timestamp": times,
            "read_time": times,
        }

    def by_keys(self, objects: Sequence[_Object], *, opened: bool) -> Sequence[Record]:
        keys = tuple(objects[0])
        columns = columns_of(objects, keys)
        if columns is not None:
            inside = self._plans.inside(keys, objects[0])
            return self._by_depth(objects, columns, keys, inside, opened=opened)
        return self._grouped(
            objects,
            list(map(tuple, objects)),
            lambda group, keys: self._by_depth(
                group,
                columns_of(group, keys) or {},
                keys,
                self._plans.inside(keys, group[0]),
                opened=opened,
            ),
        )

    def _grouped(
        self,
        objects: Sequence[_Object],
        shapes: Sequence[tuple[Any, ...]],
        read_group: Callable[[Sequence[_Object], tuple[Any, ...]], Sequence[Record]],
    ) -> Sequence[Record]:
        groups: dict[tuple[Any, ...], list[int]] = {}
        for at, shape in enumerate(shapes):
            groups.setdefault(shape, []).append(at)
        if len(groups) == 1:
            return read_group(objects, shapes[0])
        found: list[Record | None] = [None] * len(objects)
        for shape, places in groups.items():
            records = read_group([objects[at] for at in places], shape)
            for at, record in zip(places, records, strict=True):
                found[at] = record
        return found  # type: ignore[return-value]  # every place is in one group

    def _by_depth(
        self,
        objects: Sequence[_Object],
        columns: Columns,
        keys: tuple[str, ...],
        inside: tuple[str, ...],
        *,
        opened: bool,
    ) -> Sequence[Record]:
        told = SOURCE_TYPE in keys
        if not inside and not told:
            plan = self._plans.get((keys,), objects[0], inside)
            return self._by_plan(objects, columns, plan, keys, inside, opened=opened)

        def read_group(group: Sequence[_Object], shape: tuple[Any, ...]) -> Sequence[Record]:
            plan = self._plans.get((keys, inside, shape), group[0], inside)
            own = columns if len(group) == len(objects) else columns_of(group, keys) or {}
            return self._by_plan(group, own, plan, keys, inside, opened=opened)

        shape = deep_shape(columns, inside, told=told)
        if shape is not None:
            return read_group(objects, shape)
        return self._grouped(objects, deep_shapes(columns, inside, told=told), read_group)

    def _by_plan(
        self,
        objects: Sequence[_Object],
        columns: Columns,
        plan: Plan,
        keys: tuple[str, ...],
        inside: tuple[str, ...],
        *,
        opened: bool,
    ) -> Sequence[Record]:
        whole: dict[str, _Column] = {}
        certain: set[str] = set()
        for member, key, rule in plan.first:
            column = self._members[member].column(columns[key], rule)
            if column is not None:
                whole[member] = column if isinstance(column, list) else list(column)
                certain.add(key)
        doubtful = () if isinstance(objects, Rows) and objects.is_flat else plan.doubtful
        objecting = tuple(
            key for key in doubtful if key not in certain and dict in set(map(type, columns[key]))
        )
        if objecting:
            return self._by_depth(objects, columns, keys, (*inside, *objecting), opened=opened)
        if not opened and self._readers.nested:
            lines = lines_within(objects, columns, plan, self._plans)
            if lines:
                return self._with_lines(objects, lines, plan, keys, inside)
        fields = Fields(objects, columns, certain)
        partial = [member for member in MEMBERS if member not in whole]
        for member in partial:
            whole[member] = self._member(plan.members[member], member, fields)
        if "message" in partial:
            self._show(plan, fields, whole["message"])
        trim(whole["message"])
        self._tell(fields, plan, whole, {each for each in partial if None in whole[each]})
        is_whole = True
        for member in partial:
            absent = whole[member].count(None)
            is_whole = is_whole and absent in {0, len(fields)}
            if absent == len(fields):
                del whole[member]
        return Table(whole, fields, self._received, self._agent, is_whole=is_whole)

    def _member(
        self,
        sources: Sequence[Source],
        member: str,
        fields: Fields,
        wanted: Sequence[int] | None = None,
    ) -> _Column:
        """A member's value in each object, from the first source that has one, else None."""
        reader = self._members[member]
        found: _Column = [None] * len(fields)
        missing = range(len(fields)) if wanted is None else wanted
        for source in sources:
            if not missing:
                break
            raw = source.column(fields, missing)
            if source.form is not None:
                for at, parts in zip(missing, raw, strict=True):
                    found[at] = self._formed(source.form, parts)
            else:
                self._one_source(source, reader, missing, raw, fields, found)
            missing = [at for at in missing if found[at] is None]
        return found

    def _one_source(
        self,
        source: Source,
        reader: Reader,
        missing: Sequence[int],
        raw: Sequence[Any],
        fields: Fields,
        found: _Column,
    ) -> None:
        places, said = missing, raw
        spent: list[int] = []
        if not all(raw):
            blank = [value is None or value == "" for value in raw]
            spent = list(compress(missing, blank))
            places = [at for at, is_blank in zip(missing, blank, strict=True) if not is_blank]
            said = [value for value, is_blank in zip(raw, blank, strict=True) if not is_blank]
        column = reader.column(said, source.rule) if said else None
        if column is not None:
            for at, value in zip(places, column, strict=True):
                found[at] = value
            spent = list(missing)
        else:
            for at, (value, exact) in zip(places, reader.each(said, source.rule), strict=True):
                found[at] = value
                if exact:
                    spent.append(at)
        if source.top is not None and spent:
            fields.take(source.top, spent)

    def _formed(self, form: str, values: tuple[Any, ...]) -> str | None:
        parts = [self._readers.names.part(value) for value in values]
        if None in parts:
            return None
        whole: str | None = self._readers.names.one(form % tuple(parts[: form.count("%s")]), "")[0]
        return whole

    def _show(self, plan: Plan, fields: Fields, messages: _Column) -> None:
        """An object or a list in a message's place is shown as text, and stays a field."""
        missing = [at for at, message in enumerate(messages) if message is None]
        if not missing:
            return
        sources = plan.members["message"]
        head = sources[0].paths[0][:1] if sources else ("",)
        values = fields.values(head, missing) if sources else [None] * len(missing)
        for at, value in zip(missing, values, strict=True):
            messages[at] = "" if value is None or value == "" else shown(value)

    def _with_lines(
        self,
        objects: Sequence[_Object],
        lines: dict[int, _Object],
        plan: Plan,
        keys: tuple[str, ...],
        inside: tuple[str, ...],
    ) -> Sequence[Record]:
        rest = [at for at in range(len(objects)) if at not in lines]
        opened = self.by_keys(list(lines.values()), opened=True)
        if not rest:
            return opened
        found = dict(zip(lines, opened, strict=True))
        group = [objects[at] for at in rest]
        own = columns_of(group, keys) or {}
        plain = self._by_plan(group, own, plan, keys, inside, opened=True)
        found.update(zip(rest, plain, strict=True))
        return [found[at] for at in range(len(objects))]

    def _tell(
        self,
        fields: Fields,
        plan: Plan,
        whole: dict[str, _Column],
        lacking: set[str],
    ) -> None:
        """What the record itself left out: from the message's text, then from its surroundings."""
        if self._readers.text:
            if "trace_id" in lacking:
                find_ids(whole)
            read_text(
                fields,
                whole,
                lacking,
                received=self._received,
                offset_minutes=self._readers.offset_minutes,
            )
        for member, around in (
            ("job", "job_around"),
            ("worker", "worker_around"),
            ("timestamp", "read_time"),
        ):
            if member not in lacking:
                continue
            column = whole[member]
            missing = [at for at, value in enumerate(column) if value is None]
            told = self._member(plan.members[around], around, fields, missing)
            for at in missing:
                column[at] = told[at]
            if member == "job":
                read_paths(fields, whole)
        if "timestamp" in lacking:
            times = whole["timestamp"]
            whole["timestamp"] = [time or self._received for time in times]
