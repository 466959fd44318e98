"""What the server and a process beside it say to each other, over a pair of sockets.

A frame is a head, a message in msgpack, and bytes that belong to it and are not copied into it.
Both ends are one program of one version; nobody else reads or writes there.
"""

from struct import Struct
from typing import Final

import msgspec

from ttsink.bodies.limits import BodyRefused
from ttsink.intake.prepare import Setup, Task, Told

HEAD: Final = Struct("=QQ")
"""Sizes of the message and of the bytes behind it."""


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


def head(message: Message, size: int = 0) -> bytes:
    """A frame without the `size` bytes that go behind it."""
    encoded = _encode(message)
    return HEAD.pack(len(encoded), size) + encoded
