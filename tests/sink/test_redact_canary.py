"""G4: a value planted wherever a batch can hold one is found nowhere in the sink afterwards."""

import gc
import io
import json
import logging
import urllib.parse
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest

from support.running import Running, running
from ttsink.oplog import JsonLines, Text
from ttwire.record import Record

EMAIL = "zoe.canary-q7x" + "@" + "vault.example.org"
SECRET = "ghp_" + "Q7xCanary" * 4
FORMS = (
    EMAIL,
    SECRET,
    urllib.parse.quote(EMAIL, safe=""),
    EMAIL.replace("@", "\\u0040"),
    EMAIL.replace("@", "\\\\u0040"),
    "zoe.canary-q7x",
    "Q7xCanaryQ7x",
)
TRACE = "5b8efff798038103d269b633813fc60c"
SPAN = "eee19b7ec3c1b174"


def lines() -> Iterator[bytes]:
    """A line for each place of a record a value can stand in."""
    for value in (EMAIL, SECRET):
        nested = json.dumps({"user": {"contact": value, "again": json.dumps({"deep": value})}})
        for members in (
            {"message": f"sent to {value} now"},
            {"message": "m", "note": value},
            {"message": "m", value: 1},
            {"message": "m", "a": {"b": [{"c": value}, [value]]}},
            {"message": nested},
            {"log": nested},
            {"message": f"GET /x?to={urllib.parse.quote(value, safe='')}"},
            {"message": "m", "headers": {"Authorization": f"Bearer {value}", "x-api-key": value}},
            {"message": "m", "job": f"digest {value}"},
            {"message": "m", "worker": value},
            {"message": "m", "queue": value},
            {"message": "m", "level": value},
            {"message": "m", "timestamp": value},
            {"message": "m", "trace_id": value, "span_id": value},
            {"message": "m", "attempt": value},
            {"message": {"text": value}},
            {"message": "m", "exception": {"stacktrace": f"Error: {value}\n  at x.py:1"}},
        ):
            record = {"job": "canary"} | members
            yield json.dumps(record).encode()
            yield json.dumps(record, ensure_ascii=False).replace("@", "\\u0040").encode()
        yield f'{{"message": "cut off {value}'.encode()
        yield f"a plain line for {value}".encode()
        yield json.dumps(f"a bare string for {value}").encode()


def metric(value: str) -> bytes:
    return json.dumps(
        {"name": "sent", "kind": "absolute", "tags": {"to": value}, "counter": {"value": 1}}
    ).encode()


def otlp(value: str) -> tuple[bytes, bytes]:
    said = {"stringValue": value}
    attributes = [{"key": "to", "value": said}, {"key": value, "value": {"stringValue": "x"}}]
    record = {"body": said, "attributes": attributes, "traceId": TRACE, "spanId": SPAN}
    span = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": f"send {value}",
        "startTimeUnixNano": "1767322985000000000",
        "endTimeUnixNano": "1767322986000000000",
        "attributes": attributes,
        "status": {"code": 2, "message": f"refused {value}"},
        "events": [
            {"name": value, "timeUnixNano": "1767322985500000000", "attributes": attributes}
        ],
    }
    resource = {"attributes": attributes}
    logs = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
    spans = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    return json.dumps(logs).encode(), json.dumps(spans).encode()


async def plant(sink: Running) -> list[bytes]:
    """Posts it all; what was answered."""
    answers = []

    async def post(body: bytes, path: str = "/ingest", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await sink.post(body, path, headers=named)
        answers.append(answer.body + repr(dict(answer.headers)).encode())

    everything = list(lines())
    for line in everything:
        await post(line)
    await post(b"\n".join(everything))
    await post(b"[" + b",".join(metric(value) for value in (EMAIL, SECRET)) + b"]")
    for value in (EMAIL, SECRET):
        logs, spans = otlp(value)
        await post(logs, "/v1/logs", Content_Type="application/json")
        await post(spans, "/v1/traces", Content_Type="application/json")
        packed = msgpack.packb([1767322985, {"log": f"to {value}", "k": {value: value}}])
        await post(packed, Content_Type="application/msgpack")
        await post(f"text for {value}".encode(), Content_Type="text/plain")
        # What cannot be read at all, and headers that carry a value.
        await post(f"broken {value}".encode(), Content_Encoding="gzip")
        await post(f"broken {value}".encode(), "/v1/logs", Content_Type="application/json")
        await post(f"broken {value}".encode(), "/v1/traces", Content_Type="application/x-protobuf")
        await post(b'{"message":"m"}', User_Agent=f"Vector/{value}")
        await post(b'{"message":"m"}', Authorization=f"Bearer {value}")
        await post(b'{"message":"m"}', Content_Type=f"application/{value}".replace("@", "-"))
    return answers


async def answers_of(sink: Running) -> dict[str, bytes]:
    """Everything a reader can ask for."""
    found = {}
    for path in (
        "/api/records?limit=1000",
        "/api/jobs?limit=1000",
        "/api/workers?limit=1000",
        "/api/ledger",
        "/api/info",
        f"/api/traces/{TRACE}",
        "/metrics",
        "/readyz",
    ):
        answer = await sink.get(path)
        assert answer.status == 200, path
        found[path] = answer.body
    async with sink.stream(params={"tail": "1000", "state": "1"}) as stream:
        await stream.until(b"event: record")
        found["stream"] = stream.raw
    return found


def held() -> Iterator[bytes]:
    """Records and their JSON that any container of this process refers to."""
    for container in gc.get_objects():
        if isinstance(container, list | tuple | deque | set):
            items: Any = tuple(container)
        elif isinstance(container, dict):
            items = (*container, *container.values())
        else:
            continue
        for item in items:
            if type(item) is Record:
                yield repr(item).encode()
            elif type(item) is bytes and b'"received":' in item:
                yield item


def leaks(where: str, text: bytes) -> set[str]:
    return {f"{form} in {where}" for form in FORMS if form.encode() in text}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def own_log() -> Iterator[io.StringIO]:
    """What the sink logs, in both of its formats."""
    written = io.StringIO()
    handlers = [logging.StreamHandler(written) for _ in range(2)]
    for handler, form in zip(handlers, (JsonLines(), Text()), strict=True):
        handler.setFormatter(form)
        logging.getLogger().addHandler(handler)
    yield written
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


async def test_a_planted_value_is_found_nowhere(tmp_path: Path, own_log: io.StringIO) -> None:
    tables: dict[str, Any] = {
        "journal": {"enabled": True},
        "server": {"data_dir": str(tmp_path)},
    }
    found: set[str] = set()
    async with running(**tables) as sink:
        for number, body in enumerate(await plant(sink)):
            found |= leaks(f"answer {number}", body)
        asked = await answers_of(sink)
        for path, body in asked.items():
            found |= leaks(path, body)
        gc.collect()
        for item in held():
            found |= leaks("memory", item)
    async with running(**tables) as sink:
        for path, body in (await answers_of(sink)).items():
            found |= leaks(f"{path} after a restart", body)
    for name, body in files(tmp_path).items():
        found |= leaks(f"file {name}", body)
    found |= leaks("the log", own_log.getvalue().encode())

    assert found == set()
    assert asked["/api/records?limit=1000"].count(b"[email:") > 30
    assert asked["/api/records?limit=1000"].count(b"[github_token:") > 30
    assert b"[email:" in asked[f"/api/traces/{TRACE}"]
    assert b'ttsink_redactions_total{kind="email"}' in asked["/metrics"]


async def test_the_canary_would_be_seen_without_redaction(tmp_path: Path) -> None:
    """The test above can fail: with redaction off the same search finds the value."""
    tables: dict[str, Any] = {
        "journal": {"enabled": True},
        "server": {"data_dir": str(tmp_path)},
        "redaction": {"enabled": False},
    }
    async with running(**tables) as sink:
        await plant(sink)
        asked = await answers_of(sink)
        assert any(leaks("memory", item) for item in held())

    assert json.loads(asked["/api/info"])["redaction"] is False
    for path in ("/api/records?limit=1000", "/api/jobs?limit=1000", f"/api/traces/{TRACE}"):
        assert leaks(path, asked[path]), path
    assert any(leaks(name, body) for name, body in files(tmp_path).items())
