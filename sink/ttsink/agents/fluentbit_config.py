"""Fluent Bit's configuration files, both forms: sections of properties, values as text.

Facts of the classic form (fluent-bit's src/config_format/flb_cf_fluentbit.c): a section is
`[NAME]`, its properties are indented, the first blank ends a key, `#` starts a comment only at
the start of a line, `@SET a=b` and `@INCLUDE file` stand before any section.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

KINDS: Final = ("service", "custom", "parser", "multiline_parser", "input", "filter", "output")
"""Sections the classic form knows; another is left out without a word (measured, 5.1.1)."""

_PIPELINE: Final = {"inputs": "input", "filters": "filter", "outputs": "output"}
_PARSERS: Final = {"parsers": "parser", "multiline_parsers": "multiline_parser"}


class FormatError(Exception):
    """A file that is no Fluent Bit configuration: one line that says where."""


class Section(NamedTuple):
    """`rows` holds a property as often as it stands there; keys in lower case."""

    kind: str
    rows: tuple[tuple[str, str], ...]

    def get(self, key: str, default: str = "") -> str:
        return next((value for name, value in self.rows if name == key), default)

    @property
    def name(self) -> str:
        """Of the plugin, in lower case."""
        return self.get("name").lower()

    def having(self, **changes: str | None) -> "Section":
        """With properties set, or for None left out; `_` stands for a dot."""
        named = {key.replace("__", "."): value for key, value in changes.items()}
        kept = tuple(row for row in self.rows if row[0] not in named)
        added = tuple((key, value) for key, value in named.items() if value is not None)
        return Section(self.kind, (*kept, *added))


class FluentBit(NamedTuple):
    sections: tuple[Section, ...]
    env: tuple[tuple[str, str], ...] = ()

    def of(self, kind: str) -> list[Section]:
        return [section for section in self.sections if section.kind == kind]

    @property
    def service(self) -> Section:
        return next(iter(self.of("service")), Section("service", ()))


def from_yaml(held: Any) -> FluentBit:
    """Of a YAML document read with every scalar as text. Raises FormatError."""
    if not isinstance(held, dict):
        raise FormatError("expected a mapping with the section pipeline")
    sections: list[Section] = []
    env: list[tuple[str, str]] = []
    for key, value in held.items():
        if key == "service":
            sections.append(Section("service", tuple(_rows(value, key))))
        elif key == "env":
            env += _env(value)
        elif key in _PARSERS:
            sections += [
                Section(_PARSERS[key], tuple(_rows(each, key))) for each in _list(value, key)
            ]
        elif key == "pipeline":
            for place, plugins in value.items() if isinstance(value, dict) else ():
                if place not in _PIPELINE:
                    raise FormatError(f"pipeline.{place}: expected inputs, filters or outputs")
                sections += [
                    Section(_PIPELINE[place], tuple(_rows(each, place)))
                    for each in _list(plugins, place)
                ]
        elif key not in {"includes", "customs", "plugins", "upstream_servers", "stream_processor"}:
            raise FormatError(f"{key}: no such section; Fluent Bit does not start with it")
    return FluentBit(tuple(sections), tuple(env))


def _list(value: Any, place: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise FormatError(f"{place}: expected a list")
    return value


def _env(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((str(name), str(text)) for name, text in value.items())
    elif isinstance(value, list):
        yield from (
            (str(each.get("name")), str(each.get("value", each.get("uri", "")))) for each in value
        )


def _rows(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        raise FormatError(f"{place}: expected properties")
    for key, held in value.items():
        if isinstance(held, list):
            yield from (
                (str(key).lower(), str(each)) for each in held if not isinstance(each, dict)
            )
        elif not isinstance(held, dict):
            yield str(key).lower(), str(held)


def from_classic(text: str) -> FluentBit:
    """Raises FormatError."""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    env: list[tuple[str, str]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            word, _, rest = line.partition(" ")
            name, equals, value = rest.strip().partition("=")
            if word.upper() == "@SET" and equals:
                env.append((name.strip(), value.strip()))
            elif word.upper() != "@INCLUDE":
                raise FormatError(f"line {number}: expected @SET name=value or @INCLUDE file")
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                raise FormatError(f"line {number}: a section's name ends in ]")
            sections.append((line[1:-1].strip().lower(), []))
            continue
        if not sections:
            raise FormatError(f"line {number}: a property before any section")
        key, *value_text = line.split(None, 1)
        if not value_text:
            raise FormatError(f"line {number}: the property {key} has no value")
        sections[-1][1].append((key.lower(), value_text[0]))
    return FluentBit(tuple(Section(kind, tuple(rows)) for kind, rows in sections), tuple(env))


def classic(held: FluentBit) -> str:
    """The same in the classic form; parsers are left out, for `parsers_text`."""
    lines = [f"@SET {name}={value}" for name, value in held.env]
    for section in held.sections:
        if section.kind not in {"parser", "multiline_parser"}:
            lines += _classic_section(section)
    return "\n".join(lines) + "\n"


def parsers_text(held: FluentBit) -> str:
    """The parsers in the classic form, as a `parsers_file` has them."""
    sections = [*held.of("parser"), *held.of("multiline_parser")]
    return "\n".join(line for section in sections for line in _classic_section(section)) + "\n"


def _classic_section(section: Section) -> Iterable[str]:
    yield f"[{section.kind.upper()}]"
    yield from (f"    {key} {value}" for key, value in section.rows)


def as_yaml(held: FluentBit) -> dict[str, Any]:
    """The same as the YAML form's document; a property that repeats becomes a list."""
    document: dict[str, Any] = {"env": dict(held.env)} if held.env else {}
    for section in held.sections:
        rows: dict[str, Any] = {}
        for key, value in section.rows:
            known = rows.get(key)
            rows[key] = (
                value
                if known is None
                else [*(known if isinstance(known, list) else [known]), value]
            )
        if section.kind == "service":
            document["service"] = rows
        elif section.kind in {"parser", "multiline_parser"}:
            document.setdefault(f"{section.kind}s", []).append(rows)
        else:
            document.setdefault("pipeline", {}).setdefault(f"{section.kind}s", []).append(rows)
    return document


_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


class Variable(NamedTuple):
    section: Section
    key: str
    text: str


def variables(held: FluentBit) -> list[Variable]:
    """Every `${...}` that a property holds, with what stands between the braces."""
    return [
        Variable(section, key, found)
        for section in held.sections
        for key, value in section.rows
        for found in _VARIABLE.findall(value)
    ]
