"""One batch of objects to records, in columns.

Records of one shape (the same keys in the same order) share a plan that says where each member
is. A member whose whole column is canonical is checked in one go; only what is not is read
value by value.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, Final

from ttsink.bodies.rows import columns_of, without
from ttsink.dialects import path as dialect_path
from ttsink.dialects import text as dialect_text
from ttsink.dialects.fields import MEMBERS, FieldMapping
from ttsink.dialects.line import lines_within
from ttsink.dialects.plan import SOURCE_TYPE, Plan, Plans, Source, deep_shapes
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
from ttwire import trace
from ttwire.record import Record

HEAD: Final = "head"
"""The field that keeps what a logger put in front of a message."""

_Object = dict[str, Any]
_Column = list[Any]
_Columns = dict[str, Sequence[Any]]


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
) -> list[Record]:
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

    def by_keys(self, objects: Sequence[_Object], *, opened: bool) -> list[Record]:
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
        read_group: Callable[[Sequence[_Object], tuple[Any, ...]], list[Record]],
    ) -> list[Record]:
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
        columns: _Columns,
        keys: tuple[str, ...],
        inside: tuple[str, ...],
        *,
        opened: bool,
    ) -> list[Record]:
        told = SOURCE_TYPE in keys
        if not inside and not told:
            plan = self._plans.get((keys,), objects[0], inside)
            return self._by_plan(objects, columns, plan, keys, inside, opened=opened)

        def read_group(group: Sequence[_Object], shape: tuple[Any, ...]) -> list[Record]:
            plan = self._plans.get((keys, inside, shape), group[0], inside)
            own = columns if len(group) == len(objects) else columns_of(group, keys) or {}
            return self._by_plan(group, own, plan, keys, inside, opened=opened)

        return self._grouped(objects, deep_shapes(columns, inside, told=told), read_group)

    def _by_plan(
        self,
        objects: Sequence[_Object],
        columns: _Columns,
        plan: Plan,
        keys: tuple[str, ...],
        inside: tuple[str, ...],
        *,
        opened: bool,
    ) -> list[Record]:
        whole: dict[str, _Column] = {}
        certain: set[str] = set()
        for member, key, rule in plan.first:
            column = self._members[member].column(columns[key], rule)
            if column is not None:
                whole[member] = column if member != "message" else list(column)  # type: ignore[assignment]  # others change only where None is
                certain.add(key)
        objecting = tuple(
            key
            for key in plan.doubtful
            if key not in certain and dict in set(map(type, columns[key]))
        )
        if objecting:
            return self._by_depth(objects, columns, keys, (*inside, *objecting), opened=opened)
        if not opened and self._readers.nested:
            lines = lines_within(objects, columns, plan, self._plans)
            if lines:
                return self._with_lines(objects, lines, plan, keys, inside)
        objects = without(objects, columns, certain)
        partial = [member for member in MEMBERS if member not in whole]
        for member in partial:
            whole[member] = self._member(plan.members[member], member, objects)
        if "message" in partial:
            self._show(plan, objects, whole["message"])
        trim(whole["message"])
        self._tell(objects, plan, whole, {each for each in partial if None in whole[each]})
        return list(
            map(
                Record,
                repeat(""),
                whole["timestamp"],
                repeat(self._received),
                whole["job"],
                whole["worker"],
                whole["queue"],
                whole["attempt"],
                whole["level"],
                whole["message"],
                whole["trace_id"],
                whole["span_id"],
                objects,
                repeat(()),
                repeat(False),
                repeat(False),
                repeat(self._agent),
            )
        )

    def _member(
        self,
        sources: Sequence[Source],
        member: str,
        objects: Sequence[_Object],
        wanted: Sequence[int] | None = None,
    ) -> _Column:
        """A member's value in each object, from the first source that has one, else None."""
        reader = self._members[member]
        found: _Column = [None] * len(objects)
        missing = range(len(objects)) if wanted is None else wanted
        for source in sources:
            if not missing:
                break
            raw = source.column([objects[at] for at in missing])
            if source.form is not None:
                for at, parts in zip(missing, raw, strict=True):
                    found[at] = self._formed(source.form, parts)
            else:
                self._one_source(
                    source, reader, list(zip(missing, raw, strict=True)), objects, found
                )
            missing = [at for at in missing if found[at] is None]
        return found

    def _one_source(
        self,
        source: Source,
        reader: Reader,
        raw: Sequence[tuple[int, Any]],
        objects: Sequence[_Object],
        found: _Column,
    ) -> None:
        said = [(at, value) for at, value in raw if value is not None and value != ""]
        column = reader.column([value for _, value in said], source.rule) if said else None
        if column is not None:
            for (at, _), value in zip(said, column, strict=True):
                found[at] = value
            spent = [at for at, _ in raw]
        else:
            spent = [at for at, value in raw if value is None or value == ""]
            for at, value in said:
                found[at], exact = reader.one(value, source.rule)
                if exact:
                    spent.append(at)
        if source.top is not None:
            for at in spent:
                del objects[at][source.top]

    def _formed(self, form: str, values: tuple[Any, ...]) -> str | None:
        parts = [self._readers.names.part(value) for value in values]
        if None in parts:
            return None
        whole: str | None = self._readers.names.one(form % tuple(parts[: form.count("%s")]), "")[0]
        return whole

    def _show(self, plan: Plan, objects: Sequence[_Object], messages: _Column) -> None:
        """An object or a list in a message's place is shown as text, and stays a field."""
        if None not in messages:
            return
        sources = plan.members["message"]
        for at, message in enumerate(messages):
            if message is None:
                value = objects[at].get(sources[0].paths[0][0]) if sources else None
                messages[at] = "" if value is None or value == "" else shown(value)

    def _with_lines(
        self,
        objects: Sequence[_Object],
        lines: dict[int, _Object],
        plan: Plan,
        keys: tuple[str, ...],
        inside: tuple[str, ...],
    ) -> list[Record]:
        rest = [at for at in range(len(objects)) if at not in lines]
        found = dict(zip(lines, self.by_keys(list(lines.values()), opened=True), strict=True))
        if rest:
            group = [objects[at] for at in rest]
            own = columns_of(group, keys) or {}
            plain = self._by_plan(group, own, plan, keys, inside, opened=True)
            found.update(zip(rest, plain, strict=True))
        return [found[at] for at in range(len(objects))]

    def _tell(
        self,
        objects: Sequence[_Object],
        plan: Plan,
        whole: dict[str, _Column],
        lacking: set[str],
    ) -> None:
        """What the record itself left out: from the message's text, then from its surroundings."""
        if self._readers.text:
            if "trace_id" in lacking:
                self._find_ids(whole)
            self._read_text(objects, whole, lacking)
        for member, around in (
            ("job", "job_around"),
            ("worker", "worker_around"),
            ("timestamp", "read_time"),
        ):
            if member not in lacking:
                continue
            column = whole[member]
            missing = [at for at, value in enumerate(column) if value is None]
            told = self._member(plan.members[around], around, objects, missing)
            for at in missing:
                column[at] = told[at]
            if member == "job":
                self._read_paths(objects, whole)
        if "timestamp" in lacking:
            times = whole["timestamp"]
            whole["timestamp"] = [time or self._received for time in times]

    def _read_paths(self, objects: Sequence[_Object], whole: dict[str, _Column]) -> None:
        """Of records still without a job: what the file they were read from is called."""
        for at, each in enumerate(objects):
            if whole["job"][at] is not None:
                continue
            path = next((each[key] for key in dialect_path.KEYS if key in each), None)
            if type(path) is not str:
                continue
            for member, value in zip(
                ("job", "worker", "attempt"), dialect_path.read(path), strict=True
            ):
                if value is not None and whole[member][at] is None:
                    whole[member][at] = value

    def _find_ids(self, whole: dict[str, _Column]) -> None:
        """Ids in a message's text: `race` of trace, X-Ray's root, a traceparent, in brackets."""
        traces, spans = whole["trace_id"], whole["span_id"]
        for at, message in enumerate(whole["message"]):
            if traces[at] is not None:
                continue
            if "race" in message or "RACE" in message or "Root=" in message or "00-" in message:
                ids = trace.in_text(message)
            elif "[" in message:
                ids = trace.in_brackets(message)
            else:
                continue
            if ids.trace_id is not None:
                traces[at] = ids.trace_id
                if spans[at] is None:
                    spans[at] = ids.span_id

    def _read_text(
        self, objects: Sequence[_Object], whole: dict[str, _Column], lacking: set[str]
    ) -> None:
        members = ("job", "worker", "queue", "level", "timestamp")
        wanted = [member for member in ("job", "level", "timestamp") if member in lacking]
        if wanted:
            for at, message in enumerate(whole["message"]):
                if not message or all(whole[member][at] is not None for member in wanted):
                    continue
                told = dialect_text.read(
                    message, received=self._received, offset_minutes=self._readers.offset_minutes
                )
                each = objects[at]
                if 0 < told.head_chars < len(message) and HEAD not in each:
                    each[HEAD] = message[: told.head_chars].rstrip()
                    whole["message"][at] = message[told.head_chars :]
                for member, value in zip(members, told[:5], strict=True):
                    column = whole[member]
                    if value is not None and column[at] is None:
                        column[at] = _placed(each, value) if member == "worker" else value


def _placed(each: _Object, worker: str) -> str:
    """A process or thread with its host, where the agent said it: each host has a first one."""
    host = each.get("host") or each.get("hostname")
    return f"{host}:{worker}" if type(host) is str and host != worker else worker
