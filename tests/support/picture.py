"""A screen as a picture: the characters and styles of a frame, drawn as SVG or PNG."""

from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from prompt_toolkit.styles import Attrs, Style
from prompt_toolkit.utils import get_cwidth

from support.stage import Stage, Styled
from ttview.style import RULES, ThemeName

CELL_WIDTH: Final = 8.4
CELL_HEIGHT: Final = 18.0
FONT_SIZE: Final = 14
PADDING: Final = 14

PALETTE: Final = {
    "ansiblack": "#15161e",
    "ansired": "#f7768e",
    "ansigreen": "#9ece6a",
    "ansiyellow": "#e0af68",
    "ansiblue": "#7aa2f7",
    "ansimagenta": "#bb9af7",
    "ansicyan": "#7dcfff",
    "ansigray": "#c0caf5",
    "ansibrightblack": "#737aa2",
    "ansibrightred": "#ff899d",
    "ansibrightgreen": "#b9f27c",
    "ansibrightyellow": "#ffd58a",
    "ansibrightblue": "#8db0ff",
    "ansibrightmagenta": "#c7a9ff",
    "ansibrightcyan": "#a4daff",
    "ansiwhite": "#d5d9ee",
}
"""A terminal's 16 colours, as a person might have set them."""


class Paper(NamedTuple):
    foreground: str
    background: str


PAPERS: Final[dict[ThemeName, Paper]] = {
    "terminal": Paper("#c0caf5", "#1a1b26"),
    "dark": Paper("#cdd6f4", "#1e1e2e"),
    "light": Paper("#4c4f69", "#eff1f5"),
    "mono": Paper("#d0d0d0", "#101010"),
}


class Run(NamedTuple):
    """Characters of one look at a place in cells."""

    x: int
    text: str
    cells: int
    foreground: str
    background: str | None
    bold: bool
    underline: bool


def runs(stage: Stage) -> list[list[Run]]:
    """What to draw, row by row."""
    theme = stage.model.theme
    style = Style.from_dict(RULES[theme])
    paper = PAPERS[theme]
    made: list[list[Run]] = []
    for row in stage.styled():
        x = 0
        drawn: list[Run] = []
        for one in row:
            cells = sum(map(get_cwidth, one.text))
            drawn.append(_run(one, x, cells, style.get_attrs_for_style_str(one.style), paper))
            x += cells
        made.append(drawn)
    return made


def _run(one: Styled, x: int, cells: int, attrs: Attrs, paper: Paper) -> Run:
    foreground = _colour(attrs.color) or paper.foreground
    background = _colour(attrs.bgcolor)
    if attrs.reverse:
        foreground, background = background or paper.background, foreground
    return Run(x, one.text, cells, foreground, background, bool(attrs.bold), bool(attrs.underline))


def _colour(name: str | None) -> str | None:
    if not name or name in {"default", "ansidefault"}:
        return None
    return PALETTE.get(name, f"#{name}" if not name.startswith("ansi") else None)


def svg(stage: Stage) -> str:
    """A whole picture, with a frame like a window's."""
    size = stage.output.size
    paper = PAPERS[stage.model.theme]
    width = size.columns * CELL_WIDTH + 2 * PADDING
    height = size.rows * CELL_HEIGHT + 2 * PADDING
    fonts = "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', Consolas, monospace"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-size="{FONT_SIZE}" '
        f'font-family="{fonts}">'
    )
    out = [head, f'<rect width="100%" height="100%" rx="8" fill="{paper.background}"/>']
    for number, row in enumerate(runs(stage)):
        top = PADDING + number * CELL_HEIGHT
        for run in row:
            left = PADDING + run.x * CELL_WIDTH
            wide = run.cells * CELL_WIDTH
            if run.background is not None:
                out.append(
                    f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" '
                    f'height="{CELL_HEIGHT:.1f}" fill="{run.background}"/>'
                )
            if run.text.strip():
                weight = ' font-weight="bold"' if run.bold else ""
                line = ' text-decoration="underline"' if run.underline else ""
                out.append(
                    f'<text x="{left:.1f}" y="{top + 13.5:.1f}" textLength="{wide:.1f}" '
                    f'fill="{run.foreground}"{weight}{line} xml:space="preserve">'
                    f"{escape(run.text)}</text>"
                )
    out.append("</svg>")
    return "\n".join(out) + "\n"


FONTS: Final = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSansMono.ttf"),
    Path("/Library/Fonts/DejaVuSansMono.ttf"),
)
"""Where a monospace font with box-drawing characters is usually found."""


def png(stage: Stage, path: Path) -> bool:
    """Writes a PNG; False where no font was found."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only pictures need it

    found = next((font for font in FONTS if font.exists()), None)
    if found is None:
        return False
    bold = found.with_name(found.name.replace("Mono.", "Mono-Bold."))
    fonts = {
        False: ImageFont.truetype(str(found), FONT_SIZE),
        True: ImageFont.truetype(str(bold if bold.exists() else found), FONT_SIZE),
    }
    size = stage.output.size
    paper = PAPERS[stage.model.theme]
    image = Image.new(
        "RGB",
        (
            int(size.columns * CELL_WIDTH + 2 * PADDING),
            int(size.rows * CELL_HEIGHT + 2 * PADDING),
        ),
        paper.background,
    )
    drawing = ImageDraw.Draw(image)
    for number, row in enumerate(runs(stage)):
        top = PADDING + number * CELL_HEIGHT
        for run in row:
            left = PADDING + run.x * CELL_WIDTH
            right = left + run.cells * CELL_WIDTH
            if run.background is not None:
                drawing.rectangle((left, top, right, top + CELL_HEIGHT - 1), fill=run.background)
            x = left
            for character in run.text:
                drawing.text((x, top + 1), character, fill=run.foreground, font=fonts[run.bold])
                x += get_cwidth(character) * CELL_WIDTH
            if run.underline and run.text.strip():
                drawing.line((left, top + 16, right, top + 16), fill=run.foreground)
    image.save(path)
    return True
