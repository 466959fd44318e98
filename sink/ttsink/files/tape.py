"""Files and a pipe as one long run of whole lines, in the order they came.

A place on the tape is a byte number that never changes: what was read first keeps its place
however much comes after. Files stay where they are; only the pipe is kept in memory.
"""

import os
import stat
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from ttwire.engine import EngineError

MAX_PIPE_BYTES: Final = 64 * 1024 * 1024
"""Of standard input kept in memory; older lines go, which the screen shows as a gap."""

MAX_OPEN_FILES: Final = 64
"""Kept open, so that a rotated file can still be read; beyond it the oldest is let go."""

MAX_EXTENTS: Final = 100_000
"""Stretches of the tape: several files that are written to in turn make one each time."""

MAX_LINE_BYTES: Final = 32 * 1024 * 1024
"""A longer line is taken in pieces. Its record is cut to 256 KiB anyway, but where it ends must
be found from both sides."""

READ_BYTES: Final = 256 * 1024
PARTIAL_POLLS: Final = 4
"""Polls without growth before a last line without a line feed is taken as it is."""

SAME_TIME_SECONDS: Final = 10.0
"""Lines without a time of their own are shown as of the first one written within this."""

_GZIP: Final = b"\x1f\x8b"


class Part(Protocol):
    """Bytes that can be read again at the same offsets."""

    def read(self, offset: int, size: int) -> bytes: ...


class FilePart:
    """An open file. What was cut off its end reads as nothing."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def read(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self.descriptor, size, offset)
        except OSError:
            return b""


class PipePart:
    """The newest `MAX_PIPE_BYTES` of a pipe; filled by one thread, read by another."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._blocks: deque[bytes] = deque()
        self._starts: deque[int] = deque()
        self._lock = threading.Lock()
        self.size = 0
        self.start = 0
        self.closed = False

    def fill(self) -> None:
        """Reads until the pipe is closed; for a thread of its own."""
        read = getattr(self._pipe, "read1", self._pipe.read)
        while True:
            try:
                block = read(READ_BYTES)
            except (OSError, ValueError):
                block = b""
            if not block:
                self.closed = True
                return
            with self._lock:
                self._blocks.append(block)
                self._starts.append(self.size)
                self.size += len(block)
                while self.size - self._starts[0] > MAX_PIPE_BYTES:
                    self._blocks.popleft()
                    self._starts.popleft()
                    # The first line that is whole; a block without a line end is no line.
                    head = self._blocks[0]
                    self.start = self._starts[0] + (head.find(b"\n") + 1 or len(head))

    def read(self, offset: int, size: int) -> bytes:
        with self._lock:
            if not self._starts or offset < self._starts[0]:
                return b""
            at = bisect_right(self._starts, offset) - 1
            pieces: list[bytes] = []
            left, skip = size, offset - self._starts[at]
            while left > 0 and at < len(self._blocks):
                piece = self._blocks[at][skip : skip + left]
                pieces.append(piece)
                left -= len(piece)
                at, skip = at + 1, 0
            return b"".join(pieces)


class Extent(NamedTuple):
    """`size` bytes of whole lines from `offset` of a part, at `place` on the tape.

    `modified` (epoch seconds) is when its first bytes were written, for lines that say no time
    of their own; it never changes, or a line would move in time.
    """

    place: int
    size: int
    part: Part
    offset: int
    modified: float


class _Input:
    """One source and how far it was taken."""

    def __init__(self, part: FilePart | PipePart, path: Path | None) -> None:
        self.part = part
        self.path = path
        self.taken = 0
        self.seen = 0
        self.still = 0
        self.identity = (0, 0)


class Tape:
    """Grows at its end by `poll`; read by place from anywhere."""

    def __init__(self, files: Sequence[Path], pipe: BinaryIO | None) -> None:
        """Raises EngineError."""
        self.extents: list[Extent] = []
        self._places: list[int] = []
        self.size = 0
        self.notices: list[str] = []
        self._inputs: list[_Input] = []
        self._held: deque[FilePart] = deque()
        opened = sorted((self._open(path) for path in files), key=self._modified)
        self._inputs += opened
        if pipe is not None:
            part = PipePart(pipe)
            threading.Thread(target=part.fill, name="standard input", daemon=True).start()
            self._inputs.append(_Input(part, None))
        self.poll()

    @property
    def start(self) -> int:
        """The first place that can still be read."""
        while self.extents:
            first = self.extents[0]
            gone = first.part.start - first.offset if isinstance(first.part, PipePart) else 0
            if gone < first.size:
                return first.place + max(0, gone)
            del self.extents[0], self._places[0]
        return self.size

    @property
    def ended(self) -> bool:
        return all(
            isinstance(i.part, PipePart) and i.part.closed and i.taken == i.part.size
            for i in self._inputs
        )

    def poll(self) -> bool:
        """Whether there was anything new."""
        before = self.size
        for source in self._inputs:
            if source.path is not None:
                self._follow(source, source.path)
            self._take(source)
        return self.size > before

    def extent_at(self, place: int) -> Extent | None:
        """The extent that holds a place, or the first one after it."""
        at = bisect_right(self._places, place) - 1
        if at >= 0 and place < self.extents[at].place + self.extents[at].size:
            return self.extents[at]
        return self.extents[at + 1] if at + 1 < len(self.extents) else None

    def extent_before(self, place: int) -> Extent | None:
        """The extent that holds the byte before a place, or the last one before it."""
        at = bisect_right(self._places, place - 1) - 1
        return self.extents[at] if at >= 0 else None

    def close(self) -> None:
        for part in self._held:
            os.close(part.descriptor)
        self._held.clear()

    # Taking

    def _open(self, path: Path) -> _Input:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise EngineError(f"cannot open {path}: {error.strerror}") from error
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise EngineError(f"{path} is {kind}; give files, or pipe into `ttview -`")
        if os.pread(descriptor, 2, 0) == _GZIP:
            os.close(descriptor)
            raise EngineError(f"{path} is compressed; use: zcat {path} | ttview -")
        made = _Input(self._hold(descriptor), path)
        made.identity = (found.st_dev, found.st_ino)
        return made

    def _hold(self, descriptor: int) -> FilePart:
        part = FilePart(descriptor)
        self._held.append(part)
        if len(self._held) > MAX_OPEN_FILES:
            gone = self._held.popleft()
            os.close(gone.descriptor)
            gone.descriptor = -1
            self._forget(gone)
        return part

    def _forget(self, part: Part) -> None:
        self.extents = [extent for extent in self.extents if extent.part is not part]
        self._places = [extent.place for extent in self.extents]

    @staticmethod
    def _modified(source: _Input) -> float:
        assert isinstance(source.part, FilePart)
        return os.fstat(source.part.descriptor).st_mtime

    def _follow(self, source: _Input, path: Path) -> None:
        """Changes to the new file where the path names another one, or starts over in a cut one."""
        assert isinstance(source.part, FilePart)
        if os.fstat(source.part.descriptor).st_size < source.taken:
            self._forget(source.part)
            self.notices.append(f"{path} was cut; what it held is gone")
            source.taken = source.seen = 0
        try:
            now = path.stat()
        except OSError:
            return
        if (now.st_dev, now.st_ino) == source.identity or not stat.S_ISREG(now.st_mode):
            return
        # The rest of the old one first, its last line as it is.
        self._take(source, to_the_end=True)
        try:
            opened = self._open(path)
        except EngineError as error:
            self.notices.append(str(error))
            return
        source.part, source.identity = opened.part, opened.identity
        source.taken = source.seen = source.still = 0

    def _take(self, source: _Input, *, to_the_end: bool = False) -> None:
        """Puts the whole lines a source has more of on the tape."""
        part = source.part
        modified = 0.0
        if isinstance(part, FilePart):
            found = os.fstat(part.descriptor)
            size, modified = found.st_size, found.st_mtime
        else:
            modified = time.time()
            to_the_end = to_the_end or part.closed
            size = part.size
            source.taken = max(source.taken, part.start)
        if size == source.taken:
            return
        source.still = source.still + 1 if size == source.seen else 0
        source.seen = size
        end = size
        if not to_the_end and source.still < PARTIAL_POLLS:
            end = self._last_line_end(part, source.taken, size)
        if end > source.taken:
            self._put(part, source.taken, end - source.taken, modified)
            source.taken, source.still = end, 0

    @staticmethod
    def _last_line_end(part: Part, start: int, end: int) -> int:
        """After the last line feed of a stretch; its start where there is none."""
        at = end
        while at > start:
            low = max(start, at - READ_BYTES)
            found = part.read(low, at - low).rfind(b"\n")
            if found >= 0:
                return low + found + 1
            at = low
            if end - at > MAX_LINE_BYTES:
                return end
        return start

    def _put(self, part: Part, offset: int, size: int, modified: float) -> None:
        last = self.extents[-1] if self.extents else None
        grows = last is not None and last.part is part and last.offset + last.size == offset
        if last is not None and grows and modified - last.modified < SAME_TIME_SECONDS:
            self.extents[-1] = last._replace(size=last.size + size)
        else:
            self.extents.append(Extent(self.size, size, part, offset, modified))
            self._places.append(self.size)
            if len(self.extents) > MAX_EXTENTS:
                del self.extents[0], self._places[0]
        self.size += size
