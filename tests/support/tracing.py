"""One small trace as Jaeger, Tempo and Zipkin tell it, and a stand-in that answers with it."""

import base64
import json
from typing import Any

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
START = 1_767_322_800_000_000

SPANS: list[dict[str, Any]] = [
    {"id": "00000000000000a1", "parent": None, "name": "POST /invoices", "service": "api",
     "kind": "server", "start": START, "duration": 38_000, "error": None},
    {"id": "00000000000000b2", "parent": "00000000000000a1", "name": "invoice.render",
     "service": "worker", "kind": "consumer", "start": START + 50_000, "duration": 1_060_000,
     "error": "no such account"},
    {"id": "00000000000000c3", "parent": "00000000000000b2", "name": "SELECT invoice",
     "service": "worker", "kind": "client", "start": START + 60_000, "duration": 24_000,
     "error": None},
]  # fmt: skip


def jaeger() -> bytes:
    services = sorted({span["service"] for span in SPANS})
    processes = {f"p{n}": {"serviceName": name, "tags": []} for n, name in enumerate(services)}
    spans = []
    for span in SPANS:
        tags = [{"key": "span.kind", "type": "string", "value": span["kind"]}]
        if span["error"]:
            tags += [
                {"key": "error", "type": "bool", "value": True},
                {"key": "otel.status_description", "type": "string", "value": span["error"]},
            ]
        spans.append(
            {
                "traceID": TRACE,
                "spanID": span["id"],
                "operationName": span["name"],
                "references": [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": span["parent"]}]
                if span["parent"]
                else [],
                "startTime": span["start"],
                "duration": span["duration"],
                "tags": tags,
                "logs": [
                    {
                        "timestamp": span["start"] + 5,
                        "fields": [{"key": "event", "type": "string", "value": "picked up"}],
                    }
                ],
                "processID": f"p{services.index(span['service'])}",
                "warnings": None,
            }
        )
    trace = {"traceID": TRACE, "spans": spans, "processes": processes, "warnings": None}
    answer = {"data": [trace], "total": 0, "limit": 0, "offset": 0, "errors": None}
    return json.dumps(answer).encode()


def zipkin() -> bytes:
    return json.dumps(
        [
            {
                "traceId": TRACE,
                "id": span["id"],
                **({"parentId": span["parent"]} if span["parent"] else {}),
                "name": span["name"],
                "kind": span["kind"].upper(),
                "timestamp": span["start"],
                "duration": span["duration"],
                "localEndpoint": {"serviceName": span["service"]},
                "annotations": [{"timestamp": span["start"] + 5, "value": "picked up"}],
                "tags": {"error": span["error"]} if span["error"] else {},
            }
            for span in SPANS
        ]
    ).encode()


def _otlp(*, tempo: bool) -> list[dict[str, Any]]:
    """Tempo writes ids in base64 and enums and 64-bit numbers as text; Jaeger v3 does not."""

    def id_of(text: str) -> str:
        return base64.b64encode(bytes.fromhex(text)).decode() if tempo else text

    kinds = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
    groups = []
    for span in SPANS:
        number = kinds.index(span["kind"].upper())
        status: dict[str, Any] = {}
        if span["error"]:
            status = {"code": "STATUS_CODE_ERROR" if tempo else 2, "message": span["error"]}
        groups.append(
            {
                "resource": {
                    "attributes": [
                        {"key": "service.name", "value": {"stringValue": span["service"]}}
                    ]
                },
                "scopeSpans": [
                    {
                        "scope": {"name": "test"},
                        "spans": [
                            {
                                "traceId": id_of(TRACE),
                                "spanId": id_of(span["id"]),
                                **(
                                    {"parentSpanId": id_of(span["parent"])}
                                    if span["parent"]
                                    else {}
                                ),
                                "name": span["name"],
                                "kind": f"SPAN_KIND_{kinds[number]}" if tempo else number,
                                "startTimeUnixNano": str(span["start"] * 1000),
                                "endTimeUnixNano": str((span["start"] + span["duration"]) * 1000),
                                "status": status,
                                "events": [
                                    {
                                        "timeUnixNano": str((span["start"] + 5) * 1000),
                                        "name": "picked up",
                                    }
                                ],
                            }
                        ],
                    }
                ],
            }
        )
    return groups


def jaeger_v3() -> bytes:
    return json.dumps({"result": {"resourceSpans": _otlp(tempo=False)}}).encode()


def tempo() -> bytes:
    return json.dumps({"batches": _otlp(tempo=True)}).encode()


def tempo_v2() -> bytes:
    trace = {"resourceSpans": _otlp(tempo=True)}
    return json.dumps({"trace": trace, "metrics": {}, "status": "COMPLETE"}).encode()


ANSWERS = {
    "jaeger": ("/api/traces/{trace_id}", jaeger),
    "jaeger_v3": ("/api/v3/traces/{trace_id}", jaeger_v3),
    "tempo": ("/api/traces/{trace_id}", tempo),
    "tempo_v2": ("/api/v2/traces/{trace_id}", tempo_v2),
    "zipkin": ("/api/v2/trace/{trace_id}", zipkin),
}
