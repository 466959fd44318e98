"""Requests recorded from Fluent Bit 5.1.1: the right number of records out of every one."""

import pytest

from support import captures
from ttsink.bodies import otlp_http
from ttsink.bodies.body import split
from ttsink.bodies.encoding import decode
from ttsink.bodies.value import Split

# Capture: records, spans, shape.
HELD = {
    "big_chunk_gzip": (6000, 0, "json_lines"),
    "canonical_classic": (15, 0, "json_lines"),
    "canonical_yaml": (15, 0, "json_lines"),
    "docker_json_filter_parser": (2, 0, "json_lines"),
    "fmt_gelf": (9, 0, "json_lines"),
    "fmt_json": (9, 0, "json_array"),
    "fmt_json_lines": (9, 0, "json_lines"),
    "fmt_msgpack": (9, 0, "msgpack"),
    "hdr_auth_bearer_tag": (1, 0, "json_lines"),
    "hdr_basic_auth": (1, 0, "json_lines"),
    "json_lines_gzip": (9, 0, "json_lines"),
    "json_lines_snappy": (9, 0, "json_lines"),
    "k8s_events": (10, 0, "json_lines"),
    "k8s_merge_log": (4, 0, "json_lines"),
    "log4j2_json": (3, 0, "json_lines"),
    "odd_lines": (20, 0, "json_lines"),
    "otlp_logs": (3, 0, "otlp"),
    "otlp_logs_from_tail_default": (9, 0, "otlp"),
    "otlp_logs_to_http_json_lines": (3, 0, "json_lines"),
    "otlp_traces": (0, 3, "otlp"),
    "retry_pair_1": (9, 0, "json_lines"),
    "spring_boot_3": (5, 0, "json_lines"),
    "spring_sleuth": (6, 0, "json_lines"),
    "tail_json_path_offset": (3, 0, "json_lines"),
}


def read(name: str) -> Split:
    request = captures.request("fluentbit", name)
    body = decode(request.body, request.headers.get("content-encoding", ""))
    content_type = request.headers["content-type"]
    if request.path == "/v1/logs":
        return otlp_http.read("logs", body, content_type)
    if request.path == "/v1/traces":
        return otlp_http.read("traces", body, content_type)
    return split(body, content_type)


def test_every_capture_is_read_here() -> None:
    assert set(HELD) == set(captures.names("fluentbit"))


@pytest.mark.parametrize("name", sorted(HELD))
def test_every_record_of_a_capture_is_there(name: str) -> None:
    result = read(name)

    assert (len(result.values), len(result.spans), result.shape) == HELD[name]
    assert (result.malformed, result.repaired, result.rejected, result.cut) == (0, 0, 0, ())
    assert all(isinstance(value, dict) for value in result.values)


@pytest.mark.parametrize("name", ["fmt_json", "json_lines_gzip", "json_lines_snappy"])
def test_the_same_lines_are_the_same_records_in_every_format(name: str) -> None:
    assert read(name).values == read("fmt_json_lines").values


def test_msgpack_holds_what_json_lines_holds() -> None:
    as_json, as_msgpack = read("fmt_json_lines").values, read("fmt_msgpack").values

    for left, right in zip(as_json, as_msgpack, strict=True):
        assert isinstance(left, dict)
        assert isinstance(right, dict)
        assert str(right["date"]).startswith("2026-11-22T")
        assert {k: v for k, v in right.items() if k != "date"} == {
            k: v for k, v in left.items() if k != "date"
        }


def test_gelf_members_lose_their_underscore() -> None:
    first = read("fmt_gelf").values[0]

    assert isinstance(first, dict)
    assert first["job"] == "invoice.render"
    assert first["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert first["short_message"] == "job started"
    assert not any(name.startswith("_") for name in first)


def test_otlp_through_fluent_bits_http_output_has_the_form_of_otlp() -> None:
    direct, through = read("otlp_logs").values[0], read("otlp_logs_to_http_json_lines").values[0]

    assert isinstance(direct, dict)
    assert isinstance(through, dict)
    for member in ("message", "severity_text", "severity_number", "attributes", "resources"):
        assert through[member] == direct[member], member
    assert direct["message"] == "job started"
    assert len(direct["trace_id"]) == 32
    assert len(direct["span_id"]) == 16


def test_spans_keep_ids_parents_and_service() -> None:
    spans = read("otlp_traces").spans
    by_id = {span.span_id: span for span in spans}

    assert all(span.service == "billing-worker" for span in spans)
    assert all(span.trace_id and len(span.trace_id) == 32 for span in spans)
    assert all(span.duration_us >= 0 and span.start > 1_700_000_000_000_000 for span in spans)
    assert any(span.parent_id in by_id for span in spans)
