"""The fields a filter knows by name: one table for the parser, the completion and the page."""

from typing import Final, Literal, NamedTuple

from ttwire.level import Level

Kind = Literal["key", "level", "number", "message", "trace", "span", "kinds", "flag", "time"]


class Field(NamedTuple):
    """`help` is one line without markup; `aliases` are other spellings that are read."""

    name: str
    kind: Kind
    help: str
    examples: tuple[str, ...]
    aliases: tuple[str, ...] = ()


FIELDS: Final = (
    Field(
        "job", "key", "the job", ("job:email-17", "job:email-*", "job:none"), ("job_id", "jobid")
    ),
    Field("worker", "key", "the worker", ("worker:w-3",), ("worker_id", "workerid")),
    Field("queue", "key", "the queue", ("queue:mail",)),
    Field("attempt", "number", "the number of the try", ("attempt:2", "attempt:>1")),
    Field(
        "level",
        "level",
        "the level",
        ("level:error", "level:>=warn", "level:none"),
        ("severity", "lvl"),
    ),
    Field("message", "message", "the text, as a bare word", ("message:timeout",), ("msg",)),
    Field(
        "trace",
        "trace",
        "the trace id in any form, or its start",
        ("trace:4bf92f", "trace:none"),
        ("trace_id", "traceid", "trace.id"),
    ),
    Field(
        "span",
        "span",
        "the span id, or its start",
        ("span:00f067aa0ba902b7",),
        ("span_id", "spanid", "span.id"),
    ),
    Field("agent", "key", "the agent that sent the record", ("agent:vector",)),
    Field("redacted", "kinds", "a value of this kind was masked", ("redacted:email", "redacted:*")),
    Field(
        "is", "flag", "the record is flagged so", ("is:malformed", "is:truncated", "is:redacted")
    ),
    Field("since", "time", "not older than this", ("since:5m", "since:2026-01-02T03:04")),
    Field("until", "time", "not newer than this", ("until:5m", "until:2026-01-02")),
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


class Form(NamedTuple):
    """One way to say something in a filter; `example` is a whole filter."""

    example: str
    help: str


FORMS: Final = (
    Form("timeout", "the message holds the word, in any case"),
    Form('"timed out"', "the message holds the phrase; curly quotes do as well"),
    Form("time*out", "`*` stands for anything, also in values"),
    Form(r"/retry \d+/", "the message matches the RE2 pattern; `/retry/i` in any case"),
    Form("error timeout", "both; `AND` and `&&` say the same"),
    Form("error OR timeout", "either; `||` says the same"),
    Form("-healthcheck", "leaves out; `!healthcheck` and `NOT healthcheck` say the same"),
    Form("(a OR b) -(c d)", "groups"),
    Form("job:email-17", "the field is exactly this; `job=email-17` says the same"),
    Form("job!=email-17", "the field is not this, or is not there"),
    Form("job~=mail", "the field holds this, in any case"),
    Form("job:/^e.*[0-9]$/", "the field matches the RE2 pattern; `job:~` and `job=~` do as well"),
    Form("job:(a OR b)", "a group of values for one field"),
    Form("job:none", "the record has no job"),
    Form("job:*", "the record has a job"),
    Form("@customer.tier:gold", "any other field, by its path"),
    Form('@"a key":x', "a path with spaces goes in quotes"),
    Form("@status:[500 TO 599]", "from the one to the other, both included; `*` is an open end"),
    Form("@status:>=500", "compares numbers; also `>`, `<`, `<=`"),
    Form("@duration_ms:>1.5s", "compares durations and sizes: `ns us ms s m h d w`, `B kB MB GiB`"),
)
