"""OTLP's protobuf messages in the form of its JSON, which `ttsink.bodies.otlp` reads."""

import base64
from functools import cache
from typing import Any, Literal

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from ttsink.bodies import cut
from ttsink.bodies.otlp import IDS, MAX_DEPTH, Resolved, finite

_Kind = Literal["scalar", "scalars", "id", "bytes", "message", "messages", "value", "attributes"]


@cache
def _field(field: FieldDescriptor) -> tuple[str, _Kind]:
    """A field's name in JSON, and how it is read."""
    name = field.json_name
    if field.type == FieldDescriptor.TYPE_BYTES:
        return name, "id" if name in IDS else "bytes"
    if field.type != FieldDescriptor.TYPE_MESSAGE:
        return name, "scalars" if field.is_repeated else "scalar"
    if field.message_type is AnyValue.DESCRIPTOR:
        return name, "value"
    if field.message_type is KeyValue.DESCRIPTOR:
        return name, "attributes"
    return name, "messages" if field.is_repeated else "message"


def plain(message: Message) -> dict[str, Any]:
    """A protobuf message in the form of OTLP's JSON."""
    out: dict[str, Any] = {}
    for field, value in message.ListFields():
        name, kind = _field(field)
        match kind:
            case "messages":
                out[name] = [plain(item) for item in value]
            case "message":
                out[name] = plain(value)
            case "id":
                out[name] = value.hex()
            case "bytes":
                out[name] = base64.b64encode(value).decode()
            case "value":
                out[name] = Resolved(_any(value))
            case "attributes":
                out[name] = Resolved({pair.key: _any(pair.value) for pair in value})
            case "scalars":
                out[name] = list(value)
            case "scalar":
                out[name] = value
    return out


def _any(value: AnyValue, depth: int = 0) -> Any:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if depth > MAX_DEPTH:
        return cut.DEEPER
    match kind:
        case "bool_value":
            return value.bool_value
        case "int_value":
            return value.int_value
        case "double_value":
            return finite(value.double_value)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "array_value":
            return [_any(item, depth + 1) for item in value.array_value.values]
        case "kvlist_value":
            return {pair.key: _any(pair.value, depth + 1) for pair in value.kvlist_value.values}
        case _:
            return None
