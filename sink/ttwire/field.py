"""The fields a filter knows by name: one table for the parser, the completion and the page."""

from typing import Final, Literal, NamedTuple

from ttwire.level import Level

Kind = Literal["key", "level", "number", "message", "trace", "span", "kinds", "flag", "time"]


class Field(NamedTuple):
    """`aliases` are other spellings that are read; `help` is one line with an example."""

    name: str
    kind: Kind
    help: str
    aliases: tuple[str, ...] = ()


FIELDS: Final = (
    Field("job", "key", "the job, exact or with *: job:email-*, job:none", ("job_id", "jobid")),
    Field("worker", "key", "the worker, exact or with *: worker:w-3", ("worker_id", "workerid")),
    Field("queue", "key", "the queue, exact or with *: queue:mail"),
    Field("attempt", "number", "the number of the try: attempt:2, attempt:>1"),
    Field(
        "level", "level", "the level: level:error, level:>=warn, level:none", ("severity", "lvl")
    ),
    Field("message", "message", "the text, as a bare word does: message:timeout", ("msg",)),
    Field(
        "trace",
        "trace",
        "the trace id in any form, or its start: trace:4bf92f",
        ("trace_id", "traceid", "trace.id"),
    ),
    Field(
        "span", "span", "the span id, or its start: span:00f067aa", ("span_id", "spanid", "span.id")
    ),
    Field("agent", "key", "the agent that sent the record: agent:vector"),
    Field("redacted", "kinds", "records in which a value of this kind was masked: redacted:email"),
    Field("is", "flag", "records flagged so: is:malformed, is:truncated, is:redacted"),
    Field("since", "time", "not older than this: since:5m, since:2026-01-02T03:04"),
    Field("until", "time", "not newer than this: until:5m, until:2026-01-02"),
)

Flag = Literal["malformed", "truncated", "redacted"]
FLAGS: Final[tuple[Flag, ...]] = (
    "malformed",
    "truncated",
    "redacted",
)

BY_NAME: Final = {spelling: field for field in FIELDS for spelling in (field.name, *field.aliases)}
"""Every spelling, in lower case."""

CAN_BE_NONE: Final = frozenset(
    {"job", "worker", "queue", "attempt", "level", "trace", "span", "agent"}
)
"""Members a record can lack: `job:none` keeps the records without one."""

LEVEL_WORDS: Final[dict[str, Level]] = {
    "trace": "trace",
    "trc": "trace",
    "debug": "debug",
    "dbg": "debug",
    "info": "info",
    "inf": "info",
    "information": "info",
    "notice": "info",
    "warn": "warn",
    "wrn": "warn",
    "warning": "warn",
    "error": "error",
    "err": "error",
    "severe": "error",
    "fatal": "fatal",
    "critical": "fatal",
    "crit": "fatal",
    "panic": "fatal",
    "alert": "fatal",
    "emergency": "fatal",
    "emerg": "fatal",
}
