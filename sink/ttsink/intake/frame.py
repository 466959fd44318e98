"""What the server and a process beside it say to each other, over a pair of sockets.

A frame is a head, a message in msgpack, and bytes that belong to it and are not copied into it:
they lie in a slot of shared memory, or behind the message.
Both ends are one program of one version; nobody else reads or writes there.
"""

from struct import Struct
from typing import Final

import msgspec

from ttsink.bodies.limits import BodyRefused
from ttsink.intake.prepare import Setup, Task, Told
from ttsink.intake.slots import NO_SLOT

HEAD: Final = Struct("=QQq")
"""Sizes of the message and of the bytes that belong to it, and their slot."""


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The first frame of a process: it is ready."""


class Unreadable(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A body that is refused, see BodyRefused."""

    status: int
    code: str
    detail: str

    def error(self) -> BodyRefused:
        return BodyRefused(self.status, self.code, self.detail)


class Start(msgspec.Struct, frozen=True):
    """The first frame to a process."""

    setup: Setup
    log_format: str


Message = Start | Task | Hello | Told | Unreadable

_encode = msgspec.msgpack.Encoder().encode
start = msgspec.msgpack.Decoder(Start).decode
task = msgspec.msgpack.Decoder(Task).decode
answer = msgspec.msgpack.Decoder(Hello | Told | Unreadable).decode


def head(message: Message, size: int = 0, slot: int = NO_SLOT) -> bytes:
    """A frame without its `size` bytes, which lie in a slot or go behind it."""
    encoded = _encode(message)
    return HEAD.pack(len(encoded), size, slot) + encoded
