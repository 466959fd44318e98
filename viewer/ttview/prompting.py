"""What is typed: filters, highlight terms, times, commands."""

from collections.abc import Callable
from typing import Final

from ttview import columns
from ttview.effects import Edit, Effect, KeepFilter, Quit, Save
from ttview.entry import Entry
from ttview.model import MAX_MARKS, Model, Prompt, PromptKind
from ttview.moving import Command, go_to_time, parse_time
from ttview.style import THEMES
from ttview.trace import pane as tracepane
from ttview.viewing import query_for, seek
from ttwire.filter import FilterError, parse

LABELS: Final[dict[PromptKind, str]] = {
    "filter": "filter",
    "highlight": "highlight",
    "command": ":",
    "side": "list",
    "goto": "go to",
    "save": "save to",
    "span": "span",
}


def ask(kind: PromptKind, text: Callable[[Model], str] | None = None) -> Command:
    """Opens a prompt with this text in it."""

    def command(model: Model) -> list[Effect]:
        model.prompt = Prompt(kind, LABELS[kind])
        return [Edit(text(model) if text is not None else "")]

    return command


def typed(model: Model, text: str) -> None:
    """Tells at once what is wrong with a filter, without using it."""
    if model.prompt is None:
        return
    error, column = "", None
    if model.prompt.kind == "filter":
        try:
            parse(text, now=model.now)
        except FilterError as wrong:
            error, column = _told(wrong), wrong.column
    elif model.prompt.kind == "side":
        model.side.filter = text.strip()
        model.side.resort()
    model.prompt = model.prompt._replace(error=error, error_column=column)


def _told(wrong: FilterError) -> str:
    """Without the column, at which a caret points."""
    return f"expected {wrong.expected}; found {wrong.found}"


def cancelled(model: Model) -> None:
    """Leaves the prompt; what it would have changed stays as it was."""
    if model.prompt is not None and model.prompt.kind == "side":
        model.side.filter = ""
        model.side.resort()
    model.prompt = None


def submitted(model: Model, text: str) -> list[Effect]:
    """Uses what was typed; on an error the prompt stays, with the text and the reason."""
    prompt = model.prompt
    if prompt is None:
        return []
    try:
        effects = _USES[prompt.kind](model, text)
    except FilterError as wrong:
        model.prompt = prompt._replace(error=_told(wrong), error_column=wrong.column)
        return []
    except ValueError as wrong:
        model.prompt = prompt._replace(error=str(wrong), error_column=None)
        return []
    model.prompt = None
    return effects


def _highlight(model: Model, text: str) -> list[Effect]:
    term = text.strip().lower()
    if not term:
        model.marks = ()
    elif term in model.marks:
        model.marks = tuple(mark for mark in model.marks if mark != term)
    elif len(model.marks) >= MAX_MARKS:
        raise ValueError(f"{MAX_MARKS} terms are marked already: an empty term clears them")
    else:
        model.marks = (*model.marks, term)
        model.say("n and N go to the next and previous one")
    return []


def _side(model: Model, text: str) -> list[Effect]:
    model.side.filter = text.strip()
    model.side.resort()
    return []


def _goto(model: Model, text: str) -> list[Effect]:
    return go_to_time(model, parse_time(text, now=model.now, zone_name=model.zone))


def _save(model: Model, text: str) -> list[Effect]:
    path = text.strip()
    if not path:
        raise ValueError("name a file: .jsonl saves JSON lines, any other name text")
    if model.share:
        raise ValueError("share mode hides values; S ends it")
    kept = tuple(item.record for item in model.window.shown() if isinstance(item, Entry))
    return [Save(path, kept)]


def _command(model: Model, text: str) -> list[Effect]:
    name, _, rest = text.strip().partition(" ")
    use = VERBS.get(name)
    if use is None:
        raise ValueError(f'no command "{name}": {", ".join(VERBS)}')
    return use(model, rest.strip())


def _columns(model: Model, text: str) -> list[Effect]:
    if not text:
        raise ValueError(f"now: {columns.spell(model.columns)}")
    model.columns = columns.parse(text.split())
    model.seen.clear()
    return []


def _theme(model: Model, text: str) -> list[Effect]:
    found = next((name for name in THEMES if name == text), None)
    if found is None:
        raise ValueError(f'no theme "{text}": {", ".join(THEMES)}')
    model.theme = found
    return []


def _zone(model: Model, text: str) -> list[Effect]:
    if text not in {"local", "utc"}:
        raise ValueError(f'"{text}" is no zone: local or utc')
    model.zone = "utc" if text == "utc" else "local"
    return []


def _keep(model: Model, text: str) -> list[Effect]:
    if not text or " " in text:
        raise ValueError("a name without spaces for the filter that is shown")
    if not model.view.query:
        raise ValueError("there is no filter to keep: / sets one")
    model.saved[text] = model.view.query
    model.say(f"filter kept as {text}")
    return [KeepFilter(text, model.view.query)]


def _use(model: Model, text: str) -> list[Effect]:
    if text not in model.saved:
        known = ", ".join(sorted(model.saved)) or "none is kept yet"
        raise ValueError(f'no filter kept as "{text}": {known}')
    return query_for(model, model.saved[text])


def _rule(model: Model, text: str) -> list[Effect]:
    model.window.rule(text or "mark")
    return []


def _record(model: Model, text: str) -> list[Effect]:
    if not text:
        raise ValueError("the id of a record")
    return [] if model.window.go_to(text) else seek(model, text)


Use = Callable[[Model, str], list[Effect]]

VERBS: Final[dict[str, Use]] = {
    "q": lambda _, __: [Quit()],
    "w": _save,
    "goto": _goto,
    "record": _record,
    "columns": _columns,
    "theme": _theme,
    "zone": _zone,
    "mark": _rule,
    "keep": _keep,
    "use": _use,
    "filter": query_for,
}
"""What `:` understands, each with the rest of the line."""

VERB_HELP: Final[dict[str, str]] = {
    "q": "quit",
    "w": "FILE: save what is shown; .jsonl as JSON lines",
    "goto": "TIME: 14:03, 14:03:22, -5m, 2026-01-02T03:04:05Z",
    "record": "ID: the record with this id",
    "columns": "NAMES: time level job:30 worker queue attempt @field message trace",
    "theme": "NAME: terminal, dark, light, mono",
    "zone": "local or utc",
    "mark": "TEXT: a line across the log, now",
    "keep": "NAME: keep the filter under a name",
    "use": "NAME: use a filter kept before",
    "filter": "TEXT: as / does",
}

_USES: Final[dict[PromptKind, Use]] = {
    "filter": query_for,
    "highlight": _highlight,
    "side": _side,
    "goto": _goto,
    "save": _save,
    "command": _command,
    "span": tracepane.search,
}

COMMANDS: Final[dict[str, Command]] = {
    "filter": ask("filter", lambda model: model.view.query),
    "highlight": ask("highlight"),
    "command": ask("command"),
    "goto": ask("goto"),
    "save": ask("save"),
    "side_filter": ask("side", lambda model: model.side.filter),
}
