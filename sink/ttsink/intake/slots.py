"""Memory that the server and a process beside it share, so that batches need no socket.

A socket copies a batch twice and takes fresh pages of the kernel for it each time, which cost more
than the copying; these pages stay where they are. What does not fit goes through the socket.
"""

import mmap
import os
from typing import Final

SLOTS: Final = 4
"""Batches under way at once that have a place here."""

SLOT_BYTES: Final = 1024 * 1024
"""A body, or the lines made of it: a thousand records are a third of that. All slots of both
directions take 8 MiB, of which the system gives what was once written to."""

NO_SLOT: Final = -1
"""What was sent lies in the socket."""


NO_MEMORY: Final = -1
"""In place of a descriptor, where the system has no memory to share: all goes through the socket.
A file would do, but bodies are not redacted yet and must reach no disk."""


def create() -> int:
    """A descriptor of the memory, for both ends, or NO_MEMORY. Raises OSError."""
    if not hasattr(os, "memfd_create"):  # not Linux
        return NO_MEMORY
    try:
        descriptor = os.memfd_create("ttsink-batches")
    except OSError:  # a sandbox that does not know it
        return NO_MEMORY
    try:
        os.ftruncate(descriptor, 2 * SLOTS * SLOT_BYTES)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


class Slots:
    """One end's view. `out` is what this end writes, `into` what it reads.

    Who writes a slot tells the other through a socket, and writes it again only after an answer.
    """

    def __init__(self, descriptor: int, *, is_server: bool) -> None:
        """The descriptor may be closed afterwards; with NO_MEMORY nothing fits."""
        size = 2 * SLOTS * SLOT_BYTES
        self._memory = None if descriptor == NO_MEMORY else mmap.mmap(descriptor, size)
        half = SLOTS * SLOT_BYTES
        self._out, self._into = (0, half) if is_server else (half, 0)

    def put(self, slot: int, data: bytes) -> bool:
        """Writes a slot; False where the data do not fit."""
        if self._memory is None or slot == NO_SLOT or len(data) > SLOT_BYTES:
            return False
        start = self._out + slot * SLOT_BYTES
        self._memory[start : start + len(data)] = data
        return True

    def get(self, slot: int, size: int) -> bytes:
        """What the other end wrote."""
        assert self._memory is not None
        start = self._into + slot * SLOT_BYTES
        return self._memory[start : start + size]

    def close(self) -> None:
        if self._memory is not None:
            self._memory.close()
