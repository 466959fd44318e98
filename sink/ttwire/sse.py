"""Server-sent events: framing and an incremental decoder.

Source: WHATWG HTML, section 9.2, "Server-sent events".
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from ttwire.record import with_id

MAX_LINE_BYTES: Final = 8 * 1024 * 1024
"""A longer line drops its event. A record of 256 KiB grows sixfold at most when escaped, and a
`state` event names some thousand jobs at 1 kB each; `Decoder.dropped` counts what went."""

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""A larger sum of data lines drops the event: memory for one stream stays bounded."""

HEARTBEAT: Final = b":\n"
"""One newline, no blank line: httpx-sse takes every blank line after an id for an event."""

_MAX_RETRY_DIGITS: Final = 12
"""Over thirty years in milliseconds; int() refuses a text of 4300 digits."""

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 0x0A
_RECORD_LINES: Final = b"\nevent: record\ndata: "
_UNSAFE_NAME: Final = re.compile(r"[\r\n]")
_UNSAFE_ID: Final = re.compile(r"[\r\n\0]")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class Event(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event; `id` is the last event id at its dispatch, sticky by the spec.

    `data` is the bytes as they came, lines joined by LF; `text` has the spec's decoding.
    """

    event: str
    data: bytes
    id: str = ""

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def frame(event: str, data: bytes, event_id: str | None = None) -> bytes:
    """One event; every line end within `data` arrives as LF.

    Raises:
        ValueError: a line end in `event`, or a line end or NUL in `event_id`.
    """
    if _UNSAFE_NAME.search(event):
        raise ValueError("an event's name must hold no line end")
    head = b"" if event_id is None else _id_line(event_id)
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINE_END.split(data))
    return b"%bevent: %b\ndata: %b\n\n" % (head, event.encode(), data)


def record_frame(line: bytes, record_id: str) -> bytes:
    """A `record` event from a record's stored JSON, its id put in.

    `line` is one line of JSON and `record_id` the text of a cursor: neither is looked at
    again, since this runs once for every record and subscriber.
    """
    place = record_id.encode()
    if line == b"{}":
        return b"id: %b\nevent: record\ndata: %b\n\n" % (place, with_id(line, record_id))
    # `with_id` and the frame in one copy of the line.
    return b'id: %b\nevent: record\ndata: {"id":"%b",%b\n\n' % (place, place, line[1:])


def record_frames(epoch: str, records: Iterable[tuple[int, bytes]]) -> list[bytes]:
    """`record_frame` of many records of one epoch, each given by its position and its line."""
    name = epoch.encode()
    return [
        b'id: %b-%d\nevent: record\ndata: {"id":"%b-%d",%b\n\n'
        % (name, position, name, position, line[1:])
        if len(line) > 2
        else record_frame(line, f"{epoch}-{position}")
        for position, line in records
    ]


def cursor_frame(event_id: str) -> bytes:
    """Moves a client's last event id without an event: nothing is dispatched for it.

    Raises:
        ValueError: a line end or NUL in `event_id`.
    """
    return _id_line(event_id) + b"\n"


def comment(text: str = "") -> bytes:
    """A line no client reports.

    Raises:
        ValueError: a line end in `text`.
    """
    if _UNSAFE_NAME.search(text):
        raise ValueError("a comment must hold no line end")
    return b": %b\n" % text.encode() if text else HEARTBEAT


def retry(milliseconds: int) -> bytes:
    """How long a client waits before it connects again; takes effect without a blank line.

    Raises:
        ValueError: a negative time.
    """
    if milliseconds < 0:
        raise ValueError("a time to wait must not be negative")
    return b"retry: %d\n" % milliseconds


def _id_line(event_id: str) -> bytes:
    if _UNSAFE_ID.search(event_id):
        raise ValueError("an event's id must hold no line end and no NUL")
    return b"id: %b\n" % event_id.encode()


class Decoder:
    """Bytes of one stream in any cut, events out; one decoder for one connection.

    `last_event_id` is what a reconnection sends; it moves only when a blank line ends a
    block, so a half-written event at the end of a stream was not consumed. `retry_ms` is
    the last valid `retry`. `dropped` counts events over MAX_LINE_BYTES or MAX_EVENT_BYTES;
    their id still counts, or a reconnection would meet them for ever.
    """

    def __init__(
        self,
        last_event_id: str = "",
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        self.last_event_id = last_event_id
        self.retry_ms: int | None = None
        self.dropped = 0
        self._max_line_bytes = max_line_bytes
        self._max_event_bytes = max_event_bytes
        self._limit = min(max_line_bytes, max_event_bytes)
        self._start: bytes | None = b""  # bytes of a possible BOM; None once decided
        self._after_cr = False
        self._pieces: list[bytes] = []  # of the line that has no end yet
        self._pieces_bytes = 0
        self._name = ""
        self._id = last_event_id
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._too_long = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes complete, in order."""
        if self._start is not None:
            chunk = self._start + chunk
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._start = chunk
                return []
            self._start = None
            chunk = chunk.removeprefix(_BOM)
        if not chunk:
            return []
        if self._after_cr:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = chunk.rfind(b"\n")
        if end < 0:
            self._keep(chunk)
            return []
        whole = chunk[:end]
        if self._pieces:
            self._pieces.append(whole)
            whole = b"".join(self._pieces)
            self._pieces = []
            self._pieces_bytes = 0
        events: list[Event] = []
        if not self._between_events:
            rest_of_event, blank, following = whole.partition(b"\n\n")
            if blank:
                self._lines(rest_of_event + b"\n", events)
                whole = following
        at = self._records(whole, events) if self._between_events else 0
        if at <= len(whole):
            self._lines(whole[at:] if at else whole, events)
        self._keep(chunk[end + 1 :])
        return events

    @property
    def _between_events(self) -> bool:
        return not (self._data or self._name or self._too_long)

    def _records(self, whole: bytes, events: list[Event]) -> int:
        """Reads events written as `record_frame` writes them; says how far it came.

        Nearly all of a stream has this form, and costs half of what its lines would. What it
        leaves, `_lines` reads. A line that ends `whole` has its end taken off already, so a
        blank line there is the end of `whole` itself.
        """
        at, size = 0, len(whole)
        while whole.startswith(b"id: ", at):
            id_end = whole.find(b"\n", at)
            start = id_end + len(_RECORD_LINES)
            if id_end < 0 or not whole.startswith(_RECORD_LINES, id_end):
                break
            end = whole.find(b"\n", start)
            if end < 0 or (end + 1 < size and whole[end + 1] != _LF):
                break
            if end - start + len(b"data: ") > self._limit or b"\0" in whole[at:id_end]:
                break
            self._id = self.last_event_id = whole[at + 4 : id_end].decode("utf-8", "replace")
            events.append(Event("record", whole[start:end], self._id))
            at = end + 2
        return at

    def _keep(self, piece: bytes) -> None:
        """Holds the start of a line; of one over the bound only enough to know its field."""
        if not piece:
            return
        room = self._max_line_bytes + 1 - self._pieces_bytes
        if room > 0:
            self._pieces.append(piece[:room])
            self._pieces_bytes += min(len(piece), room)

    def _lines(self, whole: bytes, events: list[Event]) -> None:
        data = self._data
        for line in whole.split(b"\n"):
            if not line:
                event = self._dispatch()
                if event is not None:
                    events.append(event)
                data = self._data
            elif len(line) > self._max_line_bytes:
                self._too_long = True
            elif line.startswith(b"data: "):
                data.append(line[6:])
                self._data_bytes += len(line)
                if self._data_bytes > self._max_event_bytes:
                    self._drop()
            elif line == b"event: record":
                self._name = "record"
            else:
                self._field(line)

    def _field(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if colon:
            value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(line)
            if self._data_bytes > self._max_event_bytes:
                self._drop()
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():  # of bytes: ASCII digits only
            self.retry_ms = int(value[:_MAX_RETRY_DIGITS])

    def _drop(self) -> None:
        self._too_long = True
        self._data.clear()
        self._data_bytes = 0

    def _dispatch(self) -> Event | None:
        self.last_event_id = self._id
        name, self._name = self._name, ""
        if self._too_long:
            self._too_long = False
            self.dropped += 1
            self._data.clear()
            self._data_bytes = 0
            return None
        if not self._data:
            return None
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data = []
        self._data_bytes = 0
        return Event(name or "message", data, self._id)
