"""What a record tells beside its text: its fields, its stack trace, its first line of use."""

from itertools import islice
from typing import Any, Final

from ttview.sanitise import MAX_SHOWN_CHARACTERS
from ttwire.record import Record

MAX_INLINE_FIELDS: Final = 16
"""Fields drawn after a message before the edge of any screen is reached anyway."""

_STACKS: Final = ("stack", "stacktrace", "stack_trace", "exception", "traceback", "exc_info")
"""Fields in which loggers put a stack trace; they fold with the message."""

_PLUMBING: Final = frozenset(
    {
        *("date", "time", "timestamp", "@timestamp", "ts", "@version"),
        *("stream", "_p", "logtag", "tag", "file", "path", "log.file.path", "offset"),
        *("host", "hostname", "source_type", "source_id", "port", "input", "ecs"),
        *("container_id", "container_name", "container_created_at", "image", "label"),
        *("kubernetes", "docker", "pod", "namespace", "node"),
    }
)
"""Fields that agents add to every record: in the record pane, but not after every message."""

_TRACEBACK: Final = "Traceback (most recent call last)"


def headline(message: str, room: int) -> str:
    """The line that stands for a message: the first, or of a Python traceback the error.

    At most `room` characters are looked at from the end the line is at.
    """
    if message.startswith(_TRACEBACK):
        tail = message[-room:].rstrip()
        last = tail.rpartition("\n")[2].strip()
        if last and not last.startswith("^"):
            return last
    end = message.find("\n", 0, room)
    return (message[:room] if end < 0 else message[:end]).rstrip("\r")


def inline(record: Record) -> list[tuple[str, Any]]:
    """The fields worth a place after the message."""
    found = (
        (str(name), value)
        for name, value in record.fields.items()
        if name not in _PLUMBING and name not in _STACKS
    )
    return list(islice(found, MAX_INLINE_FIELDS))


def member(record: Record, name: str) -> Any:
    """A member of the record by column name; `@a.b` looks into the fields, as they nest."""
    if not name.startswith("@"):
        return getattr(record, "trace_id" if name == "trace" else name, None)
    path = name[1:]
    fields: Any = record.fields
    if path in fields:
        return fields[path]
    for step in path.split("."):
        if not isinstance(fields, dict) or step not in fields:
            return None
        fields = fields[step]
    return fields


def spelled(value: Any, limit: int) -> str:
    """A field's value in at most about `limit` characters; nested ones by their size."""
    match value:
        case str():
            return value[:limit]
        case True | False | None:
            return {True: "true", False: "false", None: "null"}[value]
        case dict():
            return f"{{{len(value)}}}"
        case list():
            return f"[{len(value)}]"
        case _:
            return str(value)[:limit]


def stacks(record: Record) -> list[str]:
    """Stack traces among the fields."""
    found = (record.fields.get(name) for name in _STACKS) if record.fields else ()
    return [one for one in found if isinstance(one, str)]


def folded_lines(record: Record) -> int:
    """Lines of a record that its one row does not show."""
    more = record.message.count("\n", 0, MAX_SHOWN_CHARACTERS)
    if record.fields:
        more += sum(1 + one.count("\n", 0, MAX_SHOWN_CHARACTERS) for one in stacks(record))
    return more
