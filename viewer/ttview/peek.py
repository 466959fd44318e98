"""The record pane: every member and field of one record as a tree, one line each."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from ttview import columns, marking, times
from ttview.marking import Fragment
from ttview.rows import Link, Look, Row, clipped
from ttview.sanitise import visible, visible_lines
from ttview.style import key_class
from ttwire.account import Account
from ttwire.record import Record

MAX_LINES: Final = 2_000
"""Of one record; a line past it says how many fields are left out."""

MAX_DEPTH: Final = 32
"""Nesting drawn as a tree; deeper values are shown as JSON on one line."""

MAX_VALUE_LINES: Final = 500
MAX_VALUE_CHARACTERS: Final = 64 * 1024

_MEMBERS: Final = (
    *("timestamp", "received", "level", "job", "worker", "queue", "attempt"),
    *("trace_id", "span_id", "agent", "id"),
)


class Leaf(NamedTuple):
    """One line. `path` names a field as a filter does (`@a.b`), empty for what is no field.

    `value` is what a copy of it gives. `folds` is the path to fold by, where it has parts.
    """

    name: str
    text: str
    style: str = "class:value"
    depth: int = 0
    path: str = ""
    value: str = ""
    folds: str = ""
    is_open: bool = True


@dataclass(slots=True)
class Peek:
    """The pane's record and the reader's place in it."""

    record: Record
    at: int = 0
    top: int = 0
    folded: set[str] = field(default_factory=set)
    _leaves: list[Leaf] | None = None
    _url: str | None = None

    def leaves(self, look: Look, account: Account | None, url: str | None) -> list[Leaf]:
        if self._leaves is None or url != self._url:
            self._url = url
            self._leaves = leaves(self.record, self.folded, look, account, url)
        return self._leaves

    def show(self, record: Record) -> None:
        """Another record; the line stays where it is, to compare one field along records."""
        if record.id != self.record.id:
            self.record = record
            self._leaves = None

    def fold(self, path: str) -> None:
        self.folded ^= {path}
        self._leaves = None

    def forget(self) -> None:
        self._leaves = None

    def move(self, by: int, count: int) -> None:
        self.at = min(max(self.at + by, 0), max(count - 1, 0))


def leaves(
    record: Record, folded: set[str], look: Look, account: Account | None, url: str | None
) -> list[Leaf]:
    """The lines of a record: message, members, fields, what was changed, the job's ledger.

    `url` is the link of its trace.
    """
    made: list[Leaf] = []
    message = visible_lines(record.message, MAX_VALUE_LINES, MAX_VALUE_CHARACTERS)
    style = f"class:message.{record.level}" if record.level else "class:message"
    made.append(Leaf("message", message[0], style, path="message", value=record.message))
    made += [Leaf("", line, style, path="message", value=record.message) for line in message[1:]]
    for name in _MEMBERS:
        value = getattr(record, name)
        if value is None or value == "":
            continue
        made.append(_member(name, value, look))
        if name == "trace_id" and url is not None:
            shown = look.glyphs.hidden * 12 if look.share else url
            made.append(Leaf("trace link", visible(shown, 2_100), "class:trace", value=url))
    made += _changes(record)
    made += _fields(record.fields, folded, look)
    if account is not None:
        made.append(Leaf("ledger", ledger_line(account), "class:dim"))
    return made


def _member(name: str, value: Any, look: Look) -> Leaf:
    text = str(value)
    shown = visible(text, 500)
    style = "class:value"
    if name in {"timestamp", "received"}:
        shown = times.stamp(text, look.zone)
    elif name in {"trace_id", "span_id"}:
        style = "class:trace"
    elif name == "level":
        style = f"class:level.{text}"
    elif name in {"job", "worker", "queue"}:
        style = key_class(text)
    path = {"trace_id": "trace", "span_id": "span"}.get(name, name)
    return Leaf(name, shown, style, path="" if name == "id" else path, value=text)


def _changes(record: Record) -> list[Leaf]:
    """What was masked or cut before it came here."""
    made: list[Leaf] = []
    if record.redacted:
        kinds = ", ".join(visible(kind, 40) for kind in record.redacted[:20])
        made.append(Leaf("redacted", f"masked before it was kept: {kinds}", "class:masked"))
    if record.truncated:
        made.append(Leaf("truncated", "over a limit of the sink: cut at the marks", "class:masked"))
    if record.malformed:
        made.append(
            Leaf("malformed", "no JSON: the line as it came is the message", "class:masked")
        )
    return made


def _fields(fields: dict[str, Any], folded: set[str], look: Look) -> list[Leaf]:
    """Depth first, without recursion: strangers decide how deep it nests."""
    made: list[Leaf] = []
    left = 0
    waiting: list[tuple[str, Any, int, str]] = [
        (str(name), value, 0, f"@{name}") for name, value in reversed(fields.items())
    ]
    while waiting:
        name, value, depth, path = waiting.pop()
        if len(made) >= MAX_LINES:
            left += 1 + len(waiting)
            break
        shown = visible(name, 100)
        if isinstance(value, dict | list) and value and depth < MAX_DEPTH:
            size = f"{{{len(value)}}}" if isinstance(value, dict) else f"[{len(value)}]"
            is_open = path not in folded
            made.append(
                Leaf(shown, size, "class:dim", depth, path, _json(value), path, is_open=is_open)
            )
            if is_open:
                parts: list[tuple[Any, Any]] = (
                    list(value.items()) if isinstance(value, dict) else list(enumerate(value))
                )
                left += max(len(parts) - MAX_LINES, 0)
                waiting += [
                    (str(key), part, depth + 1, f"{path}.{key}")
                    for key, part in reversed(parts[:MAX_LINES])
                ]
            continue
        made += _value(shown, value, depth, path, look)
    if left:
        made.append(Leaf("", f"{look.glyphs.more} {left:,} more fields", "class:dim"))
    return made


def _value(name: str, value: Any, depth: int, path: str, look: Look) -> list[Leaf]:
    text = value if isinstance(value, str) else _json(value)
    if look.share:
        text = look.glyphs.hidden * min(len(text), 12)
    lines = visible_lines(text, MAX_VALUE_LINES, MAX_VALUE_CHARACTERS)
    style = "class:quoted" if isinstance(value, str) else "class:number"
    if isinstance(value, bool) or value is None:
        style = "class:accent"
    first = Leaf(name, lines[0], style, depth, path, text)
    return [first, *(Leaf("", line, style, depth, path, text) for line in lines[1:])]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode("utf-8", "replace")


def ledger_line(account: Account) -> str:
    """The job's account in words; what is nothing is left out."""
    words = [f"{account.accepted:,} accepted", f"{account.retained:,} retained"]
    for name in ("evicted", "capped", "rejected", "repeated", "truncated", "malformed", "redacted"):
        count = getattr(account, name)
        if count:
            words.append(f"{count:,} {name}")
    return ", ".join(words)


def rows(
    peek: Peek,
    look: Look,
    account: Account | None,
    url: str | None,
    *,
    width: int,
    height: int,
    focused: bool,
) -> list[Row]:
    """The pane, exactly `height` rows of `width` cells, its title first."""
    found = peek.leaves(look, account, url)
    room = max(height - 1, 1)
    peek.at = min(peek.at, len(found) - 1)
    peek.top = min(max(peek.top, peek.at - room + 1), peek.at, max(len(found) - room, 0))
    glyphs = look.glyphs
    border = "class:border.focus" if focused else "class:border"
    place = f" {peek.at + 1}/{len(found)} "
    title = f"{glyphs.line * 2} record "
    used = len(title) + len(place) + 2
    made = [
        Row(
            clipped(
                [
                    (border, f"{glyphs.line * 2}"),
                    ("class:title", " record "),
                    (border, glyphs.line * max(width - used, 0)),
                    ("class:dim", place),
                    (border, glyphs.line * 2),
                ],
                width,
                glyphs.more,
            )
        )
    ]
    names = min(max((2 * leaf.depth + len(leaf.name) + 6 for leaf in found), default=8), width // 3)
    for number, leaf in enumerate(found[peek.top : peek.top + room], start=peek.top):
        made.append(
            _leaf(leaf, peek.record, look, names, width, is_cursor=focused and number == peek.at)
        )
    made += [Row([("", " " * width)]) for _ in range(height - len(made))]
    return made


def _leaf(
    leaf: Leaf, record: Record, look: Look, names: int, width: int, *, is_cursor: bool
) -> Row:
    glyphs = look.glyphs
    fold = f"{glyphs.open if leaf.is_open else glyphs.fold} " if leaf.folds else "  "
    name = f"  {'  ' * leaf.depth}{fold}{leaf.name}"
    room = max(width - names, 1)
    text = columns.take(leaf.text, 0, room)
    if look.share and not leaf.path.startswith("@"):
        text = marking.hidden(text, glyphs.hidden)
    value: list[Fragment] = (
        marking.painted(text, leaf.style, marking.kinds(text))
        if leaf.name == "message" or leaf.style.startswith("class:message")
        else [(leaf.style, text)]
    )
    link_start = names if leaf.style == "class:trace" and leaf.name != "span_id" else None
    made = [("class:field", columns.cut(name, names, glyphs.more)), *value]
    made = clipped(made, width, glyphs.more)
    if is_cursor:
        made = [(f"{style} class:cursor", part) for style, part in made]
    link = None if link_start is None else Link(link_start, link_start + len(leaf.text), record)
    return Row(made, link)
