"""A place in the stream."""

from typing import Final, NamedTuple

MAX_ID_CHARACTERS: Final = 64
"""A longer id is not one of ours; it is treated as unknown, never as an error."""

_EPOCH_ALPHABET: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")


class Cursor(NamedTuple):
    """One life of the numbering, and a dense record number in it.

    Its text `<epoch>-<position>` is the SSE id and `Record.id`; clients treat it as opaque.
    Position 0 is the place before the first record.
    """

    epoch: str
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.position}"


def parse(text: str) -> Cursor | None:
    """The cursor a text names, or None where it is not one of ours.

    Strict, so that `parse(str(cursor)) == cursor` and no other text parses.
    """
    if len(text) > MAX_ID_CHARACTERS:
        return None
    epoch, dash, digits = text.partition("-")
    if not dash or not epoch or not _EPOCH_ALPHABET.issuperset(epoch):
        return None
    if not (digits.isascii() and digits.isdigit()) or (len(digits) > 1 and digits[0] == "0"):
        return None
    return Cursor(epoch, int(digits))
