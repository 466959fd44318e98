"""OTLP/HTTP: requests to `/v1/logs` and `/v1/traces`, and what they are answered.

opentelemetry-proto, docs/specification.md, "OTLP/HTTP": 200 with a response message, also for a
partial success; failures carry a google.rpc.Status; both in the request's own content type.
"""

from typing import Any, Final, Literal

import msgspec
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ttsink.bodies import otlp, otlp_protobuf
from ttsink.bodies.limits import DEFAULT, BodyRefused, Limits
from ttsink.bodies.salvage import UNREADABLE, Salvage
from ttsink.bodies.value import Split

Signal = Literal["logs", "traces"]

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"

_REQUESTS: Final[dict[Signal, type[Message]]] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
}
_RESPONSES: Final[dict[Signal, type[Message]]] = {
    "logs": ExportLogsServiceResponse,
    "traces": ExportTraceServiceResponse,
}
_REJECTED: Final[dict[Signal, str]] = {"logs": "rejectedLogRecords", "traces": "rejectedSpans"}
# google.rpc.Code of each status this server answers.
_CODES: Final = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14}
_UNKNOWN: Final = 2
_MAX_MESSAGE_BYTES: Final = 1024

_json_object = msgspec.json.Decoder(dict[str, Any])


def media_type(content_type: str) -> str | None:
    """`PROTOBUF` or `JSON`, the two a request may be in; none for any other."""
    name = content_type.partition(";")[0].strip().lower()
    if name in {PROTOBUF, "application/protobuf"}:
        return PROTOBUF
    return JSON if name == JSON else None


def read(signal: Signal, body: bytes, content_type: str, limits: Limits = DEFAULT) -> Split:
    """What a request holds; an empty body is an empty request, which is a success.

    Raises:
        BodyRefused: 400 `bad_otlp`, 415 `unknown_content_type`.
    """
    request = _request(signal, body, content_type)
    salvage = Salvage(limits)
    if signal == "logs":
        salvage.records(list(otlp.log_values(request)))
    else:
        for span in otlp.spans(request):
            salvage.span(span)
    return salvage.split("otlp")


def _request(signal: Signal, body: bytes, content_type: str) -> dict[str, Any]:
    media = media_type(content_type)
    if media is None:
        raise BodyRefused(
            415,
            "unknown_content_type",
            f"Content-Type {content_type[:64]!r}: send {PROTOBUF} or {JSON}",
        )
    try:
        if media == PROTOBUF:
            message = _REQUESTS[signal]()
            message.ParseFromString(body)
            return otlp_protobuf.plain(message)
        return _json_object.decode(body) if body.strip() else {}
    except (DecodeError, *UNREADABLE):
        raise BodyRefused(
            400, "bad_otlp", f"the body is no {_REQUESTS[signal].DESCRIPTOR.name} in {media}"
        ) from None


def response(
    signal: Signal, content_type: str, *, rejected: int = 0, detail: str = ""
) -> tuple[bytes, str]:
    """The body and content type of a 200: a partial success where something was rejected.

    Clients must not send again what was rejected.
    """
    partial = bool(rejected or detail)
    if media_type(content_type) == JSON:
        told = {_REJECTED[signal]: str(rejected), "errorMessage": detail}
        return msgspec.json.encode({"partialSuccess": told} if partial else {}), JSON
    message: Any = _RESPONSES[signal]()
    if partial:
        if signal == "logs":
            message.partial_success.rejected_log_records = rejected
        else:
            message.partial_success.rejected_spans = rejected
        message.partial_success.error_message = detail
    return message.SerializeToString(), PROTOBUF


def failure(content_type: str, status: int, detail: str) -> tuple[bytes, str]:
    """The body and content type of a 4xx or 5xx: a google.rpc.Status."""
    code = _CODES.get(status, _UNKNOWN)
    text = detail.encode("utf-8", "replace")[:_MAX_MESSAGE_BYTES].decode("utf-8", "ignore")
    if media_type(content_type) == JSON:
        return msgspec.json.encode({"code": code, "message": text}), JSON
    # google/rpc/status.proto: int32 code = 1; string message = 2. Its compiled form is another
    # package (googleapis-common-protos), for two fields.
    raw = text.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(raw)) + raw, PROTOBUF


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
