"""What a filter marks in the messages it keeps."""

from typing import Any

from ttwire.pattern import compiled, spans
from ttwire.term import And, Node, Or, Regex, Text


class Highlight:
    """`words` match in any case; `spans` also finds what the filter's patterns match."""

    __slots__ = ("_folded", "_patterns", "words")

    def __init__(self, words: tuple[str, ...], patterns: tuple[Any, ...]) -> None:
        self.words = words
        self._folded = tuple(word.casefold() for word in words)
        self._patterns = patterns

    def spans(self, message: str) -> list[tuple[int, int]]:
        """Where to mark, as `[start, end)` in characters: in order, never overlapping."""
        found: list[tuple[int, int]] = []
        folded = message.casefold()
        places = None if len(folded) == len(message) else _places(message)
        for word in self._folded:
            at = folded.find(word)
            while at >= 0:
                end = at + len(word)
                found.append((at, end) if places is None else (places[at], places[end - 1] + 1))
                at = folded.find(word, end)
        for pattern in self._patterns:
            found.extend(spans(pattern, message))
        return _merged(found)


def _places(message: str) -> list[int]:
    """For each character of the folded text, which character of the message it came from."""
    return [at for at, character in enumerate(message) for _ in character.casefold()]


def _merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def highlight(node: Node) -> Highlight:
    """From every term that asks for a text; what is excluded is not marked."""
    words: dict[str, None] = {}
    patterns: list[Any] = []
    waiting = [node]
    while waiting:
        match waiting.pop():
            case And(terms) | Or(terms):
                waiting.extend(reversed(terms))
            case Text(pattern):
                words.update(dict.fromkeys(part for part in pattern.parts if part))
            case Regex("message", pattern, ignore_case):
                patterns.append(compiled(pattern, ignore_case=ignore_case))
            case _:
                pass
    return Highlight(tuple(words), tuple(patterns))
