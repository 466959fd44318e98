"""The characters of a filter: words, quotes, patterns between slashes, and where an error is."""

import re
from typing import Final, NoReturn

from ttwire.term import Pattern

MAX_FILTER_CHARACTERS: Final = 4096
"""A filter travels in a URL, of which servers take 8 kB."""

_MAX_FOUND_CHARACTERS: Final = 24

_QUOTES: Final = '"“”„‟'
_SPACES: Final = re.compile(r"\s*")
_PATH: Final = re.compile(r"[^\s:=~!<>()\"“”„‟]+")
_FLAGS: Final = re.compile(r"i?")


class FilterError(ValueError):
    """A text that is no filter: `column` counts from 1."""

    def __init__(self, column: int, expected: str, found: str) -> None:
        super().__init__(f"column {column}: expected {expected}; found {found}")
        self.column = column
        self.expected = expected
        self.found = found


class Scanner:
    """A place in a text, `at`, and what can be read from there."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_FILTER_CHARACTERS:
            raise FilterError(
                MAX_FILTER_CHARACTERS + 1,
                f"at most {MAX_FILTER_CHARACTERS} characters",
                f"{len(text)}",
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise FilterError(error.start + 1, "text in UTF-8", "a lone surrogate") from None
        self.text = text
        self.at = 0

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.text)

    @property
    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def ahead(self, characters: int) -> str:
        return self.text[self.at : self.at + characters]

    def starts(self, *prefixes: str) -> bool:
        return self.text.startswith(prefixes, self.at)

    def fail(self, expected: str, *, at: int | None = None, back: int = 0) -> NoReturn:
        place = self.at - back if at is None else at
        raise FilterError(place + 1, expected, _found(self.text, place))

    def take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def skip_spaces(self) -> None:
        self.take(_SPACES)

    def at_keyword(self, *words: str) -> bool:
        return any(
            self.text.startswith(word, self.at) and self._ends_word(self.at + len(word))
            for word in words
        )

    def keyword(self, *words: str) -> bool:
        """Reads one of the words, spaces before it too, if it stands here as a word."""
        start = self.at
        self.skip_spaces()
        for word in words:
            if self.at_keyword(word):
                self.at += len(word)
                return True
        self.at = start
        return False

    def boundary(self) -> None:
        """Raises FilterError where a term does not end here."""
        if not (self.at_end or self.peek.isspace() or self.peek == ")"):
            self.fail("a space after the term")

    def path(self) -> str:
        """The name after an `@`, quoted or bare."""
        start = self.at
        self.at += 1
        name = self._quoted() if self.peek and self.peek in _QUOTES else self.take(_PATH)
        if not name:
            self.fail("the name of a field after @", at=start + 1)
        return name

    def pattern(self) -> Pattern:
        """Words and quoted texts with `*` between them."""
        parts = [""]
        glued = False  # a text right before this place, which a further text must not touch
        while not self._ends_word(self.at):
            if self.peek == "*":
                self.at += 1
                if len(parts) == 1 or parts[-1]:
                    parts.append("")
                glued = False
                continue
            if glued:
                self.fail("a space or * next to a quote; a text that holds a quote goes in quotes")
            parts[-1] = self._quoted() if self.peek in _QUOTES else self._bare("*")
            glued = True
        return Pattern(tuple(parts))

    def plain(self, *, stop: str = "") -> str:
        """One word or quoted text, in which `*` stands for itself."""
        return self._quoted() if self.peek in _QUOTES else self._bare(stop)

    def slashed(self) -> tuple[str, bool]:
        """A pattern between slashes, and whether an `i` asks for any case."""
        start = self.at
        characters: list[str] = []
        place = start + 1
        while (here := self.text[place : place + 1]) != "/":
            if not here:
                self.fail(
                    '"/" at the end of the pattern; a text with slashes goes in quotes', at=start
                )
            if here == "\\":
                following = self.text[place + 1 : place + 2]
                characters.append("/" if following == "/" else here + following)
                place += 2
            else:
                characters.append(here)
                place += 1
        self.at = place + 1
        ignore_case = self.take(_FLAGS) == "i"
        if not self._ends_word(self.at):
            self.fail("a space after the pattern; a text with slashes goes in quotes")
        return "".join(characters), ignore_case

    def _ends_word(self, place: int) -> bool:
        following = self.text[place : place + 1]
        return not following or following.isspace() or following in "()"

    def _bare(self, stop: str) -> str:
        """Characters up to a space, a quote or one of `stop`; parentheses in pairs belong."""
        start = self.at
        opened: list[int] = []
        while not self.at_end:
            here = self.peek
            if here.isspace() or here in stop or here in _QUOTES:
                break
            if here == "(":
                opened.append(self.at)
            elif here == ")":
                if not opened:
                    break
                opened.pop()
            self.at += 1
        if opened:
            self.fail('")" before the space; a text with parentheses goes in quotes', at=opened[-1])
        return self.text[start : self.at]

    def _quoted(self) -> str:
        start = self.at
        closing = '"' if self.text[start] == '"' else _QUOTES
        characters: list[str] = []
        self.at += 1
        while (here := self.peek) and here not in closing:
            if here == "\\" and self.text[self.at + 1 : self.at + 2] in {"\\", *_QUOTES}:
                self.at += 1
                here = self.peek
            characters.append(here)
            self.at += 1
        if not here:
            self.fail(f"a closing quote for the one in column {start + 1}")
        self.at += 1
        return "".join(characters)


def _found(text: str, place: int) -> str:
    if place >= len(text):
        return "the end"
    rest = text[place : place + _MAX_FOUND_CHARACTERS]
    if rest[0].isspace():
        return "a space"
    return '"' + rest.split(maxsplit=1)[0] + '"'
