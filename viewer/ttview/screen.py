"""The layout: one canvas that draws the frame, and above it the line that is typed into."""

from collections.abc import Callable
from typing import Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Point
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    CompletionsMenu,
    ConditionalContainer,
    Float,
    FloatContainer,
    FormattedTextControl,
    Layout,
    UIContent,
    UIControl,
    VSplit,
    Window,
)
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition
from prompt_toolkit.mouse_events import MouseButton, MouseEvent, MouseEventType

from ttview.cells import LinkToken, joined
from ttview.frame import Frame
from ttview.model import Model
from ttview.renderer import RowScreen

COMPLETION_ROWS: Final = 8


class Click:
    """What the mouse did on the canvas."""

    def __init__(self, *, wheel: int = 0, at: Point | None = None) -> None:
        self.wheel = wheel
        self.at = at


class CanvasControl(UIControl):
    """Takes focus and the mouse; what is on the canvas is drawn by `Canvas` itself."""

    def __init__(self, clicked: Callable[[Click], None]) -> None:
        self._clicked = clicked

    def create_content(self, width: int, height: int) -> UIContent:  # noqa: ARG002 - inherited
        return UIContent(line_count=height, show_cursor=False)

    def is_focusable(self) -> bool:
        return True

    def mouse_handler(self, mouse_event: MouseEvent) -> object:
        match mouse_event.event_type:
            case MouseEventType.SCROLL_DOWN:
                self._clicked(Click(wheel=1))
            case MouseEventType.SCROLL_UP:
                self._clicked(Click(wheel=-1))
            case MouseEventType.MOUSE_UP if mouse_event.button is MouseButton.LEFT:
                self._clicked(Click(at=mouse_event.position))
            case _:
                return NotImplemented
        return None


class Canvas(Window):
    """Hands rows of ready cells to the screen, of which it takes all.

    prompt_toolkit's Window copies every character anew in each frame.
    """

    def __init__(
        self,
        draw: Callable[[int, int], Frame],
        control: CanvasControl,
        *,
        link_token: LinkToken | None,
        mouse: Callable[[], bool],
    ) -> None:
        super().__init__(content=control)
        self._draw_frame = draw
        self._control = control
        self._link_token = link_token
        self._mouse = mouse

    def write_to_screen(
        self,
        screen: Screen,
        mouse_handlers: MouseHandlers,
        write_position: WritePosition,
        parent_style: str,  # noqa: ARG002 - inherited
        erase_bg: bool,  # noqa: ARG002 - inherited
        z_index: int | None,  # noqa: ARG002 - inherited
    ) -> None:
        assert isinstance(screen, RowScreen)
        width, height = write_position.width, write_position.height
        screen.rows = [
            joined(pieces, width, self._link_token) for pieces in self._draw_frame(width, height)
        ]
        screen.visible_windows_to_write_positions[self] = write_position
        if self._mouse():
            mouse_handlers.set_mouse_handler_for_range(
                0, width, 0, height, self._control.mouse_handler
            )


def layout(
    model: Model,
    canvas: Canvas,
    buffer: Buffer,
) -> Layout:
    """The canvas, with the prompt over the filter line while something is typed."""
    prompting = Condition(lambda: model.prompt is not None)

    def label() -> StyleAndTextTuples:
        prompt = model.prompt
        return [("class:prompt", f" {prompt.label} ")] if prompt is not None else []

    line = ConditionalContainer(
        VSplit(
            [
                Window(FormattedTextControl(label), dont_extend_width=True, height=1),
                Window(BufferControl(buffer), height=1),
            ]
        ),
        prompting,
    )
    return Layout(
        FloatContainer(
            canvas,
            [
                Float(line, bottom=1, left=0, right=0, height=1),
                Float(
                    CompletionsMenu(max_height=COMPLETION_ROWS, scroll_offset=1),
                    xcursor=True,
                    ycursor=True,
                ),
            ],
        ),
        focused_element=canvas,
    )
