"""What a record itself left out, from what is around it: its message's text, its file's path."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ttsink.dialects import path as dialect_path
from ttsink.dialects import text as dialect_text
from ttsink.dialects.table import Fields
from ttwire import trace

HEAD: Final = "head"
"""The field that keeps what a logger put in front of a message."""

_Columns = Mapping[str, list[Any]]


def read_paths(fields: Fields, whole: _Columns) -> None:
    """Of records still without a job: what the file they were read from is called."""
    paths = _paths(fields)
    told = {path: dialect_path.read(path) for path in {each for each in paths if type(each) is str}}
    if not any(map(any, told.values())):
        return
    for at, path in enumerate(paths):
        if whole["job"][at] is not None or type(path) is not str:
            continue
        for member, value in zip(("job", "worker", "attempt"), told[path], strict=True):
            if value is not None and whole[member][at] is None:
                whole[member][at] = value


def _paths(fields: Fields) -> Sequence[Any]:
    keys = fields.keys
    if keys is None or sum(key in keys for key in dialect_path.KEYS) > 1:
        return [
            next((each[key] for key in dialect_path.KEYS if key in each), None)
            for each in fields.objects()
        ]
    key = next((key for key in dialect_path.KEYS if key in keys), None)
    return fields.values((key,), range(len(fields))) if key is not None else []


_ID_MARKS: Final = ("[", "race", "RACE", "Root=", "00-")


def find_ids(whole: _Columns) -> None:
    """Ids in a message's text: `race` of trace, X-Ray's root, a traceparent, in brackets."""
    joined = "\n".join(whole["message"])
    if not any(mark in joined for mark in _ID_MARKS):
        return
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


def read_text(
    fields: Fields, whole: _Columns, lacking: set[str], *, received: str, offset_minutes: int
) -> None:
    """What loggers put in front of a message: time, level, the process's name."""
    members = ("job", "worker", "queue", "level", "timestamp")
    wanted = [member for member in ("job", "level", "timestamp") if member in lacking]
    if not wanted:
        return
    messages = whole["message"]
    for at in dialect_text.candidates(messages):
        message = messages[at]
        if all(whole[member][at] is not None for member in wanted):
            continue
        told = dialect_text.read(message, received=received, offset_minutes=offset_minutes)
        if 0 < told.head_chars < len(message) and HEAD not in fields[at]:
            fields.own()[at][HEAD] = message[: told.head_chars].rstrip()
            messages[at] = message[told.head_chars :]
        for member, value in zip(members, told[:5], strict=True):
            column = whole[member]
            if value is not None and column[at] is None:
                column[at] = _placed(fields[at], value) if member == "worker" else value


def _placed(each: dict[str, Any], worker: str) -> str:
    """A process or thread with its host, where the agent said it: each host has a first one."""
    host = each.get("host") or each.get("hostname")
    return f"{host}:{worker}" if type(host) is str and host != worker else worker
