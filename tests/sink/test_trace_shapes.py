"""Every backend's shape gives the same spans, and no shape gives an exception of another kind."""

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import tracing
from ttsink.traces.backend import SHAPES, Backend, BackendError, Kind, check, headers, url
from ttsink.traces.shapes import UnreadableTraceError
from ttsink.traces.traces import merged
from ttwire.span import Span, Trace

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", SHAPES)
def test_every_backend_tells_the_same_trace(kind: Any) -> None:
    spans = merged(SHAPES[kind].read(tracing.ANSWERS[kind][1]()))

    told = [
        (s.trace_id, s.span_id, s.parent_id, s.name, s.service, s.kind, s.start, s.duration_us)
        for s in spans
    ]
    assert told == [
        (
            tracing.TRACE,
            s["id"],
            s["parent"],
            s["name"],
            s["service"],
            s["kind"],
            s["start"],
            s["duration"],
        )
        for s in tracing.SPANS
    ]
    assert [s.status == "error" for s in spans] == [False, True, False]
    assert spans[1].status_message == "no such account"
    assert [(e.name, e.time) for e in spans[0].events] == [("picked up", tracing.START + 5)]


def test_a_client_and_a_server_that_share_an_id_are_two_spans() -> None:
    shared = [
        Span("a1", "get", 10, 50, service="api", kind="client", trace_id=tracing.TRACE),
        Span("a1", "get", 12, 40, service="db", kind="server", trace_id=tracing.TRACE),
        Span("a1", "get", 10, 50, service="api", kind="client", trace_id=tracing.TRACE),
    ]

    assert [span.service for span in merged(shared)] == ["api", "db"]


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"17", b'"text"', b"[" * 5_000])
def test_a_wrong_shape_is_named_and_never_a_crash(kind: Any, body: bytes) -> None:
    with pytest.raises(UnreadableTraceError):
        SHAPES[kind].read(body)


@given(JSON, st.sampled_from(sorted(SHAPES)))
@settings(max_examples=150, deadline=None)
def test_any_json_gives_spans_or_says_that_it_is_none(answer: Any, kind: Any) -> None:
    wrapped = [answer, {"data": [answer]}, {"data": [{"spans": [answer]}]}, [answer]]
    wrapped += [{"batches": [answer]}, {"trace": answer}, {"result": {"resourceSpans": [answer]}}]
    for body in wrapped:
        try:
            spans = SHAPES[kind].read(json.dumps(body).encode())
        except UnreadableTraceError:
            continue
        assert all(isinstance(span, Span) for span in spans)


@pytest.mark.parametrize(
    "bad", ["", "..", "0" * 32, tracing.TRACE.upper(), "a/../../admin", tracing.TRACE + "?x=1"]
)
def test_only_a_canonical_id_reaches_a_url(bad: str) -> None:
    with pytest.raises(ValueError, match="not a canonical trace id"):
        url(Backend("jaeger", "http://127.0.0.1:16686"), bad)


def test_a_backend_is_asked_at_its_base_with_its_headers_only() -> None:
    backend = Backend(
        "tempo_v2", "https://tempo.example/prefix/", headers={"X-Team": "ops"}, tenant="acme"
    )

    assert url(backend, tracing.TRACE) == (
        f"https://tempo.example/prefix/api/v2/traces/{tracing.TRACE}"
    )
    assert headers(backend, "secret") == {
        "Accept": "application/json",
        "X-Team": "ops",
        "X-Scope-OrgID": "acme",
        "Authorization": "Bearer secret",
    }
    short = "0" * 16 + tracing.TRACE[16:]
    assert url(Backend("zipkin", "http://z.example"), short).endswith(tracing.TRACE[16:])
    assert short[:16] not in url(Backend("zipkin", "http://z.example"), short)


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        (Backend("jaeger", "jaeger:16686"), "no http"),
        (Backend("jaeger", "http://user:pw@jaeger"), "no user"),
        (Backend("jaeger", "http://jaeger", timeout_seconds=0), "timeout_seconds"),
    ],
)
def test_a_backend_that_can_never_be_asked_is_refused(backend: Backend, says: str) -> None:
    with pytest.raises(BackendError, match=says):
        check(backend)


JUNK: list[Any] = [
    *(None, True, 0, -1, 1e18, 2**70, "", "x", "\ud800", [], {}, [[]], {"a": 1}, "9" * 30),
    *(["a"], {"stringValue": {}}),
]


def spoiled(value: Any, dice: random.Random) -> Any:
    """The same with some members replaced or renamed."""
    if dice.random() < 0.06:
        return dice.choice(JUNK)
    if isinstance(value, dict):
        return {
            (name if dice.random() > 0.02 else f"{name}x"): spoiled(item, dice)
            for name, item in value.items()
        }
    return [spoiled(item, dice) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", SHAPES)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_is_wrong_in_an_answer_costs_no_more_than_its_span(kind: Kind, seed: int) -> None:
    """A viewer reads whatever was taken: one bad number must not cost it the whole trace."""
    body = json.dumps(spoiled(json.loads(tracing.ANSWERS[kind][1]()), random.Random(seed)))
    try:
        found = SHAPES[kind].read(body.encode())
    except UnreadableTraceError:
        return
    answer = msgspec.json.encode(Trace(tracing.TRACE, tuple(merged(found))))

    assert len(msgspec.json.decode(answer, type=Trace).spans) <= len(tracing.SPANS)
