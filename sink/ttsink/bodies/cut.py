"""Records and texts over the limits, cut so that the cut shows."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec

from ttsink.bodies.limits import Limits

DEEPER = "…[deeper structure truncated]"

# The longest mark, with room for its number.
_MARK_BYTES = 40
# A string is not shortened below this: past it, whole members go.
_MIN_STRING_BYTES = 64
# A text this many times over the record limit is not searched for its structure.
_PRUNE_FACTOR = 16

_CONTAINERS = (dict, list)
# A string, also one that is never closed, or a bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_encode = msgspec.json.Encoder().encode


def mark(lost_bytes: int) -> str:
    return f"…[truncated {lost_bytes} bytes]"


def text(whole: str, max_bytes: int) -> tuple[str, bool]:
    """The text within `max_bytes` of UTF-8, and whether it was cut to that."""
    if len(whole) * 4 <= max_bytes:
        return whole, False
    raw = whole.encode("utf-8", "replace")
    if len(raw) <= max_bytes:
        return whole, False
    head = raw[: max(0, max_bytes - _MARK_BYTES)].decode("utf-8", "ignore")
    return head + mark(len(raw) - len(head.encode())), True


def is_deep(values: Iterable[Any], max_depth: int) -> bool:
    """Whether any value nests more than `max_depth` containers; level by level, all at once."""
    level = [value for value in values if type(value) in _CONTAINERS]
    for _ in range(max_depth):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _CONTAINERS
        ]
    return bool(level)


def is_over(value: dict[str, Any], size: int, limits: Limits) -> bool:
    """Whether a record of `size` bytes of JSON breaks a limit other than the depth."""
    if size > limits.max_record_bytes:
        return True
    fields = 0
    level: Sequence[Any] = [value]
    while level:
        objects = [node for node in level if type(node) is dict]
        for node in objects:
            fields += len(node)
            # A character is at most 4 bytes: only a long name is worth encoding.
            if node and max(map(len, node)) * 4 > limits.max_key_bytes:
                for name in node:
                    if len(name.encode()) > limits.max_key_bytes:
                        return True
        if fields > limits.max_fields:
            return True
        inner = chain.from_iterable(n.values() if type(n) is dict else n for n in level)
        level = [node for node in inner if type(node) in _CONTAINERS]
    return False


def record(value: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The record within depth, fields, names and size, with a mark where something went."""
    trimmed: dict[str, Any] = _Trim(limits).copy(value, 1)
    if len(_encode(trimmed)) > limits.max_record_bytes:
        for _ in range(3):
            if _shorten(trimmed, limits.max_record_bytes):
                return trimmed
        _drop(trimmed, limits.max_record_bytes)
    return trimmed


def prune(raw: bytes, limits: Limits) -> bytes | None:
    """JSON text with what is nested too deep replaced by a mark; none if it is far too long.

    For text that no decoder reads because of its depth.
    """
    if len(raw) > _PRUNE_FACTOR * limits.max_record_bytes:
        return None
    out: list[bytes] = []
    depth = kept = 0
    for token in _TOKEN.finditer(raw):
        match token.group():
            case b"{" | b"[":
                depth += 1
                if depth == limits.max_depth + 1:
                    out += (raw[kept : token.start()], _encode(DEEPER))
            case b"}" | b"]":
                depth -= 1
                if depth == limits.max_depth:
                    kept = token.end()
            case _:
                pass
    if depth > limits.max_depth:
        return None
    out.append(raw[kept:])
    return b"".join(out)


class _Trim:
    """One record's copy within depth, fields and names."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fields_left = limits.max_fields

    def copy(self, node: Any, depth: int) -> Any:
        if type(node) not in _CONTAINERS:
            return node
        if depth > self._limits.max_depth:
            return DEEPER
        if type(node) is list:
            return [self.copy(item, depth + 1) for item in node]
        out: dict[str, Any] = {}
        for place, (name, value) in enumerate(node.items()):
            if self._fields_left == 0:
                out["…"] = f"[truncated {len(node) - place} fields]"
                break
            self._fields_left -= 1
            short, cut = text(name, self._limits.max_key_bytes)
            if cut and short in out:
                short = f"{short}#{place}"
            out[short] = self.copy(value, depth + 1)
        return out


def _shorten(value: dict[str, Any], max_bytes: int) -> bool:
    """Cuts the longest strings to one common length; whether the record then fits."""
    excess = len(_encode(value)) - max_bytes
    if excess <= 0:
        return True
    strings: list[tuple[int, Any, Any, str]] = []
    level: list[Any] = [value]
    while level:
        inner: list[Any] = []
        for node in level:
            for place, item in node.items() if type(node) is dict else enumerate(node):
                if type(item) is str and len(item) > _MIN_STRING_BYTES:
                    strings.append((len(_encode(item)), node, place, item))
                elif type(item) in _CONTAINERS:
                    inner.append(item)
        level = inner
    strings.sort(key=lambda entry: -entry[0])
    together = 0
    for count, (size, _, _, _) in enumerate(strings, 1):
        together += size
        common = (together - excess) // count - _MARK_BYTES
        after = strings[count][0] if count < len(strings) else 0
        if common >= max(after, _MIN_STRING_BYTES):
            for size_then, node, place, item in strings[:count]:
                keep = len(item) * common // size_then
                lost = len(item[keep:].encode())
                node[place] = item[:keep] + mark(lost)
            return len(_encode(value)) <= max_bytes
    return False


def _drop(value: dict[str, Any], max_bytes: int) -> None:
    """Replaces the largest members by marks, then leaves members out, until the record fits."""
    size = len(_encode(value))
    for length, name in sorted(((len(_encode(v)), k) for k, v in value.items()), reverse=True):
        if size <= max_bytes:
            return
        if length > _MARK_BYTES:
            value[name] = mark(length)
            size += len(_encode(value[name])) - length
    dropped = 0
    while value and (size := len(_encode(value))) > max_bytes - _MARK_BYTES:
        for name in list(value)[-max(1, len(value) // 2) :]:
            del value[name]
            dropped += 1
        value["…"] = f"[truncated {dropped} fields]"
