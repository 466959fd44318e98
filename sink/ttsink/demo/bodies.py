"""Made-up lines in the request bodies agents send: Vector's, Fluent Bit's, an OTLP exporter's.

Shapes as recorded from the real agents: Vector's `http` sink with newline-delimited JSON after
a `file` source, Fluent Bit's `http` output with its default JSON array after `tail`, the CRI
parser and the Kubernetes filter, where the program's own JSON stays inside `log`.
"""

import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ttsink.demo.traffic import Line, Work

VECTOR_WORKERS: Final = frozenset(f"w-{number}" for number in range(1, 8))
"""Which of the made-up workers have Vector beside them; the others have Fluent Bit."""

_encoder: Final = msgspec.json.Encoder()


class Post(NamedTuple):
    """One request to make."""

    path: str
    headers: dict[str, str]
    body: bytes


def rfc3339(seconds: float) -> str:
    micros = round(seconds * 1_000_000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(micros // 1_000_000))
    return f"{whole}.{micros % 1_000_000:06d}Z"


def said(line: Line) -> dict[str, Any]:
    """What the program itself logs, as one object."""
    members: dict[str, Any] = {
        "timestamp": rfc3339(line.at),
        "level": line.level,
        "message": line.message,
        "job": line.job,
        "worker": line.worker,
        "queue": line.queue,
        "attempt": line.attempt if line.job else None,
        "trace_id": line.trace_id,
        "span_id": line.span_id,
    }
    return {key: value for key, value in members.items() if value is not None} | dict(line.fields)


def vector(lines: Sequence[Line]) -> bytes:
    """One object a line, members sorted, no newline at the end."""
    events = (
        said(line)
        | {
            "file": f"/var/log/jobs/{line.worker}.log",
            "host": f"node-{line.worker[2:]}",
            "source_type": "file",
        }
        for line in lines
    )
    return b"\n".join(_encoder.encode(dict(sorted(event.items()))) for event in events)


def fluent_bit(lines: Sequence[Line]) -> bytes:
    """A JSON array; `date` is epoch seconds, the program's object is text in `log`."""
    return _encoder.encode(
        [
            {
                "date": round(line.at, 6),
                "time": rfc3339(line.at),
                "stream": "stdout",
                "_p": "F",
                "log": _encoder.encode(said(line)).decode(),
                "kubernetes": {
                    "pod_name": f"jobs-{line.worker}-7d9f8b6c5-x2x9q",
                    "namespace_name": "jobs",
                    "host": f"node-{line.worker[2:]}",
                    "container_name": "worker",
                    "labels": {"app.kubernetes.io/name": "jobs", "worker": line.worker},
                },
            }
            for line in lines
        ]
    )


def spans(work: Sequence[Work]) -> bytes:
    """An OTLP/HTTP trace request in JSON: ids in hex, 64-bit times as text."""
    return _encoder.encode({"resourceSpans": [_resource(each) for each in work]})


def _resource(work: Work) -> dict[str, Any]:
    span: dict[str, Any] = {
        "traceId": work.trace_id,
        "spanId": work.span_id,
        "name": work.name,
        "kind": 1 if work.parent_id else 5,
        "startTimeUnixNano": str(round(work.start * 1e9)),
        "endTimeUnixNano": str(round(work.end * 1e9)),
        "attributes": [_attribute("job", work.job), _attribute("worker", work.worker)],
        "status": {"code": 2} if work.failed else {},
    }
    if work.parent_id:
        span["parentSpanId"] = work.parent_id
    return {
        "resource": {
            "attributes": [
                _attribute("service.name", "jobs"),
                _attribute("service.instance.id", work.worker),
            ]
        },
        "scopeSpans": [{"scope": {"name": "jobs"}, "spans": [span]}],
    }


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def posts(lines: Sequence[Line], work: Sequence[Work] = ()) -> list[Post]:
    """The requests the agents of all workers make for these lines."""
    found: list[Post] = []
    by_vector = [line for line in lines if line.worker in VECTOR_WORKERS]
    by_fluent_bit = [line for line in lines if line.worker not in VECTOR_WORKERS]
    if by_vector:
        headers = {"Content-Type": "application/x-ndjson", "User-Agent": "Vector/0.58.0"}
        found.append(Post("/ingest", headers, vector(by_vector)))
    if by_fluent_bit:
        headers = {"Content-Type": "application/json", "User-Agent": "Fluent-Bit"}
        found.append(Post("/ingest", headers, fluent_bit(by_fluent_bit)))
    if work:
        headers = {"Content-Type": "application/json", "User-Agent": "OTel-OTLP-Exporter-Python"}
        found.append(Post("/v1/traces", headers, spans(work)))
    return found
