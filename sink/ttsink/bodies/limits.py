"""The bounds of one request's body; each is counted and visible where it bites."""

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one request; the defaults are the wire contract's.

    Args:
        max_compressed_bytes: The body as it was sent.  Vector's batches are 10 MB before
            escapes, Fluent Bit's chunks 2 MB.
        max_body_bytes: The body after decompression (OTLP/HTTP recommends 64 MiB).
        max_ratio: Decompressed to compressed, looked at after `ratio_free_bytes`; Fluent Bit's
            own chunks reach 90.
        ratio_free_bytes: What any small body may decompress to, whatever its ratio.
        max_window_bytes: Of a zstd frame (RFC 8878 asks decoders for 8 MiB).
        max_codings: Entries of one `Content-Encoding` list.
        max_records: Of one request; the ones over it are counted as rejected.
        max_record_bytes: Of one record as compact JSON, or of one line that is not JSON.
        max_depth: Objects and arrays within each other, the record itself being the first.
        max_fields: Members of one record, at all of its levels together.
        max_key_bytes: Of one member's name, as UTF-8.
        max_values: Values of one body, at all levels: what decoding may allocate.
    """

    max_compressed_bytes: int = 32 * MIB
    max_body_bytes: int = 64 * MIB
    max_ratio: int = 200
    ratio_free_bytes: int = MIB
    max_window_bytes: int = 8 * MIB
    max_codings: int = 4
    max_records: int = 100_000
    max_record_bytes: int = 256 * KIB
    max_depth: int = 64
    max_fields: int = 1_000
    max_key_bytes: int = KIB
    max_values: int = 8_000_000


DEFAULT = Limits()


class BodyRefused(Exception):  # noqa: N818 - an answer to the sender, not a fault of ours
    """A body that is answered with an error; nothing of it was stored.

    Args:
        status: 400 unreadable, 413 over a limit, 415 unknown encoding or type.
        code: A short word for programs and counters.
        detail: What was found and what would be right; never a byte of the content.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
