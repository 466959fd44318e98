"""Where the members of records of one shape are: found once per shape, used per column."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ttsink.dialects.fields import MEMBERS, Lists, form, names, squash, wanted
from ttsink.dialects.severity import Scale
from ttsink.dialects.table import Fields

MAX_DEPTH: Final = 5
"""Objects within objects that are looked into."""

MAX_OBJECT_KEYS: Final = 256
"""An object of more members is kept as it is and not looked into."""

MAX_SOURCES: Final = 8
"""Places tried for one member of one record."""

MAX_PLANS: Final = 4096
"""Shapes remembered. Full, all are forgotten: those in use are back with the next batch."""

READ_BY_AGENT: Final = frozenset(
    ("demo_logs", "exec", "file", "file_descriptor", "http_server", "socket", "stdin")
)
"""Vector sources whose `timestamp` is the time they read the line at."""

ALSO_A_FIELD: Final = frozenset(("event", "type"))
"""Names whose value stays a field when it is a member: it may say a job's state too, and the
type of a Kubernetes event is more than a level."""

SOURCE_TYPE: Final = "source_type"

_IDS: Final = frozenset(("trace_id", "span_id"))

Path = tuple[str, ...]


class Source(NamedTuple):
    """One place a member may be read from.

    `paths` are the keys as this shape spells them. With a `form` the texts of the paths fill
    it; without, there is one path. With `wanted` the last path must hold that. `rule` is how
    the value is to be read. `top` is the key that is taken out of the record when the member
    says all that was there.
    """

    paths: tuple[Path, ...]
    form: str | None
    rule: str
    top: str | None
    wanted: str | None = None

    def column(self, fields: Fields, places: Sequence[int]) -> Sequence[Any]:
        """The values in the objects at these places; for a form a tuple of them."""
        if self.form is None:
            return fields.values(self.paths[0], places)
        rows = list(zip(*(fields.values(path, places) for path in self.paths), strict=True))
        if self.wanted is None:
            return rows
        nothing = (None,) * len(self.paths)
        return [
            row if type(row[-1]) is str and squash(row[-1]) == self.wanted else nothing
            for row in rows
        ]


class Plan(NamedTuple):
    """The sources of every member, in the order they are tried.

    `doubtful` are keys that could hold an object with members in it: who reads a column of
    one sees that it does not, or asks for a plan that has the key among `inside`.
    """

    members: dict[str, tuple[Source, ...]]
    doubtful: tuple[str, ...]
    first: tuple[tuple[str, str, str], ...]
    """Member, key and rule where the first source is a key that may be taken out."""


def inside(record: dict[str, Any], lists: Lists) -> tuple[str, ...]:
    """The keys whose own keys belong to the shape for sure."""
    return tuple(
        key for key, value in record.items() if type(value) is dict and squash(key) in lists.starts
    )


def deep_shape(
    columns: Mapping[str, Sequence[Any]], keys: Sequence[str], *, told: bool
) -> tuple[Any, ...] | None:
    """The one of `deep_shapes` where all are the same, as nearly always in a batch; else None."""
    parts = [_common(columns[key], MAX_DEPTH) for key in keys]
    if told:
        try:
            types = set(map(_is_read_by_agent, set(columns[SOURCE_TYPE])))
        except TypeError:  # an object or a list among them
            return None
        parts.append(types.pop() if len(types) == 1 else _MIXED)
    return None if _MIXED in parts else tuple(parts)


_MIXED: Final = object()


def _common(values: Sequence[Any], depth: int) -> Any:
    """What `_shape` tells of each of these values, if it is the same of all."""
    kinds = set(map(type, values))
    if dict not in kinds:
        return None
    if len(kinds) > 1:
        return _MIXED
    keys = tuple(values[0])
    if set(map(tuple, values)) != {keys}:
        return _MIXED
    if len(keys) > MAX_OBJECT_KEYS or not depth:
        return None
    parts: list[Any] = list(keys)
    for key, column in zip(keys, zip(*map(dict.values, values), strict=True), strict=True):
        if dict in set(map(type, column)):
            shape = _common(column, depth - 1)
            if shape is _MIXED:
                return _MIXED
            parts.append((key, shape))
    return tuple(parts)


def deep_shapes(
    columns: Mapping[str, Sequence[Any]], keys: Sequence[str], *, told: bool
) -> list[tuple[Any, ...]]:
    """What records must have in common, below their own keys, to share a plan."""
    parts: list[list[Any]] = [[_shape(value, MAX_DEPTH) for value in columns[key]] for key in keys]
    if told:
        parts.append([_is_read_by_agent(value) for value in columns[SOURCE_TYPE]])
    return list(zip(*parts, strict=True))


def _is_read_by_agent(source_type: Any) -> bool:
    return type(source_type) is str and source_type in READ_BY_AGENT


def _shape(value: Any, depth: int) -> Any:
    if type(value) is not dict or len(value) > MAX_OBJECT_KEYS or not depth:
        return None
    if dict not in set(map(type, value.values())):
        return tuple(value)
    return (
        *value,
        *((key, _shape(inner, depth - 1)) for key, inner in value.items() if type(inner) is dict),
    )


def _paths(value: dict[str, Any], depth: int) -> Iterator[Path]:
    for key, inner in value.items():
        yield (key,)
        if type(inner) is dict and len(inner) <= MAX_OBJECT_KEYS and depth:
            for path in _paths(inner, depth - 1):
                yield (key, *path)


def build(record: dict[str, Any], keys: Sequence[str], lists: Lists) -> Plan:
    """The plan of every record of this record's shape, looking into the objects at `keys`."""
    index: dict[str, list[Path]] = {}
    for key, value in record.items():
        index.setdefault(squash(key), []).append((key,))
        if key in keys and type(value) is dict and len(value) <= MAX_OBJECT_KEYS:
            for path in _paths(value, MAX_DEPTH - 1):
                index.setdefault(squash("".join((key, *path))), []).append((key, *path))
    dotted = {
        squash(scope) for paths in index.values() for path in paths for scope in _dotted(path)
    }
    beside = frozenset(index)
    for paths in index.values():
        paths.sort()  # the same whatever the order of the keys
    members: dict[str, tuple[Source, ...]] = {}
    for member in (*MEMBERS, "job_around", "worker_around", "read_time"):
        scopes = lists.id_scopes if member in _IDS else lists.scopes
        here = [scope for scope in scopes if scope in index or scope in dotted]
        found = _sources(member, getattr(lists, member), index, here, beside)
        members[member] = tuple(found[:MAX_SOURCES])
    if _is_read_by_agent(record.get(SOURCE_TYPE)):
        late = [source for source in members["timestamp"] if source.top == "timestamp"]
        own = [source for source in members["timestamp"] if source.top != "timestamp"]
        members["timestamp"] = tuple(own)
        members["read_time"] = (*late, *members["read_time"])
    _share(members)
    doubtful = tuple(key for key in record if key not in keys and squash(key) in lists.starts)
    first = tuple(
        (member, sources[0].top, sources[0].rule)
        for member in MEMBERS
        if (sources := members[member]) and sources[0].top is not None
    )
    return Plan(members, doubtful, first)


def _dotted(path: Path) -> Iterator[str]:
    """The objects a key with dots in it names: `mdc` of `mdc.traceId`."""
    *outer, key = path
    place = key.find(".")
    while place > 0:
        yield "".join((*outer, key[:place]))
        place = key.find(".", place + 1)


def _share(members: dict[str, tuple[Source, ...]]) -> None:
    """A key that several places need stays where it is; so do a record's surroundings."""
    uses: dict[str, int] = {}
    for sources in members.values():
        for source in sources:
            for path in source.paths:
                uses[path[0]] = uses.get(path[0], 0) + 1
    for member, sources in members.items():
        members[member] = tuple(
            source._replace(top=None)
            if source.top and (uses[source.top] > 1 or member.endswith("_around"))
            else source
            for source in sources
        )


def _sources(
    member: str,
    entries: Sequence[str],
    index: dict[str, list[Path]],
    here: Sequence[str],
    beside: frozenset[str],
) -> list[Source]:
    found: list[Source] = []
    for scope in ("", *here):
        for entry in entries:
            needed = names(entry)
            shape = form(entry)
            places = [_place(name, scope, here, index) for name in needed]
            if not all(places) or (scope and not any(scope + name in index for name in needed)):
                continue
            paths = tuple(place[0] for place in places if place)
            if shape is not None:
                value = wanted(entry)
                shown = paths[: shape.count("%s") + (value is not None)]
                found.append(Source(shown, shape, "", None, value))
                continue
            name_of = needed[0]
            for path in places[0] or ():
                rule = _rule(member, name_of, path, beside)
                if rule is not None:
                    taken = len(path) == 1 and name_of not in ALSO_A_FIELD
                    top = path[0] if taken else None
                    found.append(Source((path,), None, rule, top))
    return list(dict.fromkeys(found))


def _place(
    name: str, scope: str, scopes: Sequence[str], index: dict[str, list[Path]]
) -> list[Path] | None:
    """Where a name is: in this scope, in the record, in any other; a form may mix them."""
    for within in (scope, "", *scopes) if scope else ("",):
        if (found := index.get(within + name)) is not None:
            return found
    return None


_SCALES: Final[dict[str, Scale]] = {
    "severitynumber": "otel",
    "levelno": "python",
    "syslogseverity": "syslog",
    "logsyslogseveritycode": "syslog",
    "priority": "syslog",
}
_PYTHON: Final = frozenset(
    ("levelno", "levelname", "processname", "threadname", "pathname", "funcname")
)
_PINO: Final = frozenset(("pid", "hostname"))
_GELF: Final = frozenset(("version", "shortmessage"))
_SYSLOG: Final = frozenset(("facility", "appname", "procid", "syslogidentifier"))
# Names a job is part of, and the rule by which `Names` reads it.
_DERIVED: Final[dict[str, str]] = {
    "involvedobjectname": "pod",
    "regardingname": "pod",
    "k8sobjectname": "pod",
    "kubernetespodname": "pod",
    "k8spodname": "pod",
    "kubernetespodowner": "owner",
}


def _rule(member: str, name: str, path: Path, beside: frozenset[str]) -> str | None:
    """How a value is to be read; None when what stands beside it says that it is another."""
    if member == "job_around":
        return _DERIVED.get(name, "")
    if member == "level":
        if name == "priority" and path[-1] != "PRIORITY" and not beside & _SYSLOG:
            return None  # a job's priority, not a severity
        if name in _SCALES:
            return _SCALES[name]
        if beside >= _GELF:
            return "syslog"
        if beside >= {"levelname", "channel"}:
            return "monolog"
        if beside >= _PINO:
            return "pino"
        return "python" if beside & _PYTHON else "text"
    if member in {"trace_id", "span_id", "attempt"}:
        return name
    return ""


class Plans:
    """The plans of the shapes met so far; `built` counts the ones that had to be made."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._known: dict[Any, Plan] = {}
        self._inside: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._naming: dict[tuple[str, ...], bool] = {}
        named = [names(entry) for entry in lists.message]
        self._messages = frozenset(name for name, *others in named if not others)
        self._messages_beside = [each for each in named if len(each) > 1]
        self.built = 0

    def names_message(self, record: dict[str, Any]) -> bool:
        """Whether a message is among the record's own keys."""
        own = tuple(record)
        found = self._naming.get(own)
        if found is None:
            if len(self._naming) >= MAX_PLANS:
                self._naming.clear()
            found = self._naming[own] = self._names_message(tuple(map(squash, own)))
        return found

    def _names_message(self, keys: tuple[str, ...]) -> bool:
        return not self._messages.isdisjoint(keys) or any(
            name in keys and all(other.startswith(keys) for other in others)
            for name, *others in self._messages_beside
        )

    def inside(self, keys: tuple[str, ...], record: dict[str, Any]) -> tuple[str, ...]:
        """`inside` of the first record met with these keys, for all that have them."""
        found = self._inside.get(keys)
        if found is None:
            if len(self._inside) >= MAX_PLANS:
                self._inside.clear()
            found = self._inside[keys] = inside(record, self._lists)
        return found

    def get(self, shape: tuple[Any, ...], record: dict[str, Any], keys: Sequence[str]) -> Plan:
        """The plan of a shape: the keys of `record`, `keys` among them, `deep_shape` of these."""
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= MAX_PLANS:
                self._known.clear()
            found = self._known[shape] = build(record, keys, self._lists)
            self.built += 1
        return found
