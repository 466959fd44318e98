"""Completion of what is typed: fields and the values seen, commands, kept filters."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ttview import columns
from ttview.entry import Entry
from ttview.model import Model
from ttview.prompting import VERB_HELP
from ttview.sanitise import visible
from ttview.style import THEMES
from ttview.told import member, spelled
from ttwire.field import FIELDS, FLAGS
from ttwire.level import LEVELS
from ttwire.record import Record

RECORDS_LOOKED_AT: Final = 400
"""The newest records whose fields and values are offered: a few milliseconds of looking."""

MAX_OFFERED: Final = 50

_WORD: Final = re.compile(r"[^\s()]*$")
_PLAIN: Final = re.compile(r"[\w.@+#-][\w.@+#/-]*")


class FilterCompleter(Completer):
    """Looks at the model when asked; nothing is kept."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - inherited
    ) -> Iterable[Completion]:
        prompt = self._model.prompt
        if prompt is None:
            return
        text = document.text_before_cursor
        if prompt.kind == "filter":
            yield from self._filter(text)
        elif prompt.kind == "command":
            yield from self._command(text)

    def _filter(self, text: str) -> Iterable[Completion]:
        found = _WORD.search(text)
        word = (found.group() if found else "").lstrip("-!")
        name, colon, value = word.partition(":")
        if colon:
            bare = value.lstrip("><=")
            for one, told in self._values(name):
                if one.lower().startswith(bare.lower().strip('"')):
                    yield Completion(
                        quoted(one), -len(bare), display=visible(one, 60), display_meta=told
                    )
            return
        for one, told in self._names():
            if one.lower().startswith(word.lower()):
                yield Completion(f"{one}:", -len(word), display_meta=told)

    def _names(self) -> list[tuple[str, str]]:
        names = [(field.name, field.help) for field in FIELDS]
        seen: dict[str, None] = {}
        for record in self._newest():
            for path in paths(record):
                seen[path] = None
        return [*names, *((path, "a field seen") for path in list(seen)[:MAX_OFFERED])]

    def _values(self, name: str) -> list[tuple[str, str]]:
        side = self._model.side
        match name:
            case "job":
                return [(key, one.state) for key, one in side.held.jobs.items()] or self._seen(name)
            case "worker":
                known = side.held.workers.items()
                return [(key, one.state) for key, one in known] or self._seen(name)
            case "queue":
                return [(key, "") for key in side.held.queues] or self._seen(name)
            case "level":
                return [*((level, "") for level in LEVELS), ("none", "records without a level")]
            case "is":
                return [(flag, "") for flag in FLAGS]
            case "since" | "until":
                return [(one, "ago") for one in ("1m", "5m", "15m", "1h", "1d")]
            case _:
                return self._seen(name)

    def _seen(self, name: str) -> list[tuple[str, str]]:
        column = name if name in columns.KNOWN or name.startswith("@") else f"@{name}"
        seen: dict[str, int] = {}
        for record in self._newest():
            value = member(record, column)
            if value is not None and not isinstance(value, dict | list):
                text = value[:100] if isinstance(value, str) else spelled(value, 100)
                seen[text] = seen.get(text, 0) + 1
        often = sorted(seen.items(), key=lambda pair: -pair[1])[:MAX_OFFERED]
        return [(text, f"{count} seen") for text, count in often]

    def _newest(self) -> list[Record]:
        items = self._model.window.held.items[-RECORDS_LOOKED_AT:]
        return [item.record for item in reversed(items) if isinstance(item, Entry)]

    def _command(self, text: str) -> Iterable[Completion]:
        name, space, rest = text.partition(" ")
        if not space:
            for verb, told in VERB_HELP.items():
                if verb.startswith(name):
                    yield Completion(verb, -len(name), display_meta=told)
            return
        offers: dict[str, Callable[[], Iterable[str]]] = {
            "theme": lambda: THEMES,
            "zone": lambda: ("local", "utc"),
            "use": lambda: self._model.saved,
            "columns": lambda: columns.KNOWN,
        }
        word = rest.rpartition(" ")[2]
        for one in offers.get(name, tuple)():
            if one.startswith(word):
                yield Completion(one, -len(word))


def paths(record: Record) -> list[str]:
    """The fields of a record as a filter names them, one level into what nests."""
    made: list[str] = []
    for name, value in record.fields.items():
        if isinstance(value, dict):
            made += [f"@{name}.{inner}" for inner in value]
        else:
            made.append(f"@{name}")
    return [path for path in made if _PLAIN.fullmatch(path)]


def quoted(value: str) -> str:
    """A value as the filter language takes it."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
