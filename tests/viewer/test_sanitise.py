"""G5: no byte of log text reaches a terminal as a control."""

from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from wcwidth import wcswidth

from ttview import sanitise

NASTY = st.sampled_from(
    [
        *map(chr, range(0x20)),
        *map(chr, range(0x7F, 0xA0)),
        *"\u00ad\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e",
        *"\u2060\u2066\u2069\u3164\ufe0f\ufeff\uffa0\ufff9\U000e0041\U000e0101\U0001f1e9\U0001f3fd",
        *"\u0301\u0336\u20e3❤👩日é\ud800\udfff\U0010ffff\ue000",
        "\x1b]52;c;aGk=\x07",
        "\x1b[2J",
        "\x01\x1b[31m\x02",
        "👨\u200d👩\u200d👧",
        "e" + "\u0301" * 12,
    ]
)
TEXTS = st.lists(st.one_of(NASTY, st.text(st.characters(), max_size=4)), max_size=30).map("".join)
FORBIDDEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXTS)
def test_no_control_separator_or_invisible_character_ever_comes_out(text: str) -> None:
    shown = sanitise.visible(text)

    assert {category(character) for character in shown} & FORBIDDEN == set()
    assert shown.isprintable()
    assert not set(shown) & set("\u034f\u115f\u1160\u3164\uffa0\u200d\ufe0e\ufe0f")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXTS)
def test_what_is_shown_stays_as_it_is_when_shown_again(text: str) -> None:
    shown = sanitise.visible(text)

    assert sanitise.visible(shown) == shown


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXTS)
def test_both_sides_count_the_same_cells(text: str) -> None:
    """prompt_toolkit adds up code points; wcswidth measures clusters, as terminals draw them."""
    shown = sanitise.visible(text)

    assert sum(map(get_cwidth, shown)) == wcswidth(shown)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXTS)
def test_nothing_that_was_there_becomes_nothing_unless_it_belongs_to_a_picture(text: str) -> None:
    pictures = {"\u200d", "\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))}
    for character in text:
        if character not in pictures:
            assert sanitise.visible(character)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXTS)
def test_copied_text_presses_no_key_where_it_is_pasted(text: str) -> None:
    copied = sanitise.copied(text)

    assert all(character in "\n\t" or character.isprintable() for character in copied)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[31mb", "a^[[31mb"),
        ("\x9b31m", "<9b>31m"),
        ("\x7f", "^?"),
        ("one\ntwo", "one^Jtwo"),
        ("a\tb", "a    b"),
        ("\u202eabc", "<U+202E>abc"),
        ("x\u200by", "x<U+200B>y"),
        ("\ud800", "<U+D800>"),
        ("\U000e0049\U000e0067\U000e006e", "<tag:Ign>"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("🇩🇪", "DE"),
        ("❤\ufe0f", "❤"),
        ("👍🏽", "👍"),
        ("日本語 é", "日本語 é"),
        ("a\u00a0b", "a b"),
        ("\u0301a", "\u25cc\u0301a"),
        ("a" + "\u0301" * 1000, "a\u0301\u0301\u0301\u0301<+996 marks>"),
    ],
)
def test_each_kind_is_spelled_so_that_a_reader_sees_it(text: str, shown: str) -> None:
    assert sanitise.visible(text) == shown


def test_of_a_text_of_twenty_megabytes_only_what_fits_is_looked_at() -> None:
    text = "\u0301\x1b" * 10_000_000

    shown = sanitise.visible(text, limit=1000)

    assert shown.endswith(f"…+{len(text) - 1000}")
    assert len(shown) < 10_000


def test_lines_end_at_line_feeds_only_and_are_bounded() -> None:
    assert sanitise.visible_lines("a\r\nb\x0bc\u2028d\re", 10) == ["a", "b^Kc<U+2028>d^Me"]
    assert sanitise.visible_lines("1\n2\n3\n4", 2) == ["1", "2", "…+2 lines"]
    assert sanitise.visible_lines("", 2) == [""]


def test_a_window_title_is_short_and_cannot_end_its_own_sequence() -> None:
    title = sanitise.title("job\x07\x1b\\\x9c" + "x" * 1000)

    assert title.startswith("job^G^[\\<9c>")
    assert len(title) < 220
