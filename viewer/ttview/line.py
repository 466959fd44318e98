"""A record as lines of text, for output that is read by people or programs and not by a screen."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import msgspec

from ttview import sanitise
from ttwire.gap import Gap
from ttwire.record import Record

Format = Literal["text", "json", "logfmt"]

MAX_MESSAGE_LINES: Final = 1_000
"""Of one record: a stack trace has some hundreds; a record of 256 KiB of line feeds has more."""

MAX_TEXT_CHARACTERS: Final = 1_000_000
"""Of one record's message in text; a sink cuts records at 256 KiB."""

_COLORS: Final = {"trace": 2, "debug": 2, "info": 32, "warn": 33, "error": 31, "fatal": 35}
_BARE: Final = frozenset("=\" \\'")


def text(record: Record, *, color: bool = False) -> str:
    """One line, and an indented one for each further line of the message; no control in it."""
    level = (record.level or "-").upper()
    first, *rest = sanitise.visible_lines(
        record.message, MAX_MESSAGE_LINES, limit=MAX_TEXT_CHARACTERS
    )
    shown = f"{sanitise.visible(level):<5}"
    if color:
        shown = f"\x1b[{_COLORS.get(record.level or '', 0)}m{shown}\x1b[0m"
    places = " ".join(
        sanitise.visible(place) for place in (record.job, record.worker) if place is not None
    )
    parts = [sanitise.visible(record.timestamp or record.received), shown, places, first]
    if record.attempt is not None and record.attempt > 1:
        parts.append(f"attempt={record.attempt}")
    if record.trace_id is not None:
        parts.append(f"trace={sanitise.visible(record.trace_id)}")
    if record.redacted:
        parts.append(f"redacted={sanitise.visible(','.join(record.redacted))}")
    parts += [word for word in ("truncated", "malformed") if getattr(record, word)]
    lines = [" ".join(part for part in parts if part), *(f"    {line}" for line in rest)]
    return "\n".join(lines)


def logfmt(record: Record) -> str:
    """`key=value` pairs in the record's own order; nested fields by their dotted path."""
    pairs: list[str] = []
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if value is None or value is False or value in ("", (), {}):
            continue
        if name == "fields":
            pairs += (_pair(key, inner) for key, inner in flat(value))
        elif name == "redacted":
            pairs.append(_pair(name, ",".join(value)))
        else:
            pairs.append(_pair(name, value))
    return " ".join(pairs)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Iterative: a record may be nested a thousand deep."""
    stack = [(path, value)]
    while stack:
        at, found = stack.pop()
        if isinstance(found, dict) and found:
            inner = [(f"{at}.{key}" if at else str(key), item) for key, item in found.items()]
            stack.extend(reversed(inner))
        else:
            yield at, found


def _pair(key: str, value: Any) -> str:
    name = "".join("_" if c in _BARE else c for c in sanitise.visible(key)) or "_"
    if isinstance(value, bool):
        return f"{name}={'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f"{name}={value}"
    if value is None:
        return f"{name}=null"
    word = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if word and word.isprintable() and not _BARE.intersection(word):
        return f"{name}={sanitise.visible(word, MAX_TEXT_CHARACTERS)}"
    return f"{name}={safe_json(json.dumps(word, ensure_ascii=False))}"


def safe_json(line: str) -> str:
    """The same JSON with what a terminal would act on as escapes; it decodes to the same value."""
    if line.isprintable() and sanitise.visible(line, len(line)) == line:
        return line
    return line.translate(_Escapes())


class _Escapes(dict[int, str]):
    """For str.translate: everything that is not ASCII, and DEL, as JSON escapes."""

    def __missing__(self, code: int) -> str:
        if 0x20 <= code < 0x7F:
            shown = chr(code)
        elif code < 0x10000:
            shown = f"\\u{code:04x}"
        else:
            high, low = divmod(code - 0x10000, 0x400)
            shown = f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        return shown


def writer(form: Format, *, terminal: bool, color: bool) -> Callable[[Record, bytes], bytes]:
    """Makes lines, with their line ends, of a record and the JSON it came in.

    JSON for a pipe is the sink's bytes; for a terminal it is the same value, spelled safely.
    """
    if form == "json":
        if terminal:
            return lambda _, raw: safe_json(raw.decode("utf-8", "replace")).encode() + b"\n"
        return lambda _, raw: raw + b"\n"
    if form == "logfmt":
        return lambda record, _: (logfmt(record) + "\n").encode("utf-8", "replace")
    return lambda record, _: (text(record, color=color) + "\n").encode("utf-8", "replace")


def gap(found: Gap) -> str:
    """A hole in the stream, for standard error."""
    count = f"{found.lost:,}" if found.lost is not None else "an unknown number of"
    bound = "" if found.exact or found.lost is None else "at most "
    why = {
        "evicted": "the sink let them go before they were read",
        "restart": "the sink started its numbering anew",
        "rate": "left out to keep the pace",
        "unknown_id": "the sink does not know the id to go on from",
    }[found.reason]
    return f"{bound}{count} records are missing here: {why}"
