"""Whether a peer takes what was written to it, judged by how much still waits."""

from typing import Final

UNTAKEN_SECONDS: Final = 15.0
"""An answer may wait so long while its reader takes next to nothing: as a stream's write may
(`stream.write_seconds`). Without it a reader that stops reading holds its answer for ever."""

MIN_TAKEN_BYTES: Final = 16 * 1024
"""What counts as taking, in that time: about 1 KiB/s, less than any link that shows a screen."""


class Uptake:
    """What one connection has written and its peer has not taken."""

    __slots__ = ("_since", "_size", "_taken")

    def __init__(self) -> None:
        self._size = 0
        self._taken = 0
        self._since = 0.0

    def stalled(self, size: int, now: float) -> bool:
        """Given the bytes that wait at this moment: whether the peer has stopped taking them."""
        if not size or not self._size:
            self._size, self._taken, self._since = size, 0, now
            return False
        self._taken += max(0, self._size - size)
        self._size = size
        if self._taken >= MIN_TAKEN_BYTES:
            self._taken, self._since = 0, now
        return now - self._since >= UNTAKEN_SECONDS
