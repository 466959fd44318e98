"""The key table: what the screen binds, what its help shows and what docs/keys.md lists."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ttview.effects import Where

LOG: Final[tuple[Where, ...]] = ("log",)
READING: Final[tuple[Where, ...]] = ("log", "peek")
PANE: Final[tuple[Where, ...]] = ("pane",)
ANYWHERE: Final[tuple[Where, ...]] = ("log", "side", "peek", "help", "pane")


class Key(NamedTuple):
    """`keys` are spelled as people say them; a spelling of several letters is pressed in turn."""

    action: str
    keys: tuple[str, ...]
    help: str
    where: tuple[Where, ...] = LOG


def _key(action: str, keys: str, told: str, where: tuple[Where, ...] = LOG) -> Key:
    return Key(action, tuple(keys.split()), told, where)


SECTIONS: Final[tuple[tuple[str, tuple[Key, ...]], ...]] = (
    (
        "Moving",
        (
            _key("down", "j Down", "one record down"),
            _key("up", "k Up", "one record up"),
            _key("page_down", "Space f PgDn", "a screen down"),
            _key("page_up", "b PgUp", "a screen up"),
            _key("half_down", "^D", "half a screen down"),
            _key("half_up", "^U", "half a screen up"),
            _key("scroll_down", "^E", "one row down, the cursor stays on its record"),
            _key("scroll_up", "^Y", "one row up, the cursor stays on its record"),
            _key("top", "g Home", "the oldest record held; again: older ones from the sink"),
            _key("bottom", "G End", "the newest record, and follow"),
            _key("follow", "F", "follow on or off"),
            _key("next_error", "e", "next error"),
            _key("previous_error", "E", "previous error"),
            _key("next_warning", "]w", "next warning"),
            _key("previous_warning", "[w", "previous warning"),
            _key("next_of_job", "o", "next record of the same job"),
            _key("previous_of_job", "O", "previous record of the same job"),
            _key("next_of_trace", "]t", "next record of the same trace"),
            _key("previous_of_trace", "[t", "previous record of the same trace"),
            _key("next_hit", "n", "next match of the highlight terms, or of the filter"),
            _key("previous_hit", "N", "previous match"),
            _key("next_mark", "]m", "next marked record"),
            _key("previous_mark", "[m", "previous marked record"),
            _key("goto", "@", "go to a time: 14:03, -5m"),
            _key("minute_back", "{", "a minute back"),
            _key("minute_on", "}", "a minute on"),
            _key("hour_back", "(", "an hour back"),
            _key("hour_on", ")", "an hour on"),
        ),
    ),
    (
        "Filtering",
        (
            _key("filter", "/ &", 'filter: job:x level:>=warn -noise "a phrase"', READING),
            _key("context", "x", "matches only; with their job's or trace's records; everything"),
            _key("toggle_filter", "X", "set the filter aside, and take it up again"),
            _key("unfilter", "u", "drop the filter; again: drop the job, too"),
            _key("level", "l", "least level: all, info, warn, error"),
            _key("highlight", "*", "highlight a term, up to five; empty clears"),
            _key("this_job", "J", "only this record's job"),
            _key("this_worker", "K", "only this record's worker"),
            _key("this_trace", "D", "only this record's trace"),
            _key("since_0", "0", "from any time"),
            _key("top", "1", "the oldest record held"),
            _key("since_2", "2", "the last minute"),
            _key("since_3", "3", "the last 5 minutes"),
            _key("since_4", "4", "the last 15 minutes"),
            _key("since_5", "5", "the last 30 minutes"),
            _key("since_6", "6", "the last hour"),
            _key("view_back", "H Backspace", "the view before this one"),
            _key("view_forward", "L", "the view after this one"),
        ),
    ),
    (
        "Reading",
        (
            _key("enter", "Enter", "the record with all its fields; on a gap: load it"),
            _key("unfold", "p", "all lines of a record, in place"),
            _key("wrap", "w", "wrap long lines", READING),
            _key("pan_right", "Right", "the text to the right"),
            _key("pan_left", "Left", "the text to the left"),
            _key("time_form", "t", "time: of day, ago, since the row above, none"),
            _key("order", "r", "order by arrival or by record time"),
            _key("freeze", "P =", "freeze the screen; what comes is kept and counted"),
            _key("clear", "C", "only what comes from now on; again: all is back"),
            _key("mark", "m", "mark this record"),
            _key("rule", "M", "draw a line across the log, now"),
            _key("strip", "i", "records over time, above the log"),
            _key("full", "z", "the log alone on the screen"),
            _key("narrower", "<", "the job column narrower"),
            _key("wider", ">", "the job column wider"),
            _key("share", "S", "share mode: hide values for a demo", (*READING, *PANE)),
            _key("theme", "^T", "next theme"),
        ),
    ),
    (
        "Taking along",
        (
            _key("copy_record", "y c", "copy the record as JSON"),
            _key("copy_message", "Y", "copy the message"),
            _key("copy_trace", "gy", "copy the trace id", (*READING, *PANE)),
            _key("copy_link", "gl", "copy the link of the trace", (*READING, *PANE)),
            _key("copy_command", "gc", "copy the command that reopens this view"),
            _key("waterfall", "T", "the trace: spans as bars, with their records", READING),
            _key("open_trace", "gx", "open the trace in the browser", READING),
            _key("save", "^S", "save what is shown to a file"),
            _key("command", ":", "a command: w columns theme goto keep use", READING),
        ),
    ),
    (
        "Jobs, workers, queues",
        (
            _key("to_side", "s", "to the list of jobs"),
            _key("toggle_side", "B", "show or hide the list"),
            _key("side_down", "j Down", "one down", ("side",)),
            _key("side_up", "k Up", "one up", ("side",)),
            _key("side_page_down", "Space f PgDn ^D", "a page down", ("side",)),
            _key("side_page_up", "b PgUp ^U", "a page up", ("side",)),
            _key("side_top", "g Home", "the first", ("side",)),
            _key("side_bottom", "G End", "the last", ("side",)),
            _key("side_enter", "Enter", "only this one's records", ("side",)),
            _key("side_worker", "w", "only its worker's records", ("side",)),
            _key("side_next_list", "l Right", "jobs, workers, queues", ("side",)),
            _key("side_previous_list", "h Left", "the list before", ("side",)),
            _key("side_sort", "s", "sort: recent, trouble, errors, rate, name", ("side",)),
            _key("side_filter", "/", "only those whose name has this in it", ("side",)),
        ),
    ),
    (
        "Record pane",
        (
            _key("peek_down", "j Down", "one line down", ("peek",)),
            _key("peek_up", "k Up", "one line up", ("peek",)),
            _key("peek_page_down", "Space f PgDn ^D", "ten lines down", ("peek",)),
            _key("peek_page_up", "b PgUp ^U", "ten lines up", ("peek",)),
            _key("peek_top", "g Home", "the first line", ("peek",)),
            _key("peek_bottom", "G End", "the last line", ("peek",)),
            _key("peek_next", "n J", "the next record", ("peek",)),
            _key("peek_previous", "N K", "the previous record", ("peek",)),
            _key("peek_fold", "Enter p", "fold or unfold a field", ("peek",)),
            _key("peek_include", "i", "filter by this value", ("peek",)),
            _key("peek_exclude", "x", "exclude this value", ("peek",)),
            _key("peek_copy", "y c", "copy this value", ("peek",)),
            _key("peek_copy_record", "Y", "copy the record as JSON", ("peek",)),
        ),
    ),
    (
        "Trace",
        (
            _key("span_down", "j Down", "the next span", PANE),
            _key("span_up", "k Up", "the span before", PANE),
            _key("span_page_down", "Space PgDn ^D", "a page down", PANE),
            _key("span_page_up", "b PgUp ^U", "a page up", PANE),
            _key("span_first", "g Home", "the first span", PANE),
            _key("span_last", "G End", "the last span", PANE),
            _key("span_fold", "Enter", "fold or unfold what is under a span", PANE),
            _key("span_fold_all", "[", "fold everything", PANE),
            _key("span_unfold_all", "]", "unfold everything", PANE),
            _key("span_next_error", "e", "next failed span", PANE),
            _key("span_previous_error", "E", "previous failed span", PANE),
            _key("span_find", "/", "spans with a text, or >200ms; Esc shows all again", PANE),
            _key("span_zoom_in", "+", "zoom in at the span", PANE),
            _key("span_zoom_out", "-", "zoom out", PANE),
            _key("span_zoom_reset", "0", "the whole trace", PANE),
            _key("span_left", "h Left", "earlier", PANE),
            _key("span_right", "l Right", "later", PANE),
            _key("span_critical", "c", "the critical path: what the end waited for", PANE),
            _key("span_whole", "A", "records of the whole trace, or of the span", PANE),
            _key("span_detail", "d", "everything about the span, or its records", PANE),
            _key("span_records_down", "J", "the list below: one line down", PANE),
            _key("span_records_up", "K", "the list below: one line up", PANE),
            _key("span_copy", "y", "copy the span, or with d the value of the line below", PANE),
            _key("span_include", "i", "the log of the span, or with d of the value below", PANE),
            _key("copy_trace", "Y", "copy the trace id", PANE),
            _key("span_open", "gx", "open the trace in the browser", PANE),
        ),
    ),
    (
        "Everywhere",
        (
            _key("next_part", "Tab", "to the next part of the screen", ("log", "side", "peek")),
            _key("help", "?", "this page", ("log", "side", "peek", "pane")),
            _key("help_down", "j Down", "down", ("help",)),
            _key("help_up", "k Up", "up", ("help",)),
            _key("help_page_down", "Space f PgDn", "a page down", ("help",)),
            _key("help_page_up", "b PgUp", "a page up", ("help",)),
            _key("retry", "^R", "connect again at once", ANYWHERE),
            _key("mouse", "F2", "mouse on or off; off leaves selection to the terminal", ANYWHERE),
            _key("escape", "Esc", "back, one step", ANYWHERE),
            _key("quit", "q", "back, then quit", ANYWHERE),
            _key("suspend", "^Z", "to the shell; fg comes back", ANYWHERE),
            _key("quit_now", "^C", "quit at once", ANYWHERE),
        ),
    ),
)

ALL: Final = tuple(key for _, keys in SECTIONS for key in keys)

_NAMED: Final = {
    "Space": " ",
    "Enter": "enter",
    "Esc": "escape",
    "Tab": "tab",
    "Backspace": "backspace",
    "PgDn": "pagedown",
    "PgUp": "pageup",
    "Home": "home",
    "End": "end",
    "Up": "up",
    "Down": "down",
    "Left": "left",
    "Right": "right",
    **{f"F{n}": f"f{n}" for n in range(1, 13)},
}
"""Spellings of keys that are no letter, in prompt_toolkit's names. (`F` alone is a letter.)"""


def pressed(spelling: str) -> tuple[str, ...]:
    """The keys of a spelling in prompt_toolkit's names: `]w` is two, `^D` and `PgDn` are one.

    Raises:
        ValueError: a spelling that names no key.
    """
    if spelling in _NAMED:
        return (_NAMED[spelling],)
    if len(spelling) == 2 and spelling[0] == "^" and spelling[1].isalpha():
        return (f"c-{spelling[1].lower()}",)
    if not spelling or len(spelling) > 2 or not spelling.isprintable() or " " in spelling:
        raise ValueError(
            f'"{spelling}" names no key: a letter, two in turn, ^X, or PgDn and its kin'
        )
    return tuple(spelling)


def bound(bindings: Mapping[str, str]) -> tuple[Key, ...]:
    """The table with a person's own bindings: from key spelling to the name of an action.

    A key bound anew does only that, wherever the action is valid.

    Raises:
        ValueError: no such action, or no such key; says which.
    """
    known = {key.action for key in ALL}
    for spelling, action in bindings.items():
        pressed(spelling)
        if action not in known:
            raise ValueError(f'no action "{action}" for the key {spelling}')
    made: list[Key] = []
    done: set[str] = set()
    for key in ALL:
        mine = [spelling for spelling, action in bindings.items() if action == key.action]
        places = {place for action in bindings.values() for place in _places(action)}
        kept = [one for one in key.keys if one not in bindings or not places & set(key.where)]
        own = mine if key.action not in done else []
        done.add(key.action)
        made.append(key._replace(keys=(*own, *kept)))
    return tuple(made)


def _places(action: str) -> Iterable[Where]:
    return next((key.where for key in ALL if key.action == action), ())
