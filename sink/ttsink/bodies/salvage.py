"""What the fast decoders refuse: read piece by piece, so that a bad piece costs only itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ttsink.bodies import cut, event, within, wrapper
from ttsink.bodies.limits import Limits
from ttsink.bodies.value import Malformed, Shape, Split, Value
from ttwire.span import Span

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_BLANK = b" \t\r\n"
# Lines that are tried at once: a bad one costs its neighbours a second reading.
_CHUNK_BYTES = 16 * 1024

# Bodies that are told by what their wrappers say, where these hold the records.
_OF_OBJECTS = frozenset({"json_lines", "json_array", "json_values"})

_decode = msgspec.json.Decoder().decode
_objects = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
# Where the next object may begin behind one that could not be read.
_BOUNDARY = re.compile(r"\}\s*+(?:,\s*+)?(?=\{)")
_NEXT_ITEM = re.compile(r",\s*+(?=\{)")
_CLOSING = re.compile(r"[\]}\s,]*")
_BETWEEN = re.compile(r"[\s,]*")
# Damage that makes the same text be read again and again is given up after this many times.
_MAX_REREAD = 4
_LENIENT = json.JSONDecoder(strict=False)


def lines(body: bytes) -> Iterator[bytes]:
    r"""The body split on `\n` only: U+2028 and U+0085 arrive raw within a record."""
    start = 0
    while (end := body.find(b"\n", start)) >= 0:
        yield body[start:end]
        start = end + 1
    yield body[start:]


class _Text(str):
    """Text whose lines no error counts.

    json's errors count the lines before their place: damage all over a large body would be
    quadratic.
    """

    __slots__ = ()

    def count(self, *_: object) -> int:
        return 0

    def rfind(self, *_: object) -> int:
        return -1


class Salvage:
    """The values of one body, taken piece by piece; `plain` for text that need not be JSON."""

    def __init__(self, limits: Limits, *, plain: bool = False) -> None:
        self._limits = limits
        self._plain = plain
        self._values: list[Value] = []
        self._cut: list[int] = []
        self._malformed = self._repaired = self._rejected = self._metrics = 0
        self._unwrapped = False
        self._opener = wrapper.Opener(limits.max_body_bytes)
        self._spans: list[Span] = []

    def records(self, values: list[dict[str, Any]]) -> None:
        """Takes records that nest no deeper than the encoder can follow."""
        self.batch(_encode_lines(values), values)

    def batch(self, pieces: bytes, values: list[dict[str, Any]]) -> None:
        """Takes records whose JSON, one behind another, is `pieces`; wrappers are opened."""
        if (opened := self._opener.unwrapped(pieces, values)) is not None:
            pieces, values = opened
            self._unwrapped = True
        if not event.are_plain(values):
            mapped = event.in_place(values)
            if mapped is None:
                for value in values:
                    self.value(value)
                return
            values, metrics = mapped
            self._metrics += metrics
        taken = len(self._values)
        room = self._limits.max_records - taken
        places = within.over(pieces, values, self._limits)
        if len(values) > room:
            self._rejected += len(values) - room
            del values[room:]
        for place in places:
            if place < room:
                values[place] = cut.record(values[place], self._limits)
                self._cut.append(taken + place)
        self._values += values

    def chunks(self, body: bytes) -> None:
        """Takes the lines of a body, many at once where all of them are objects."""
        start = 0
        while start < len(body):
            end = body.find(within.BOUNDARY, start + _CHUNK_BYTES)
            end = end + 2 if end >= 0 else len(body)
            chunk = body[start:end]
            try:
                values = _objects.decode_lines(chunk)
            except UNREADABLE:
                self.lines(chunk)
            else:
                self.batch(chunk, values)
            start = end

    def lines(self, body: bytes) -> None:
        """Takes each line; an object spread over lines is taken where its braces stand alone."""
        block: list[bytes] = []
        for line in lines(body):
            bare = line.rstrip(b"\r")
            if len(self._values) >= self._limits.max_records:
                self._rejected += bool(bare.strip(_BLANK))
            elif bare == b"{":
                self._flush(block)
                block = [bare]
            elif block:
                block.append(line)
                if bare in {b"}", b"},"}:
                    self._flush(block)
                    block = []
            else:
                self.line(line)
        self._flush(block)

    def _flush(self, block: list[bytes]) -> None:
        if not block:
            return
        try:
            whole = _decode(b"\n".join(block).rstrip(b",\r"))
        except UNREADABLE:
            if any(line.startswith((b"{", b"[")) for line in block[1:]):
                for line in block:
                    self.line(line)
            else:
                self.objects(b"\n".join(block))
        else:
            self.value(whole)

    def line(self, raw: bytes) -> None:
        """One line: a JSON value, several of them, or text; blank ones are skipped."""
        raw = raw.strip(_BLANK)
        if not raw:
            return
        if len(self._values) >= self._limits.max_records:
            self._rejected += 1
            return
        if self._plain and not raw.startswith(b"{"):
            self._text(raw.decode("utf-8", "replace"))
            return
        try:
            whole = _decode(raw)
        except RecursionError:
            self._deep(raw)
        except UNREADABLE:
            opened = wrapper.ARRAY.match(raw)
            self.objects(raw[opened.end() :] if opened else raw, in_array=opened is not None)
        else:
            self.value(whole)

    def objects(self, raw: bytes, *, in_array: bool = False) -> None:
        """Objects one after another, with or without commas; what cannot be read is kept.

        In an array the brackets that close it are no text of anyone's.
        """
        text = _Text(raw.decode("utf-8", "replace"))
        # Bytes that are no UTF-8 became three bytes each, or this text holds the same bytes.
        is_utf8 = "\ufffd" not in text or text.encode() == raw
        place = wasted = 0
        while place < len(text):
            if in_array and _CLOSING.fullmatch(text, place):
                return
            if in_array and (after := wrapper.NEXT.match(text, place)):
                place = after.end()
                continue
            if len(self._values) >= self._limits.max_records:
                self._rejected += 1 + sum(1 for _ in _BOUNDARY.finditer(text, place))
                return
            value, end, is_strict = _object_at(text, place)
            if value is None:
                wasted += end - place
                is_object = text[place] == "{"
                sign = _NEXT_ITEM if in_array and not is_object else _BOUNDARY
                after = sign.search(text, place) if is_object or in_array or place else None
                end = after.end() if after else len(text)
                if wasted > _MAX_REREAD * len(text):
                    end = len(text)
                self._bad(text[place:end].rstrip(" \t\r\n,"))
            else:
                self._repaired += not (is_utf8 and is_strict)
                self.value(value)
            place = end + len(_BETWEEN.match(text, end)[0])  # type: ignore[index]

    def _deep(self, raw: bytes) -> None:
        pruned = cut.prune(raw, self._limits)
        try:
            whole = None if pruned is None else _decode(pruned)
        except UNREADABLE:
            whole = None
        if isinstance(whole, dict):
            self._add(cut.record(whole, self._limits), was_cut=True)
        elif isinstance(whole, list):
            for item in whole:
                self._deep(_encode(item))
        else:
            self.malformed(raw)

    def count_repaired(self) -> None:
        """Counts a record that was read after replacing bytes, and is taken like any other."""
        self._repaired += 1

    def malformed(self, raw: bytes) -> None:
        """A piece that cannot be read; kept as text."""
        self._bad(raw.decode("utf-8", "replace"))

    def value(self, value: Any) -> None:
        """One decoded value: an object, an array of them, or anything else as its text."""
        limits = self._limits
        if isinstance(value, dict):
            within_it = self._opener.records(value)
            self._unwrapped |= within_it is not None
            for each in [value] if within_it is None else within_it:
                self._object(each)
        elif isinstance(value, list):
            for item in value:
                self.value(_json_text(item, limits) if isinstance(item, list) else item)
        else:
            self._text(value if isinstance(value, str) else _json_text(value, limits))

    def _object(self, value: dict[str, Any]) -> None:
        read = event.read(value)
        if read is None:
            self._record(value)
            return
        for record in read.values:
            self._record(record, is_metric=read.is_metric)
        for span in read.spans:
            self.span(span)

    def span(self, span: Span | None) -> None:
        """One span; none for one that lacks what a span must have."""
        if span is None or len(self._spans) >= self._limits.max_records:
            self._rejected += 1
            return
        fitting, _ = self._fitting(span.attributes)
        events = span.events[: self._limits.max_fields]
        if sum(len(_encode(item)) for item in events) > self._limits.max_record_bytes:
            events = ()
        self._spans.append(replace(span, attributes=fitting, events=events))

    def _record(self, value: dict[str, Any], *, is_metric: bool = False) -> None:
        fitting, was_cut = self._fitting(value)
        if self._add(fitting, was_cut=was_cut):
            self._metrics += is_metric

    def _fitting(self, value: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """The object within the limits, and whether it had to be cut."""
        limits = self._limits
        # The depth comes first: the encoder recurses.
        if cut.is_deep((value,), limits.max_depth) or cut.is_over(
            value, len(_encode(value)), limits
        ):
            return cut.record(value, limits), True
        return value, False

    def _text(self, whole: str) -> None:
        short, was_cut = cut.text(whole, self._limits.max_record_bytes)
        self._add(short, was_cut=was_cut or whole == cut.DEEPER)

    def _bad(self, whole: str) -> None:
        if self._plain:
            self._text(whole)
            return
        short, was_cut = cut.text(whole, self._limits.max_record_bytes)
        self._malformed += self._add(Malformed(short, was_cut), was_cut=was_cut)

    def _add(self, value: Value, *, was_cut: bool = False) -> bool:
        if len(self._values) >= self._limits.max_records:
            self._rejected += 1
            return False
        if was_cut:
            self._cut.append(len(self._values))
        self._values.append(value)
        return True

    def split(self, shape: Shape) -> Split:
        return Split(
            self._values,
            "json_wrapper" if self._unwrapped and shape in _OF_OBJECTS else shape,
            spans=self._spans,
            metrics=self._metrics,
            cut=tuple(self._cut),
            malformed=self._malformed,
            repaired=self._repaired,
            rejected=self._rejected,
        )


def _json_text(value: Any, limits: Limits) -> str:
    """Any JSON value as its text; what is nested too deep is only named."""
    return cut.DEEPER if cut.is_deep((value,), limits.max_depth) else _encode(value).decode()


def _object_at(text: str, place: int) -> tuple[dict[str, Any] | None, int, bool]:
    """The object that begins there, where it ends, and whether it was JSON as it stood.

    Without an object, how far the text was read.
    """
    if text[place] != "{":
        return None, place, False
    try:
        found, end = _LENIENT.raw_decode(text, place)
    except json.JSONDecodeError as error:
        return None, error.pos, False
    except (ValueError, RecursionError):
        return None, len(text), False
    try:
        return _decode(text[place:end].encode()), end, True
    except UNREADABLE:
        pass
    try:
        # Through text once more: no NaN, no infinity and no lone surrogate gets past it.
        clean = json.dumps(found, ensure_ascii=False, allow_nan=False)
        paired = clean.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return _decode(paired.encode()), end, False
    except (ValueError, *UNREADABLE):
        return None, end, False
