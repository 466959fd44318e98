"""The signs the screen draws: one set for UTF-8 terminals, one in ASCII. Each is one cell wide."""

from typing import Final, NamedTuple


class Glyphs(NamedTuple):
    """`ramp` goes from little to much; `tree` is branch, last branch, trunk."""

    cursor: str
    mark: str
    fold: str
    open: str
    more: str
    left: str
    rule: str
    gap: str
    bar: str
    line: str
    dot: str
    hidden: str
    live: str
    waiting: str
    up: str
    down: str
    ramp: str
    tree: tuple[str, str, str]
    states: dict[str, str]


UNICODE: Final = Glyphs(
    cursor="▸",
    mark="◆",
    fold="▸",
    open="▾",
    more="…",
    left="«",
    rule="─",
    gap="┄",
    bar="│",
    line="─",
    dot="·",
    hidden="▒",
    live="●",
    waiting="○",
    up="▴",
    down="▾",
    ramp=" ▁▂▃▄▅▆▇",
    tree=("├ ", "└ ", "│ "),
    states={
        "queued": "◌",
        "running": "●",
        "retrying": "↻",
        "succeeded": "✓",
        "failed": "✗",
        "cancelled": "⊘",
        "silent": "◔",
        "unknown": "·",
    },
)

ASCII: Final = Glyphs(
    cursor=">",
    mark="*",
    fold="+",
    open="-",
    more="~",
    left="<",
    rule="-",
    gap="-",
    bar="|",
    line="-",
    dot="-",
    hidden="#",
    live="*",
    waiting="o",
    up="^",
    down="v",
    ramp=" ..:-=+*#",
    tree=("|-", "`-", "| "),
    states={
        "queued": "q",
        "running": "*",
        "retrying": "r",
        "succeeded": "+",
        "failed": "x",
        "cancelled": "c",
        "silent": "s",
        "unknown": "?",
    },
)


def lettered(text: str, glyphs: Glyphs) -> str:
    """A duration in the letters of this set: ASCII has no micro sign."""
    return text.replace("µ", "u") if glyphs is ASCII else text


def sparkline(history: tuple[int, ...], width: int, glyphs: Glyphs) -> str:
    """The newest `width` counts as a little graph, right-aligned; its top is its own maximum."""
    shown = history[-width:]
    top = max(shown, default=0)
    steps = len(glyphs.ramp) - 1
    signs = (glyphs.ramp[-(-count * steps // top) if top else 0] for count in shown)
    return "".join(signs).rjust(width)
