"""`Content-Encoding`: what an agent compressed, within bounds.

The HTTP library's own decompression stays off: it answers zstd with 400 before any handler on
Python 3.11, takes a gzip whose trailer was cut off as whole, and bounds nothing by ratio.
"""

import zlib
from collections.abc import Callable

import cramjam
import zstandard

from ttsink.bodies.limits import DEFAULT, BodyRefused, Limits

# RFC 9110 section 15.5.16: a 415 says what would be understood.
ACCEPT_ENCODING = "gzip, deflate, zstd, snappy, identity"

# An encoded body of this size takes about a millisecond to decompress: longer than a loop that
# serves open streams should stand still.
OFF_LOOP_BYTES = 16 * 1024

# gzip members and zstd frames of one body: pzstd and bgzip write one for each 64 KiB or more,
# and each costs a new decompressor.
MAX_MEMBERS = 10_000

# Blocks of all zstd frames of one body, which may be as small as 3 bytes; real ones hold a flush.
MAX_BLOCKS = 200_000

_GZIP_INPUT_BYTES = 64 * 1024
_ZSTD_OUTPUT_BYTES = 1024 * 1024
_ZSTD_MAGIC = 0xFD2FB528
_ZSTD_SKIPPABLE_MAGIC = 0x184D2A50
_SNAPPY_STREAM = b"\xff\x06\x00\x00sNaPpY"
_SNAPPY_CHUNK_BYTES = 64 * 1024
_WBITS_ZLIB, _WBITS_GZIP, _WBITS_RAW = 15, 31, -15


def is_heavy(body: bytes, encodings: str) -> bool:
    """Whether `decode` belongs in a thread: encoded, and of more than `OFF_LOOP_BYTES`."""
    return len(body) > OFF_LOOP_BYTES and encodings.strip().lower() not in {"", "identity"}


def decode(body: bytes, encodings: str, limits: Limits = DEFAULT) -> bytes:
    """The body as it was before its codings were applied.

    Args:
        body: As it was received.
        encodings: The value of `Content-Encoding`, several headers joined by commas; empty for
            none.  Undone from right to left (RFC 9110 section 8.4).
        limits: Bounds; the ratio is that of the whole list.

    Raises:
        BodyRefused: 400 `corrupt_encoding` or `truncated_encoding`, 413 `too_large` or
            `ratio_too_high`, 415 `unknown_encoding`.
    """
    if len(body) > limits.max_compressed_bytes:
        raise _too_large(limits.max_compressed_bytes, "as it was sent")
    codings = [name for part in encodings.split(",") if (name := part.strip().lower())]
    if len(codings) > limits.max_codings:
        raise BodyRefused(
            400,
            "corrupt_encoding",
            f"Content-Encoding lists {len(codings)} codings; at most {limits.max_codings}",
        )
    unknown = [name for name in codings if name not in _CODINGS]
    if unknown:
        raise BodyRefused(
            415,
            "unknown_encoding",
            f"Content-Encoding {unknown[0][:32]!r}: send one of {ACCEPT_ENCODING}",
        )
    by_ratio = max(limits.ratio_free_bytes, limits.max_ratio * len(body))
    bound = min(limits.max_body_bytes, by_ratio)
    for name in reversed(codings):
        if not body:
            break
        try:
            body = _CODINGS[name](body, bound, limits)
        except _OverBoundError:
            if by_ratio < limits.max_body_bytes:
                raise BodyRefused(
                    413,
                    "ratio_too_high",
                    f"the body decompresses to more than {limits.max_ratio} times its size",
                ) from None
            raise _too_large(limits.max_body_bytes, "decompressed") from None
        except _CorruptError as error:
            code = "truncated_encoding" if error.truncated else "corrupt_encoding"
            raise BodyRefused(400, code, f"Content-Encoding {name}: {error}") from None
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits.max_body_bytes, "decompressed")
    return body


def _too_large(limit: int, how: str) -> BodyRefused:
    return BodyRefused(413, "too_large", f"the body is over {limit} bytes {how}: send less at once")


class _OverBoundError(Exception):
    pass


class _CorruptError(Exception):
    def __init__(self, what: str, *, truncated: bool = False) -> None:
        super().__init__(what)
        self.truncated = truncated


_CUT = "the stream ends before its end mark"


def _identity(body: bytes, _bound: int, _limits: Limits) -> bytes:
    return body


def _inflate(body: bytes, bound: int, wbits: int) -> bytes:
    view = memoryview(body)
    out: list[bytes] = []
    size = place = members = 0
    while place < len(body):
        if members == MAX_MEMBERS:
            raise _CorruptError(f"more than {MAX_MEMBERS} members")
        members += 1
        inflater = zlib.decompressobj(wbits)
        while not inflater.eof:
            piece = view[place : place + _GZIP_INPUT_BYTES]
            if not piece:
                raise _CorruptError(_CUT, truncated=True)
            try:
                plain = inflater.decompress(piece, bound - size + 1)
            except zlib.error:
                raise _CorruptError("the stream is damaged") from None
            size += len(plain)
            if size > bound:
                raise _OverBoundError
            out.append(plain)
            place += len(piece) - len(inflater.unused_data) - len(inflater.unconsumed_tail)
        if wbits != _WBITS_GZIP:
            if place < len(body):
                raise _CorruptError(f"{len(body) - place} bytes after the end of the stream")
        elif not any(view[place : place + 1]) and not any(view[place:]):
            break  # padding with zeros after the last member, as tape and some proxies leave it
    return b"".join(out)


def _gzip(body: bytes, bound: int, _limits: Limits) -> bytes:
    return _inflate(body, bound, _WBITS_GZIP)


def _deflate(body: bytes, bound: int, _limits: Limits) -> bytes:
    """HTTP's deflate is zlib's format (RFC 9110 section 8.4.1.2); some send it bare."""
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, bound, _WBITS_ZLIB if wrapped else _WBITS_RAW)


def _zstd(body: bytes, bound: int, limits: Limits) -> bytes:
    _walk_frames(body)
    decompressor = zstandard.ZstdDecompressor(max_window_size=limits.max_window_bytes)
    out: list[bytes] = []
    size = 0
    with decompressor.stream_reader(body, read_across_frames=True) as reader:
        while True:
            try:
                plain = reader.read(min(_ZSTD_OUTPUT_BYTES, bound - size + 1))
            except zstandard.ZstdError:
                raise _CorruptError(
                    f"the stream is damaged, or its window is over {limits.max_window_bytes} bytes"
                ) from None
            if not plain:
                return b"".join(out)
            size += len(plain)
            if size > bound:
                raise _OverBoundError
            out.append(plain)


def _walk_frames(body: bytes) -> None:
    """Checks that every frame is whole (RFC 8878 section 3.1).

    The reader that bounds its output takes a frame that was cut off as its end.
    """
    place = frames = blocks = 0
    while place < len(body):
        frames += 1
        if frames > MAX_MEMBERS:
            raise _CorruptError(f"more than {MAX_MEMBERS} frames")
        magic = _number(body, place, 4)
        if magic & 0xFFFFFFF0 == _ZSTD_SKIPPABLE_MAGIC:
            place += 8 + _number(body, place + 4, 4)
            continue
        if magic != _ZSTD_MAGIC:
            raise _CorruptError("this is no zstd frame")
        descriptor = _number(body, place + 4, 1)
        is_single = descriptor >> 5 & 1
        size_bytes = (is_single, 2, 4, 8)[descriptor >> 6]
        place += 5 + (1 - is_single) + (0, 1, 2, 4)[descriptor & 3] + size_bytes
        last = 0
        while not last:
            blocks += 1
            if blocks > MAX_BLOCKS:
                raise _CorruptError(f"more than {MAX_BLOCKS} blocks")
            header = _number(body, place, 3)
            last = header & 1
            is_run = header >> 1 & 3 == 1
            place += 3 + (1 if is_run else header >> 3)
        place += 4 if descriptor >> 2 & 1 else 0
    if place > len(body):
        raise _CorruptError(_CUT, truncated=True)


def _number(body: bytes, place: int, length: int) -> int:
    if place + length > len(body):
        raise _CorruptError(_CUT, truncated=True)
    return int.from_bytes(body[place : place + length], "little")


def _snappy(body: bytes, bound: int, _limits: Limits) -> bytes:
    """A raw block, as Vector and Fluent Bit send it, or the framed format."""
    framed = body.startswith(_SNAPPY_STREAM)
    try:
        if (_framed_length(body) if framed else cramjam.snappy.decompress_raw_len(body)) > bound:
            raise _OverBoundError
        plain = cramjam.snappy.decompress(body) if framed else cramjam.snappy.decompress_raw(body)
    except (cramjam.DecompressionError, OSError):
        raise _CorruptError("the block is damaged or cut off") from None
    return bytes(plain)


def _framed_length(body: bytes) -> int:
    """What the chunks declare together (framing_format.txt of google/snappy, section 4)."""
    size = place = 0
    while place < len(body):
        if place + 4 > len(body):
            raise _CorruptError(_CUT, truncated=True)
        kind = body[place]
        length = int.from_bytes(body[place + 1 : place + 4], "little")
        start, place = place + 4, place + 4 + length
        if place > len(body):
            raise _CorruptError(_CUT, truncated=True)
        if kind == 0x00:
            declared = cramjam.snappy.decompress_raw_len(body[start + 4 : place])
            if declared > _SNAPPY_CHUNK_BYTES:
                raise _CorruptError("a chunk declares more than 64 KiB")
            size += declared
        elif kind == 0x01:
            size += max(0, length - 4)
    return size


_CODINGS: dict[str, Callable[[bytes, int, Limits], bytes]] = {
    "identity": _identity,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
    "snappy": _snappy,
}
