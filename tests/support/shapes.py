"""Bodies as agents serialise and compress them, for tests that read them back."""

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import cramjam
import zstandard

Records = Sequence[dict[str, Any]]


def _compact(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _wrapped(records: Records) -> str:
    return '{"data":[' + ",".join(map(_compact, records)) + "]}"


def _pairs(records: Records) -> list[Records]:
    return [records[at : at + 2] for at in range(0, len(records), 2)]


SHAPES: dict[str, Callable[[Records], str]] = {
    "vector ndjson": lambda records: "\n".join(map(_compact, records)),
    "fluent bit json_lines": lambda records: "".join(json.dumps(r) + "\n" for r in records),
    "lines with CRLF and blanks": lambda records: "\r\n\r\n".join(map(_compact, records)),
    "array": lambda records: "[" + ",".join(map(_compact, records)) + "]",
    "pretty array": lambda records: json.dumps(records, indent=2),
    "json_stream": lambda records: "".join(map(_compact, records)),
    "vector json.pretty": lambda records: "\n".join(json.dumps(r, indent=2) for r in records),
    "payload_prefix": lambda records: '{"data":[' + ",".join(map(_compact, records)) + "]}",
    "wrappers one a line": lambda records: "\n".join(map(_wrapped, _pairs(records))),
    "wrappers back to back": lambda records: "".join(map(_wrapped, _pairs(records))),
    "wrappers over lines": lambda records: "\n".join(
        json.dumps({"records": pair}, indent=2) for pair in _pairs(records)
    ),
    "array of wrappers": lambda records: "[" + ",".join(map(_wrapped, _pairs(records))) + "]",
    "arrays one a line": lambda records: "\n".join(f"[{_compact(record)}]" for record in records),
}

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "x-gzip": lambda body: gzip.compress(body[:7]) + gzip.compress(body[7:]),
    "deflate": zlib.compress,
    "Deflate": lambda body: zlib.compress(body)[2:-4],
    "zstd": zstandard.ZstdCompressor().compress,
    "ZSTD": lambda body: b"".join(
        zstandard.ZstdCompressor(write_content_size=False).compress(half)
        for half in (body[:9], body[9:])
    ),
    "snappy": lambda body: bytes(cramjam.snappy.compress_raw(body)),
    "Snappy": lambda body: bytes(cramjam.snappy.compress(body)),
    "gzip, zstd": lambda body: zstandard.ZstdCompressor().compress(gzip.compress(body)),
    " deflate ,identity, snappy": lambda body: bytes(
        cramjam.snappy.compress_raw(zlib.compress(body))
    ),
}
