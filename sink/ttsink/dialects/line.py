"""An application's own line inside a message: JSON or logfmt, opened once.

Agents that read files put each line into one member. What the line says then stands beside
what the agent said, and over it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ttsink.bodies import cut
from ttsink.dialects import logfmt
from ttsink.dialects.plan import SOURCE_TYPE, Plan, Plans

ENVELOPE: Final = "envelope"
"""Where the agent's own members go whose names the line has too."""

MAX_LINE_CHARS: Final = 262_144
"""A longer message is not parsed for a line of JSON in it."""

MAX_LINE_DEPTH: Final = 64
"""A line that nests deeper stays text, as a record that does is cut."""

MAX_LINE_FIELDS: Final = 1000
"""A line of more members stays text."""

_Object = dict[str, Any]
_Columns = Mapping[str, Sequence[Any]]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def lines_within(
    objects: Sequence[_Object], columns: _Columns, plan: Plan, plans: Plans
) -> dict[int, _Object]:
    """Objects whose message is an application's own line of JSON or logfmt, opened."""
    sources = plan.members["message"]
    if not sources or len(sources[0].paths[0]) != 1:
        return {}
    key = sources[0].paths[0][0]
    texts = columns[key]
    try:
        joined = "\0".join(texts)
    except TypeError:
        texts = [text if type(text) is str else "" for text in texts]
        joined = "\0".join(texts)
    # One character is found many times as fast as two.
    if "=" not in joined and ("{" not in joined or "\0{" not in "\0" + joined):
        return {}
    lines = {at: line for at, text in enumerate(texts) if (line := _line(text)) is not None}
    # An object of rows costs half as much where all are asked for.
    outers = list(objects) if len(lines) * 2 > len(texts) else objects
    return {at: _merged(outers[at], key, line, plans) for at, line in lines.items()}


def _merged(outer: _Object, key: str, line: _Object, plans: Plans) -> _Object:
    """The line's members over the agent's; the text stays where the line has no message.

    `source_type` goes into the envelope with the read time it explains.
    """
    merged = {**outer, **line}
    is_apart = len(merged) == len(outer) + len(line)
    if key not in line and plans.names_message(line):
        del merged[key]
    if is_apart:
        return merged
    clash = {
        name: value
        for name, value in outer.items()
        if name in line and name != key and value != line[name]
    }
    if not clash:
        return merged
    if "timestamp" in clash and SOURCE_TYPE in outer and SOURCE_TYPE not in line:
        clash[SOURCE_TYPE] = merged.pop(SOURCE_TYPE)
    if ENVELOPE in merged:
        clash[ENVELOPE] = merged[ENVELOPE]
    merged[ENVELOPE] = clash
    return merged


def _line(text: str) -> _Object | None:
    if text[:1] == "{":
        if len(text) > MAX_LINE_CHARS or text.count('":') > MAX_LINE_FIELDS:
            return None
        try:
            line = _decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return None
        if text.count("{") + text.count("[") > MAX_LINE_DEPTH and cut.is_deep(
            (line,), MAX_LINE_DEPTH
        ):
            return None
        return line or None
    return logfmt.parse(text) if "=" in text else None
