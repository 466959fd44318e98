"""What is known of one span, one fact a line, each with what it copies and filters by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ttview.sanitise import visible, visible_lines
from ttview.trace.axis import spell
from ttwire.span import Span, TraceSource
from ttwire.term import IdIs, Match, Node, Or, Pattern

MAX_FACT_CHARACTERS: Final = 4_000
MAX_FACT_LINES: Final = 100
"""Of one value: a stack trace has some dozens."""

_HOLDERS: Final = ("", "attributes.", "resources.", "resource.")
"""Where records keep what spans keep in their attributes."""


class Fact(NamedTuple):
    """`text` is safe to show, `value` is what a copy gives.

    `term` keeps the records that say so, too; None where no record could.
    """

    style: str
    text: str
    value: str
    term: Node | None = None


def sources(found: Sequence[TraceSource]) -> list[Fact]:
    """Where the spans of the trace came from, and why none came from there."""
    made = []
    for one in found:
        told = f"{one.state}: {one.detail}" if one.detail else one.state
        style = "class:dim" if one.state in {"ok", "not_found"} else "class:level.warn"
        text = visible(f"source {one.name}: {told}", 500)
        made.append(Fact(style, text, told))
    return made


def facts(span: Span, *, share: bool = False) -> list[Fact]:
    """Everything about a span. `share` hides what attributes say."""
    whole = IdIs("span", span.span_id)
    made = [
        Fact("class:strong", visible(span.name, 500), span.name, whole),
        _said("service", span.service, _attribute("service.name", span.service)),
        _said("kind", span.kind, None),
        Fact("class:duration", f"took: {spell(span.duration_us)}", f"{span.duration_us} us"),
        _said("span", span.span_id, whole),
        _said("parent", span.parent_id, IdIs("span", span.parent_id) if span.parent_id else None),
    ]
    if span.status != "unset" or span.status_message:
        style = "class:level.error" if span.status == "error" else "class:value"
        told = span.status_message or ""
        text = f"status: {span.status} {'(hidden)' if share and told else visible(told, 500)}"
        made.append(Fact(style, text.rstrip(), told or span.status))
    for event in span.events:
        at = spell(event.time - span.start)
        made.append(Fact("class:value", f"at {at}: {visible(event.name, 200)}", event.name))
        made += _attributes(event.attributes, "    ", share=share)
    return made + list(_attributes(span.attributes, "", share=share))


def _said(name: str, value: str | None, term: Node | None) -> Fact:
    return Fact("class:value", f"{name}: {visible(value or '-', 200)}", value or "", term)


def _attributes(held: Mapping[str, Any], indent: str, *, share: bool) -> Iterator[Fact]:
    for name, value in held.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        term = None if isinstance(value, dict | list) else _attribute(name, text)
        shown = "(hidden)" if share else text
        first, *rest = visible_lines(shown.rstrip("\n"), MAX_FACT_LINES, limit=MAX_FACT_CHARACTERS)
        yield Fact("class:field", f"{indent}{visible(name, 200)}: {first}", text, term)
        for line in rest:
            yield Fact("class:field", f"{indent}    {line}", text, term)


def _attribute(name: str, value: str | None) -> Node | None:
    """Where the record has it as a field of its own, or among the attributes of OTLP."""
    if not value or not name:
        return None
    return Or(tuple(Match(f"@{holder}{name}", Pattern((value,))) for holder in _HOLDERS))
