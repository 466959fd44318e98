"""The mapping in force: the built-in lists, with what the configuration adds or replaces."""

import difflib
import re
from typing import Annotated, Final, Literal, get_args

import msgspec

from ttsink.dialects.presets import PRESETS
from ttsink.section import Section, option

Member = Literal[
    "job", "worker", "queue", "attempt", "level", "message", "timestamp", "trace_id", "span_id"
]
MEMBERS: Final[tuple[Member, ...]] = get_args(Member)

MAX_ENTRIES: Final = 200
"""Entries a configuration may add to one list: each costs time for every new shape."""

SCOPES: Final[tuple[str, ...]] = (
    "attributes",
    "fields",
    "extra",
    "context",
    "ctx",
    "mdc",
    "contextMap",
    "thread_context",
    "labels",
    "data",
    "app",
    "json",
    "message",
    "log",
    "event",
    "metadata",
    "meta",
    "parent",
    "contexts.trace",
    "record",
    "record.extra",
    "record.time",
    "temporal_activity",
    "temporal_workflow",
    "resources",
    "resource.attributes",
    "resource",
    "scope.attributes",
    "object",
    "message.object",
)
"""Objects whose members are read as if they stood in the record itself, in this order."""

ID_SCOPES: Final[tuple[str, ...]] = (
    "trace",
    "span",
    "traceContext",
    "spanContext",
    "properties",
    "scope",
    "headers",
    "request.headers",
    "req.headers",
    "http.headers",
    "http.request.headers",
    "http.request.header",
    "attributes.http.request.header",
)
"""Objects read for trace and span ids only, behind SCOPES: a `host` or a `date` among a request's
headers is the request's."""

PLACEHOLDERS: Final[tuple[str, ...]] = (
    "",
    "-",
    "--",
    "-1",
    "?",
    "???",
    "0",
    "null",
    "nil",
    "none",
    "undefined",
    "unknown",
    "n/a",
    "<nil>",
    "<none>",
    "<unknown>",
)
"""Texts that stand for no value, in any case; so does a text of nothing but zeros."""

LEVEL: Final[tuple[str, ...]] = (
    "severity_number",
    "levelname",
    "level_name",
    "severity_text",
    "log.level",
    "level",
    "lvl",
    "severity",
    "loglevel",
    "@l",
    "record.level.name",
    "levelno",
    "syslog.severity",
    "log.syslog.severity.code",
    "priority",
    "type with involvedObject.kind",
    "type with regarding.kind",
)
TRACE_ID: Final[tuple[str, ...]] = (
    "trace_id",
    "trace",
    "otelTraceID",
    "otel.trace_id",
    "@tr",
    "traceparent",
    "dd.trace_id",
    "logging.googleapis.com/trace",
    "b3",
    "x-b3-traceid",
    "uber-trace-id",
    "x-cloud-trace-context",
    "sentry-trace",
    "xray_trace_id",
    "x-amzn-trace-id",
    "_X_AMZN_TRACE_ID",
    "operation_Id",
    "request-id",
)
SPAN_ID: Final[tuple[str, ...]] = (
    "span_id",
    "span",
    "otelSpanID",
    "otel.span_id",
    "@sp",
    "traceparent",
    "dd.span_id",
    "logging.googleapis.com/spanId",
    "b3",
    "x-b3-spanid",
    "uber-trace-id",
    "x-cloud-trace-context",
    "sentry-trace",
    "operation_ParentId",
    "request-id",
)


class FieldMapping(Section, frozen=True):
    """The `[fields]` table of the configuration.

    Each list is tried before the built-in one; a member named in `only` has no built-in one.
    `presets` switches a job system or an agent off (`airflow = false`). `read_time` says what
    the time an agent read a line at is worth: `fallback` uses it for a record without a time
    of its own, `never` does not use it. `utc_offset_minutes` holds for times without a zone.
    """

    job: Annotated[
        tuple[str, ...], option("Fields that hold the job, tried before the built-in ones.")
    ] = ()
    worker: Annotated[
        tuple[str, ...], option("Fields that hold the worker, tried before the built-in ones.")
    ] = ()
    queue: Annotated[
        tuple[str, ...], option("Fields that hold the queue, tried before the built-in ones.")
    ] = ()
    attempt: Annotated[
        tuple[str, ...], option("Fields that hold the attempt, tried before the built-in ones.")
    ] = ()
    level: Annotated[
        tuple[str, ...], option("Fields that hold the level, tried before the built-in ones.")
    ] = ()
    message: Annotated[
        tuple[str, ...], option("Fields that hold the message, tried before the built-in ones.")
    ] = ()
    timestamp: Annotated[
        tuple[str, ...], option("Fields that hold the timestamp, tried before the built-in ones.")
    ] = ()
    trace_id: Annotated[
        tuple[str, ...], option("Fields that hold the trace id, tried before the built-in ones.")
    ] = ()
    span_id: Annotated[
        tuple[str, ...], option("Fields that hold the span id, tried before the built-in ones.")
    ] = ()
    scopes: Annotated[
        tuple[str, ...], option("Objects whose members are read as the record's own.")
    ] = ()
    placeholders: Annotated[tuple[str, ...], option("More texts that stand for no value.")] = ()
    only: Annotated[
        tuple[Member, ...], option("Members for which the built-in fields are not tried.")
    ] = ()
    presets: Annotated[
        dict[str, bool], option("Job systems and agents to switch off, as {airflow = false}.")
    ] = msgspec.field(default_factory=dict)
    read_time: Annotated[
        Literal["fallback", "never"],
        option("Whether the time an agent read a line at stands in for a missing one."),
    ] = "fallback"
    utc_offset_minutes: Annotated[
        int, option("Zone of times that name none, in minutes east of UTC.")
    ] = 0
    nested: Annotated[bool, option("Read an application's JSON or logfmt inside a message.")] = True
    text: Annotated[bool, option("Read job, level and trace id from a message's own words.")] = True

    def __post_init__(self) -> None:
        for name in self.presets:
            if name not in PRESETS:
                near = difflib.get_close_matches(name, PRESETS, n=1)
                hint = f"; the nearest is {near[0]!r}" if near else ""
                raise ValueError(f"presets: no preset is named {name!r}{hint}")
        for member in MEMBERS:
            entries: tuple[str, ...] = getattr(self, member)
            if len(entries) > MAX_ENTRIES:
                raise ValueError(f"{member}: {len(entries)} entries, at most {MAX_ENTRIES}")
            for entry in entries:
                if not all(names(entry)) or not names(entry):
                    raise ValueError(
                        f"{member}: {entry!r} names no field; write job_id or {{name}}[{{id}}]"
                    )
        if not -840 <= self.utc_offset_minutes <= 840:
            raise ValueError(
                f"utc_offset_minutes: {self.utc_offset_minutes} is no offset, -840 to 840"
            )

    def all_placeholders(self) -> tuple[str, ...]:
        return (*self.placeholders, *PLACEHOLDERS)


_NAMED: Final = re.compile(r"\{([^{}]*)\}")


def names(entry: str) -> tuple[str, ...]:
    """The fields an entry needs: those in braces or the entry itself, then those after `with`."""
    shown, _, also = entry.partition(" with ")
    needed = (squash(also.partition("=")[0]),) if also else ()
    if "{" not in shown and "}" not in shown:
        return (squash(shown), *needed)
    return (*(squash(name) for name in _NAMED.findall(shown)), *needed)


def form(entry: str) -> str | None:
    """The `%s` form of an entry with braces, None for a plain name."""
    shown = entry.partition(" with ")[0]
    return _NAMED.sub("%s", shown.replace("%", "%%")) if "{" in shown else None


def wanted(entry: str) -> str | None:
    """What the field after `with` must hold, as `squash` writes it; None if anything will do."""
    _, is_told, value = entry.partition(" with ")[2].partition("=")
    return squash(value) if is_told else None


_SEPARATORS: Final = str.maketrans("", "", "._-/ ")


def squash(name: str) -> str:
    """A field's name without what writers disagree on: case and separators."""
    return name.translate(_SEPARATORS).lower()


class Lists(msgspec.Struct, frozen=True):
    """Every list in force, built once. `around` lists are tried after the message's text."""

    job: tuple[str, ...]
    worker: tuple[str, ...]
    queue: tuple[str, ...]
    attempt: tuple[str, ...]
    level: tuple[str, ...]
    message: tuple[str, ...]
    timestamp: tuple[str, ...]
    trace_id: tuple[str, ...]
    span_id: tuple[str, ...]
    job_around: tuple[str, ...]
    worker_around: tuple[str, ...]
    read_time: tuple[str, ...]
    scopes: tuple[str, ...]
    id_scopes: tuple[str, ...]
    """Where trace and span ids are looked for: `scopes`, then headers."""
    starts: frozenset[str]
    """What the name of an object must be for a member to be inside it."""


def lists(mapping: FieldMapping) -> Lists:
    """The configured entries, then `job` and its like, then the presets', fullest form first."""
    on = [preset for name, preset in PRESETS.items() if mapping.presets.get(name, True)]

    def joined(member: Member, *fixed: str) -> tuple[str, ...]:
        own: tuple[str, ...] = getattr(mapping, member)
        if member in mapping.only:
            return own
        built_in = [entry for preset in on for entry in getattr(preset, member, ())]
        built_in.sort(key=lambda entry: -len(names(entry)))
        return tuple(dict.fromkeys((*own, *fixed, *built_in)))

    def around(member: str) -> tuple[str, ...]:
        if member.partition("_")[0] in mapping.only:
            return ()
        return tuple(dict.fromkeys(entry for preset in on for entry in getattr(preset, member)))

    scopes = tuple(squash(scope) for scope in (*mapping.scopes, *SCOPES))
    found = Lists(
        job=joined("job", "job"),
        worker=joined("worker", "worker"),
        queue=joined("queue", "queue"),
        attempt=joined("attempt", "attempt"),
        level=joined("level", *LEVEL),
        message=joined("message"),
        timestamp=joined("timestamp"),
        trace_id=joined("trace_id", *TRACE_ID),
        span_id=joined("span_id", *SPAN_ID),
        job_around=around("job_around"),
        worker_around=around("worker_around"),
        read_time=around("read_time") if mapping.read_time == "fallback" else (),
        scopes=scopes,
        id_scopes=(*scopes, *map(squash, ID_SCOPES)),
        starts=frozenset(),
    )
    named = {
        name
        for member in (*MEMBERS, "job_around", "worker_around", "read_time")
        for entry in getattr(found, member)
        for name in names(entry)
    }
    inside = {name[:end] for name in named for end in range(1, len(name))}
    around_them = {scope[:end] for scope in found.id_scopes for end in range(1, len(scope) + 1)}
    return msgspec.structs.replace(found, starts=frozenset(inside | around_them))
