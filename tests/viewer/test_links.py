"""OSC 8 through a diffing renderer: the link of every cell, after every kind of change."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.application.current import set_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
from prompt_toolkit.layout.screen import Char
from prompt_toolkit.styles import Style

from support.emulator import Emulator
from ttview.links import LinkPool, osc8_wanted, safe_url
from ttview.terminal import RESET, Terminal, install_links

Row = Sequence[tuple[str, str | None]]
"""Pieces of text, each with the URL it links to."""


class Sideways(Window):
    """A window scrolled sideways by hand, wherever its cursor is."""

    sideways = 0

    def _scroll_without_linewrapping(self, *arguments: Any) -> None:
        super()._scroll_without_linewrapping(*arguments)
        self.horizontal_scroll = self.sideways


class Screen:
    """A full-screen application that shows rows, written into an emulator frame by frame."""

    def __init__(self, rows: int = 6, columns: int = 40, slots: int = 512) -> None:
        self.size = Size(rows=rows, columns=columns)
        self.stdout = io.StringIO()
        self.pool = LinkPool(slots)
        self.terminal = Terminal(
            self.stdout, lambda: self.size, term="xterm-256color", pool=self.pool
        )
        self.emulator = Emulator(rows, columns)
        self.shown: Sequence[Row] = ()
        self.scroll = 0
        self.window = Sideways(FormattedTextControl(self._fragments, show_cursor=False))
        self.app: Application[None] = Application(
            layout=Layout(self.window),
            full_screen=True,
            output=self.terminal,
            input=DummyInput(),
            style=Style([("trace", "bold"), ("odd", "italic")]),
        )
        install_links(self.app, self.pool)

    def _fragments(self) -> StyleAndTextTuples:
        fragments: StyleAndTextTuples = []
        for row in self.shown:
            for text, url in row:
                style = "class:trace " + self.pool.token(url) if url is not None else ""
                fragments.append((style, text))
            fragments.append(("", "\n"))
        return fragments

    def draw(self, rows: Sequence[Row]) -> str:
        self.shown = rows
        with set_app(self.app):
            self.app.render_counter += 1
            self.window.sideways = self.scroll
            self.app.before_render.fire()
            self.app.renderer.render(self.app, self.app.layout)
        written = self.stdout.getvalue()
        self.stdout.seek(0)
        self.stdout.truncate()
        self.emulator.feed(written)
        return written

    def check(self) -> None:
        """Every cell carries the link of the piece it belongs to, and no other cell has one."""
        for number, row in enumerate(self.shown[: self.size.rows]):
            expected = [(character, url) for text, url in row for character in text]
            expected = expected[self.scroll : self.scroll + self.size.columns]
            cells = self.emulator.cells[number]
            padded = [*expected, *[(" ", None)] * (len(cells) - len(expected))]
            assert [(cell.character, cell.link) for cell in cells] == padded
        for cells in self.emulator.cells[len(self.shown) :]:
            assert [cell.link for cell in cells] == [None] * len(cells)
        assert self.emulator.link is None
        assert self.emulator.unknown == []


@pytest.fixture
def screen() -> Iterator[Screen]:
    with opened() as made:
        yield made


@contextmanager
def opened(rows: int = 6, columns: int = 40, slots: int = 512) -> Iterator[Screen]:
    with create_app_session():
        yield Screen(rows, columns, slots)


def link(number: int) -> str:
    return f"https://jaeger.example/trace/{number:032x}"


def test_the_same_text_with_another_target_gets_the_new_target(screen: Screen) -> None:
    screen.draw([[("id abcd", None), ("abcd", link(1))]])
    screen.draw([[("id abcd", None), ("abcd", link(2))]])

    screen.check()
    assert screen.emulator.links(0) == [("abcd", link(2))]


def test_a_change_of_the_first_character_and_of_another_row_leaks_no_link(screen: Screen) -> None:
    screen.draw([[("abcd", link(1)), (" tail", None)], [("other", None)]])
    screen.draw([[("Xbcd", link(1)), (" tail", None)], [("OTHER", None)]])

    screen.check()


def test_a_change_of_the_tail_alone_keeps_the_word_in_one_link(screen: Screen) -> None:
    screen.draw([[("abcd", link(1))]])
    screen.draw([[("abXY", link(2))]])

    screen.check()


def test_a_link_at_the_end_of_a_line_is_closed(screen: Screen) -> None:
    screen.draw([[("x" * 36, None), ("abcd", link(1))], [("next", None)]])

    screen.check()


def test_links_are_whole_when_scrolled_sideways(screen: Screen) -> None:
    screen.scroll = 3
    screen.draw([[("0123", None), ("abcdef", link(1)), (" end", None)]])
    screen.scroll = 6
    screen.draw([[("0123", None), ("abcdef", link(1)), (" end", None)]])

    screen.check()
    assert screen.emulator.links(0) == [("cdef", link(1))]


def test_links_are_right_after_a_resize(screen: Screen) -> None:
    rows: list[Row] = [
        [(f"row {n} ", None), ("abcdef", link(n)), (" tail", None)] for n in range(9)
    ]
    screen.draw(rows)
    for size in (Size(rows=4, columns=12), Size(rows=8, columns=60), Size(rows=3, columns=20)):
        screen.size = size
        screen.emulator.resize(size.rows, size.columns)
        screen.draw(rows)
        screen.check()


PIECE = st.tuples(
    st.sampled_from(["a", "bb", "ccc", "same", "same"]),
    st.one_of(st.none(), st.integers(0, 9).map(link)),
)
ROWS = st.lists(st.lists(PIECE, max_size=3), max_size=4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(ROWS, min_size=2, max_size=12))
def test_after_any_series_of_frames_every_cell_links_where_its_piece_does(
    frames: list[list[list[tuple[str, str | None]]]],
) -> None:
    # 10 targets in 24 slots of two frames of at most 12 pieces: slots are reused all the time.
    with opened(rows=4, columns=14, slots=24) as screen:
        for frame in frames:
            screen.draw(frame)
            screen.check()


def test_a_hundred_thousand_trace_ids_scrolled_through_grow_nothing() -> None:
    """A style string for each id would stay in prompt_toolkit's caches for ever."""
    with opened(rows=100, columns=5, slots=256) as screen:
        for top in range(0, 100_000, 100):
            screen.draw([[("ab", link(top + n))] for n in range(100)])
            if top % 20_000 == 0:
                screen.check()

        assert screen.pool.refused == 0
        styles = screen.app.renderer._attrs_for_style
        assert styles is not None
        assert len(styles) < 2 * 256
        codes = screen.terminal._escape_code_caches
        assert max(map(len, codes.values())) < 20
        assert sum("[link:" in key[1] for key in _characters()) < 256 * 16


def _characters() -> list[tuple[str, str]]:
    from prompt_toolkit.layout.screen import _CHAR_CACHE  # noqa: PLC0415 - private, see above

    assert isinstance(_CHAR_CACHE["x", ""], Char)
    return list(_CHAR_CACHE)


def test_with_all_slots_on_the_screen_further_links_are_plain_text_and_counted() -> None:
    with opened(rows=6, columns=20, slots=4) as screen:
        screen.draw([[("abc", link(n))] for n in range(6)])

        assert screen.pool.refused > 0
        assert [len(screen.emulator.links(row)) for row in range(6)] == [1, 1, 1, 1, 0, 0]


def test_a_frame_is_one_synchronized_update_and_an_idle_one_writes_nothing(screen: Screen) -> None:
    first = screen.draw([[("hello", None)]])
    same = screen.draw([[("hello", None)]])

    frames = re.findall(r"\x1b\[\?2026h(.*?)\x1b\[\?2026l", first, re.DOTALL)
    assert "hello" in frames[-1]
    assert "".join(f"\x1b[?2026h{frame}\x1b[?2026l" for frame in frames) == first
    assert same == ""
    assert "2026" not in screen.emulator.modes


def test_an_idle_frame_is_what_the_reset_alone_says() -> None:
    stdout = io.StringIO()
    terminal = Terminal(stdout, lambda: Size(rows=2, columns=2), term="xterm")

    terminal.write_raw(RESET)
    terminal.flush()

    assert stdout.getvalue() == ""


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/trace/4bf9?x=1#y", "https://a.example/trace/4bf9?x=1#y"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("https://a.example/\x1b\\\x07", "https://a.example/%1B%5C%07"),
        ("https://a.example/é\u202e", "https://a.example/%C3%A9%E2%80%AE"),
        ("https://a.example/" + "x" * 3000, None),
        ("https://a.example/" + "é" * 700, None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://[bad", None),
        ("", None),
    ],
)
def test_only_short_http_urls_of_printable_ascii_are_sent(url: str, safe: str | None) -> None:
    assert safe_url(url) == safe


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text())
def test_no_url_can_end_the_sequence_it_is_sent_in(text: str) -> None:
    url = safe_url("https://a.example/" + text)

    assert url is None or (url.isascii() and url.isprintable() and " " not in url)


def test_auto_leaves_links_out_where_a_terminal_would_print_them() -> None:
    assert osc8_wanted("auto", {"TERM": "xterm-256color"})
    assert not osc8_wanted("auto", {"TERM": "linux"})
    assert not osc8_wanted("auto", {})
    assert osc8_wanted("osc8", {"TERM": "linux"})
    assert not osc8_wanted("text", {"TERM": "xterm"})
