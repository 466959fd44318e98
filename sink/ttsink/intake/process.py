"""The server's end of a process that prepares batches beside it."""

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Final

from ttsink.intake import frame, slots
from ttsink.intake.beside import BUFFER_BYTES
from ttsink.intake.prepare import Prepared, Task
from ttsink.oplog import LOGGER

END_SECONDS: Final = 2.0
"""How long a process may take to end once its socket is closed; then it is killed."""

ANSWER_SECONDS: Final = 240.0
"""How long a body may take, those before it included: the largest there can be, all of it values
to redact, takes a third of that. A process that is stopped or stuck is killed then."""

MIN_REST_SECONDS: Final = 1.0
MAX_REST_SECONDS: Final = 60.0
"""How long a process that failed is left alone; twice as long after each time."""

OWN_VARIABLES: Final = "TTSINK_"
"""What of the environment begins so is configuration, tokens among it: it is not passed on."""


class ProcessGone(Exception):  # noqa: N818  a state, as of a connection
    """The process ended before it gave an answer; the body is as good as ever."""


class PrepareProcess:
    """One process, started when it is first wanted, and again after it failed.

    Bodies are answered in the order they came in.
    """

    def __init__(self, start: frame.Start, failed: Callable[[], None]) -> None:
        self._start = start
        self._failed = failed
        self._channel: _Channel | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self._rest = MIN_REST_SECONDS
        self._closed = False
        self._resting = False

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    def is_ready(self) -> bool:
        channel = self._channel
        return channel is not None and channel.greeted and not channel.ended.done()

    @property
    def under_way(self) -> int:
        """Bodies it has, those that were let go among them."""
        return len(self._channel.waiting) if self._channel is not None else 0

    def waited_seconds(self, now: float) -> float:
        """How long it has been working on one body."""
        channel = self._channel
        return now - channel.since if channel is not None and channel.waiting else 0.0

    def let_go(self) -> None:
        """Fails what waits behind the body it works on with ProcessGone: others can do it."""
        if self._channel is not None:
            for answer, _ in list(self._channel.waiting)[1:]:
                if not answer.done():
                    answer.set_exception(ProcessGone())

    def want(self) -> None:
        """Starts it where it does not run; ready a second later."""
        if self._task is None and not self._closed:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="prepare")

    def prepare(self, task: Task, body: bytes) -> "asyncio.Future[Prepared]":
        """Hands a body over at once; for one that is ready. Raises ProcessGone, BodyRefused."""
        assert self._channel is not None
        loop = asyncio.get_running_loop()
        answer = self._channel.send(task, body)
        overdue = loop.call_later(ANSWER_SECONDS, self._kill)
        answer.add_done_callback(lambda _: overdue.cancel())
        return answer

    def _kill(self) -> None:
        """Ends a process that does not answer; what it was given is done elsewhere."""
        if self._child is not None:
            self._child.kill()

    async def aclose(self) -> None:
        self._closed = True
        if self._task is None:
            return
        if self._channel is not None:
            self._channel.close()
        if self._resting:
            self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        """One life of the process, and the rest after it failed."""
        try:
            status = await self._live()
        except (OSError, RuntimeError) as error:  # no descriptor, process or thread to be had
            status = getattr(error, "errno", None) or -1
        if not self._closed:
            self._failed()
            LOGGER.error(
                "the process that prepares batches ended; threads take its work meanwhile",
                extra={"status": status, "again_in_seconds": self._rest},
            )
            self._resting = True
            await asyncio.sleep(self._rest)
            self._resting = False
            self._rest = min(self._rest * 2, MAX_REST_SECONDS)
        self._task = None

    async def _live(self) -> int:
        """From its start to its end; the exit status. Raises OSError, RuntimeError."""
        with ExitStack() as held:
            with ExitStack() as given:
                memory = slots.create()
                if memory != slots.NO_MEMORY:
                    given.callback(os.close, memory)
                shared = slots.Slots(memory, is_server=True)
                held.callback(shared.close)
                ours, theirs = socket.socketpair()
                held.enter_context(ours)
                with theirs:
                    for end in (ours, theirs):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
                    self._child = await asyncio.to_thread(_spawn, theirs.fileno(), memory)
            try:
                await self._talk(ours, shared)
            finally:
                self._channel = None
                ours.close()
                status = await _ended(self._child)
                self._child = None
        return status

    async def _talk(self, ours: socket.socket, shared: slots.Slots) -> None:
        _, channel = await asyncio.get_running_loop().create_connection(
            lambda: _Channel(shared), sock=ours
        )
        self._channel = channel
        channel.write(frame.head(self._start))
        if self._closed:
            channel.close()
        await channel.ended
        if channel.greeted:
            self._rest = MIN_REST_SECONDS


def _spawn(channel: int, memory: int) -> "subprocess.Popen[bytes]":
    environ = {k: v for k, v in os.environ.items() if not k.startswith(OWN_VARIABLES)}
    # Where the server was found, whatever it was started by; and -P, so that no file of the
    # folder it was started in is taken for a module.
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(  # noqa: S603  ourselves
        [sys.executable, "-P", "-m", "ttsink.intake.beside", str(channel), str(memory)],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[shared for shared in (channel, memory) if shared != slots.NO_MEMORY],
    )


async def _ended(child: "subprocess.Popen[bytes]") -> int:
    """The exit status, once its socket is closed."""
    try:
        return await asyncio.to_thread(_end, child)
    except RuntimeError:  # no thread to wait in
        child.kill()
        return child.wait()


def _end(child: "subprocess.Popen[bytes]") -> int:
    try:
        return child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


class _Channel(asyncio.BufferedProtocol):
    """The socket: frames out, answers in, in the same order."""

    def __init__(self, shared: slots.Slots) -> None:
        self.greeted = False
        self.waiting: deque[tuple[asyncio.Future[Prepared], int]] = deque()
        self.since = 0.0
        """When the first of those became the first."""
        self._shared = shared
        self._free = list(range(slots.SLOTS))
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.WriteTransport | None = None
        self._head = bytearray(frame.HEAD.size)
        self._begin()

    def _begin(self) -> None:
        self._size = self._more = 0
        self._slot = slots.NO_SLOT
        self._buffer = self._head
        self._filled = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def send(self, task: Task, body: bytes) -> "asyncio.Future[Prepared]":
        answer: asyncio.Future[Prepared] = self._loop.create_future()
        if self.ended.done():
            answer.set_exception(ProcessGone())
            return answer
        slot = self._free.pop() if self._free else slots.NO_SLOT
        if not self.waiting:
            self.since = self._loop.time()
        self.waiting.append((answer, slot))
        if self._shared.put(slot, body):
            self.write(frame.head(task, len(body), slot))
        else:
            self.write(frame.head(task, len(body)))
            self.write(body)
        return answer

    def close(self) -> None:
        """Cuts it: an end that is stopped would never take what waits to be written."""
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, _sizehint: int) -> memoryview:
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._filled < len(self._buffer):
            return
        if self._buffer is self._head:
            self._size, self._more, self._slot = frame.HEAD.unpack(self._head)
            behind = self._more if self._slot == slots.NO_SLOT else 0
            self._buffer = bytearray(self._size + behind)
            self._filled = 0
            return
        message = memoryview(self._buffer)[: self._size]
        if self._slot == slots.NO_SLOT:
            text = bytes(memoryview(self._buffer)[self._size :])
        else:
            text = self._shared.get(self._slot, self._more)
        self._begin()
        self._answered(message, text)

    def _answered(self, message: memoryview, text: bytes) -> None:
        said = frame.answer(message)
        if isinstance(said, frame.Hello):
            self.greeted = True
            return
        answer, slot = self.waiting.popleft()
        self.since = self._loop.time()
        if slot != slots.NO_SLOT:
            self._free.append(slot)
        if answer.done():  # who asked is gone
            return
        if isinstance(said, frame.Unreadable):
            answer.set_exception(said.error())
        else:
            answer.set_result(Prepared(said, text))

    def connection_lost(self, _exc: Exception | None) -> None:
        for answer, _ in self.waiting:
            if not answer.done():
                answer.set_exception(ProcessGone())
        self.waiting.clear()
        if not self.ended.done():
            self.ended.set_result(None)
