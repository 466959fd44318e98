"""Memory that the server and a process beside it share, so that batches need no socket.

A socket copies a batch twice and takes fresh pages of the kernel for it each time, which cost more
than the copying; these pages stay where they are. What does not fit goes through the socket.
"""

import mmap
import os
import tempfile
from contextlib import suppress
from typing import BinaryIO, Final

SLOTS: Final = 4
"""Batches under way at once that have a place here."""

SLOT_BYTES: Final = 1024 * 1024
"""A body, or the lines made of it: a thousand records are a third of that. All slots of both
directions take 8 MiB, of which the system gives what was once written to."""

NO_SLOT: Final = -1
"""What was sent lies in the socket."""


def create() -> BinaryIO:
    """The memory as an open file, for both ends. Raises OSError."""
    memory = _memory()
    try:
        memory.truncate(2 * SLOTS * SLOT_BYTES)
    except OSError:
        memory.close()
        raise
    return memory


def _memory() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        with suppress(OSError):  # a sandbox that does not know it
            return os.fdopen(os.memfd_create("ttsink-batches"), "r+b", 0)
    return tempfile.TemporaryFile(buffering=0)  # or not Linux


class Slots:
    """One end's view. `out` is what this end writes, `into` what it reads.

    Who writes a slot tells the other through a socket, and writes it again only after an answer.
    """

    def __init__(self, descriptor: int, *, is_server: bool) -> None:
        """The descriptor may be closed afterwards."""
        self._memory = mmap.mmap(descriptor, 2 * SLOTS * SLOT_BYTES)
        half = SLOTS * SLOT_BYTES
        self._out, self._into = (0, half) if is_server else (half, 0)

    def put(self, slot: int, data: bytes) -> bool:
        """Writes a slot; False where the data do not fit."""
        if slot == NO_SLOT or len(data) > SLOT_BYTES:
            return False
        start = self._out + slot * SLOT_BYTES
        self._memory[start : start + len(data)] = data
        return True

    def get(self, slot: int, size: int) -> bytes:
        """What the other end wrote."""
        start = self._into + slot * SLOT_BYTES
        return self._memory[start : start + size]

    def close(self) -> None:
        self._memory.close()
