"""Hyperlinks on cells, right after every repaint.

prompt_toolkit repaints a cell where its character or its style string changed, and knows nothing
of links. So the link is part of the style: a token `[link:N]` that its parser skips, where N is a
slot of a bounded pool. `LinkStyle` turns the token into attributes that are unequal for unequal
slots, and `ttview.terminal.Terminal` writes OSC 8 where attributes with a slot begin and end.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, Literal, get_args
from urllib.parse import quote, urlsplit

from prompt_toolkit.styles import Attrs, BaseStyle
from prompt_toolkit.styles.base import DEFAULT_ATTRS

LinkMode = Literal["auto", "osc8", "text", "off"]
"""`osc8` makes trace ids clickable; `text` draws them as links that only keys open; `off` draws
them as plain text. `auto` is `osc8` but on terminals known to print the sequence."""

LINK_MODES: Final[tuple[LinkMode, ...]] = get_args(LinkMode)

MAX_SLOTS: Final = 512
"""Links on one screen and the one before it, with room: two screens of 200 rows. prompt_toolkit
keeps a style string for ever, so their number must not grow with the trace ids seen."""

MAX_URL_CHARACTERS: Final = 2083
"""What VTE, kitty and browsers take."""

_SCHEMES: Final = frozenset({"http", "https"})
_TOKEN: Final = re.compile(r"\[link:(\d+)\]")
_WITHOUT_OSC8: Final = ("linux", "dumb", "eterm", "vt100", "vt220", "cons25")


def osc8_wanted(mode: LinkMode, environment: Mapping[str, str]) -> bool:
    """Whether cells carry OSC 8.

    No terminal tells whether it knows OSC 8; nearly all ignore what they do not know.
    """
    if mode == "auto":
        return not environment.get("TERM", "dumb").startswith(_WITHOUT_OSC8)
    return mode == "osc8"


def safe_url(url: str) -> str | None:
    """The URL in printable ASCII, or None where it is no http(s) URL or too long.

    Characters that are no URL characters are percent-encoded, so that nothing in it can end the
    sequence it is sent in.
    """
    if len(url) > MAX_URL_CHARACTERS:
        return None
    encoded = quote(url, safe="%/:?#[]@!$&'()*+,;=-._~", errors="replace")
    if len(encoded) > MAX_URL_CHARACTERS:
        return None
    try:
        parts = urlsplit(encoded)
    except ValueError:
        return None
    return encoded if parts.scheme in _SCHEMES and parts.netloc else None


class LinkPool:
    """Slots for the links on the screen.

    A slot gets a new URL only while no cell of the frame being drawn or of the one before refers
    to it: a cell whose style did not change is not painted again. `refused` counts the links
    that found no slot, or whose URL was not safe; such cells are plain text.
    """

    def __init__(self, size: int = MAX_SLOTS) -> None:
        self._urls: list[str] = []
        self._size = size
        # From URL to (slot, the last frame it was on), least recently drawn first.
        self._slots: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._frame = 1
        self.refused = 0

    def begin_frame(self) -> None:
        """Called before each frame is drawn."""
        self._frame += 1

    def token(self, url: str) -> str:
        """The style token for cells that link to `url` in the frame being drawn.

        Ask again in every frame; a token kept from an earlier one may mean another URL by now.
        Empty where there is no slot or the URL is not safe.
        """
        known = self._slots.get(url)
        if known is not None:
            self._slots[url] = (known[0], self._frame)
            self._slots.move_to_end(url)
            return f"[link:{known[0]}]"
        safe = safe_url(url)
        slot = self._free_slot() if safe is not None else None
        if safe is None or slot is None:
            self.refused += 1
            return ""
        self._urls[slot] = safe
        self._slots[url] = (slot, self._frame)
        return f"[link:{slot}]"

    def _free_slot(self) -> int | None:
        if len(self._urls) < self._size:
            self._urls.append("")
            return len(self._urls) - 1
        oldest, (slot, last_frame) = next(iter(self._slots.items()))
        if last_frame >= self._frame - 1:
            return None
        del self._slots[oldest]
        return slot

    def url(self, slot: int) -> str | None:
        """The safe URL of a slot."""
        return self._urls[slot] if slot < len(self._urls) else None


class LinkAttrs(Attrs):
    """Attributes of cells that link somewhere; unequal to those of any other slot."""

    slot: int

    @classmethod
    def of(cls, attrs: Attrs, slot: int) -> "LinkAttrs":
        linked = cls(*attrs)
        linked.slot = slot
        return linked

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LinkAttrs) and self.slot == other.slot and tuple.__eq__(self, other)
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((tuple(self), self.slot))


class LinkStyle(BaseStyle):
    """Another style, with `[link:N]` understood."""

    def __init__(self, style: BaseStyle) -> None:
        self._style = style

    def get_attrs_for_style_str(self, style_str: str, default: Attrs = DEFAULT_ATTRS) -> Attrs:
        attrs = self._style.get_attrs_for_style_str(style_str, default)
        found = _TOKEN.search(style_str)
        return attrs if found is None else LinkAttrs.of(attrs, int(found[1]))

    @property
    def style_rules(self) -> list[tuple[str, str]]:
        return self._style.style_rules

    def invalidation_hash(self) -> object:
        return self._style.invalidation_hash()
