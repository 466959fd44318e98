"""The help page, from the key table: only the keys that work, those of this place first."""

from collections.abc import Sequence

from ttview import keys
from ttview.effects import Where
from ttview.glyphs import Glyphs
from ttview.keys import Key
from ttview.marking import Fragment
from ttview.prompting import VERB_HELP
from ttview.rows import Row, clipped
from ttwire.field import FIELDS

_KEY_CELLS = 16
_COLUMN_CELLS = 62


def lines(bound: Sequence[Key], where: Where) -> list[list[Fragment]]:
    """The page as one long column; sections with keys for this place come first."""
    table = iter(bound)
    sections = [(title, [next(table, key) for key in section]) for title, section in keys.SECTIONS]
    sections.sort(key=lambda pair: not any(where in key.where for key in pair[1]))
    made: list[list[Fragment]] = []
    for title, section in sections:
        made.append([("class:title", f" {title}")])
        made += [_line(" ".join(key.keys), key.help) for key in section if key.keys]
        made.append([])
    made.append([("class:title", " Filter")])
    made += [_line(f"{field.name}:", field.help) for field in FIELDS]
    made += [_line("@path:", "any other field: @customer.tier:gold, @duration_ms:>1500")]
    made += [_line('word "a b"', "in the message; * stands for anything; /re/ is a pattern")]
    made += [_line("- OR ( )", "exclude; either; grouping; terms side by side must all hold"), []]
    made.append([("class:title", " Commands")])
    made += [_line(f":{name}", told) for name, told in VERB_HELP.items()]
    return made


def _line(left: str, told: str) -> list[Fragment]:
    return [
        ("class:key", f"  {left.ljust(_KEY_CELLS)}"),
        ("class:value", f" {told}"),
    ]


def rows(
    bound: Sequence[Key], where: Where, top: int, *, width: int, height: int, glyphs: Glyphs
) -> tuple[list[Row], int]:
    """The page from line `top`, in as many columns as fit, and the `top` that was possible."""
    found = lines(bound, where)
    across = max(width // _COLUMN_CELLS, 1)
    each = max(-(-len(found) // across), height)
    top = min(top, max(each - height, 0))
    cells = width // across
    made: list[Row] = []
    for number in range(top, top + height):
        row: list[Fragment] = []
        for column in range(across):
            at = column * each + number
            inside = number < each and at < len(found)
            row += clipped(found[at] if inside else [], cells, glyphs.more)
        made.append(Row(clipped(row, width, glyphs.more)))
    return made, top
