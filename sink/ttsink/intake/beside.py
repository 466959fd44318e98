"""The process beside the server that prepares batches: `python -m ttsink.intake.beside FD FD`.

It has one socket, some shared memory, and no other business: a body comes in, what it holds goes
out. It ends when the server does, whichever way that ends.
"""

import gc
import os
import signal
import socket
import sys
from typing import Final

from ttsink import oplog
from ttsink.bodies.limits import BodyRefused
from ttsink.intake import frame
from ttsink.intake.prepare import Preparer
from ttsink.intake.slots import NO_MEMORY, NO_SLOT, Slots
from ttsink.redact import warm

GC_THRESHOLDS: Final = (100_000, 20, 100)
"""Of the collector, here and in the server: the usual (700, 10, 10) looks through what a batch
holds several times while it is in use; that took a quarter of intake (bench_intake.py)."""

BUFFER_BYTES: Final = 1024 * 1024
"""Of the socket: a usual batch goes into it in one piece."""

EXIT_FAULT: Final = 70


def run(channel: socket.socket, slots: Slots) -> int:
    """Serves until the other end closes; the exit status."""
    try:
        first = _receive(channel, slots)
        if first is None:
            return 0
        told = frame.start(first[0])
        oplog.set_up(told.log_format)
        redactor = told.setup.redactor()
        preparer = told.setup.preparer(redactor)
        if redactor is not None:
            warm.warm_up(redactor)
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        channel.sendall(frame.head(frame.Hello()))
        while (received := _receive(channel, slots)) is not None:
            _answer(channel, slots, preparer, *received)
    except ConnectionError:  # the server is gone
        return 0
    except Exception as error:
        # Its place and type only: a traceback may quote what it was given.
        oplog.LOGGER.error("the process that prepares batches failed", exc_info=error)
        return EXIT_FAULT
    return 0


def _answer(
    channel: socket.socket,
    slots: Slots,
    preparer: Preparer,
    message: bytes,
    body: bytes,
    slot: int,
) -> None:
    try:
        told, text = preparer.prepare(frame.task(message), body)
    except BodyRefused as refused:
        channel.sendall(frame.head(frame.Unreadable(refused.status, refused.code, refused.detail)))
        return
    if slots.put(slot, text):
        channel.sendall(frame.head(told, len(text), slot))
        return
    channel.sendall(frame.head(told, len(text)))
    channel.sendall(text)


def _receive(channel: socket.socket, slots: Slots) -> tuple[bytes, bytes, int] | None:
    """A message, the bytes that belong to it, and their slot; None at the end."""
    head = _exactly(channel, frame.HEAD.size)
    if head is None:
        return None
    size, more, slot = frame.HEAD.unpack(head)
    message = _exactly(channel, size)
    body = _exactly(channel, more) if slot == NO_SLOT else slots.get(slot, more)
    return None if message is None or body is None else (message, body, slot)


def _exactly(channel: socket.socket, size: int) -> bytes | None:
    if not size:
        return b""
    found = channel.recv(size, socket.MSG_WAITALL)
    while found and len(found) < size:  # a signal came in between
        more = channel.recv(size - len(found), socket.MSG_WAITALL)
        if not more:
            return None
        found += more
    return found or None


def main() -> int:
    # A signal for the whole group (Ctrl-C, a service that stops) is the server's: it still needs
    # what is under way here.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    memory = int(sys.argv[2])
    slots = Slots(memory, is_server=False)
    if memory != NO_MEMORY:
        os.close(memory)
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        return run(channel, slots)


if __name__ == "__main__":
    # Nothing here is worth the time that an interpreter takes to tidy up.
    os._exit(main())
