r"""Text of strangers, made safe to show.

No control ever leaves this module: C0, C1, DEL, bidi controls, zero-width characters, line and
paragraph separators, tag characters, unassigned code points and lone surrogates come out as
printable ASCII that names them, in the notation of less and vim (`^[`, `<9b>`, `<U+202E>`).

Emoji clusters are taken apart, since prompt_toolkit adds up the widths of their code points while
terminals draw one glyph: joiners go and the parts stand side by side, flags become their letters,
skin tones and presentation selectors go. Every cell then has the width both sides count.
"""

import re
from functools import cache
from typing import Final
from unicodedata import category

MAX_SHOWN_CHARACTERS: Final = 16_384
"""Of one text that goes to the screen: ten screens of 200 x 60; the rest is counted, not drawn."""

MAX_MARKS: Final = 4
"""Combining marks on one letter. Vietnamese and Biblical Hebrew need up to 4; a stack of more
spills over other rows, and makes each cell as long as it is deep."""

MAX_TITLE_CHARACTERS: Final = 200
"""Of a window title; longer ones are cut by every window manager."""

TAB_CELLS: Final = 4
"""A tab in a message separates; where its stop would be depends on what was cut before it."""

_FOREIGN: Final = re.compile(r"[^ -~]+")

# Printable for str.isprintable(), and yet nothing to see: fillers, variation selectors, invisible
# vowels, and the joiner of graphemes. (The unprintable categories need no table.)
_INVISIBLE: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_SUSPECT: Final = re.compile(f"[{_INVISIBLE}\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
_INVISIBLE_ONE: Final = re.compile(f"[{_INVISIBLE}]")
_TAGS: Final = re.compile("[\U000e0001\U000e0020-\U000e007f]+")

_PICTURES_FROM: Final = "\u203c"
"""The first character that has an emoji presentation and is no letter, digit or sign."""

_DOTTED_CIRCLE: Final = "\u25cc"
"""Bears a mark that begins a text, which would else sit on the cell before it."""

_JOINER: Final = "\u200d"
_PRESENTATION: Final = frozenset("\ufe0e\ufe0f")
_SKIN_TONES: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FLAG_A: Final = 0x1F1E6
_FLAG_Z: Final = 0x1F1FF


def visible(text: str, limit: int = MAX_SHOWN_CHARACTERS) -> str:
    """One line of printable text, whatever `text` is.

    At most `limit` characters of it are looked at; then `…+N` says how many are left. A tab
    is `TAB_CELLS` spaces, a line break is `^J`.
    """
    if len(text) <= limit:
        return _shown(text)
    return f"{_shown(text[:limit])}…+{len(text) - limit}"


def _shown(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    if text[0] > "~" and category(text[0]) in {"Mn", "Me", "Mc"}:
        text = f"{_DOTTED_CIRCLE}{text}"
    return _FOREIGN.sub(_run, text)


def visible_lines(text: str, max_lines: int, limit: int = MAX_SHOWN_CHARACTERS) -> list[str]:
    """The lines of a text, each made visible; at least one.

    Lines end at LF or CRLF and at nothing else. Past `max_lines` one line says how many were
    left out.
    """
    cut = text[:limit]
    lines = cut.split("\n", max_lines)
    rest = lines.pop() if len(lines) > max_lines else None
    shown = [_shown(line.removesuffix("\r")) for line in lines]
    if rest is not None:
        shown.append(f"…+{rest.count(chr(10)) + 1} lines")
    elif len(text) > limit:
        shown[-1] += f"…+{len(text) - limit}"
    return shown


def title(text: str) -> str:
    """Safe inside OSC 2, and short."""
    return visible(text, MAX_TITLE_CHARACTERS)


def copied(text: str) -> str:
    """Safe on a clipboard: what is pasted into a shell must not press keys there.

    Line breaks and tabs stay, joined emoji stay whole; everything else is as `visible`.
    """
    return "\n".join(
        "\t".join(map(_copied_part, line.removesuffix("\r").split("\t")))
        for line in text.split("\n")
    )


def _copied_part(text: str) -> str:
    if text.isprintable() and not _INVISIBLE_ONE.search(text):
        return text
    return _FOREIGN.sub(_run, text)


def _run(found: re.Match[str]) -> str:
    run = found.group()
    if run.isprintable() and not _SUSPECT.search(run):
        return run if len(run) <= MAX_MARKS else _deep_marks().sub(_cut_marks, run)
    text = _TAGS.sub(_tags, run)
    out: list[str] = []
    before = ""
    for character in text:
        out.append(_one(character, before))
        before = character
    return _deep_marks().sub(_cut_marks, "".join(out))


def _one(character: str, before: str) -> str:
    code = ord(character)
    if _FLAG_A <= code <= _FLAG_Z:
        return chr(code - _FLAG_A + ord("A"))
    if before >= _PICTURES_FROM and (
        character == _JOINER or character in _PRESENTATION or character in _SKIN_TONES
    ):
        return ""
    if character == "\t":
        return " " * TAB_CELLS
    if character.isprintable() and not _INVISIBLE_ONE.match(character):
        return character
    return _spelled(code)


def _spelled(code: int) -> str:
    if code < 0x20:
        return f"^{chr(code + 0x40)}"
    if code == 0x7F:
        return "^?"
    if code < 0xA0:
        return f"<{code:02x}>"
    if code == 0xA0:
        return " "
    if category(chr(code)) == "Zs":
        return " " if code != 0x3000 else "  "
    return f"<U+{code:04X}>"


def _tags(found: re.Match[str]) -> str:
    """Tag characters spell ASCII that nobody sees; show what they spell."""
    spelled = (chr(ord(tag) - 0xE0000) for tag in found.group())
    return f"<tag:{''.join(letter for letter in spelled if letter.isprintable())}>"


@cache
def _deep_marks() -> re.Pattern[str]:
    """More marks in a row than a letter bears.

    Built at first need: the walk over the planes that hold marks takes some milliseconds.
    """
    ranges: list[str] = []
    start = None
    for code in (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F1)):
        if (category(chr(code)) in {"Mn", "Me"}) == (start is not None):
            continue
        if start is None:
            start = code
        else:
            ranges.append(f"{chr(start)}-{chr(code - 1)}")
            start = None
    return re.compile(f"[{''.join(ranges)}]{{{MAX_MARKS + 1},}}")


def _cut_marks(found: re.Match[str]) -> str:
    marks = found.group()
    return f"{marks[:MAX_MARKS]}<+{len(marks) - MAX_MARKS} marks>"
