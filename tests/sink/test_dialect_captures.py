"""Every recorded request of Fluent Bit: the members its records come to."""

import pytest

from support import captures
from ttsink.bodies import otlp_http
from ttsink.bodies.body import split
from ttsink.bodies.encoding import decode
from ttsink.bodies.value import Split
from ttsink.dialects.dialect import Dialects
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import DEFAULT, KeyStates
from ttsink.store.batch import Stored, of_records
from ttwire.record import Record

RECEIVED = "2026-11-22T12:00:00.000000Z"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def records(name: str) -> list[Record]:
    request = captures.request("fluentbit", name)
    body = decode(request.body, request.headers.get("content-encoding", ""))
    content_type = request.headers["content-type"]
    parts: Split
    if request.path == "/v1/logs":
        parts = otlp_http.read("logs", body, content_type)
    elif request.path == "/v1/traces":
        parts = otlp_http.read("traces", body, content_type)
    else:
        parts = split(body, content_type)
    return list(Dialects().records(parts.values, received=RECEIVED, agent="fluentbit"))


SHOWN = (
    "timestamp", "job", "worker", "queue", "attempt", "level", "message", "trace_id", "span_id"
)  # fmt: skip
STARTED = (
    "2026-11-22T10:15:01.123456Z", "invoice.render", "billing-worker-2", "billing", 1, "info",
    "job started", TRACE, SPAN,
)  # fmt: skip

# The first record of each capture.
FIRST: dict[str, tuple[object, ...]] = dict.fromkeys(
    (
        "big_chunk_gzip",
        "canonical_classic",
        "canonical_yaml",
        "docker_json_filter_parser",
        "fmt_gelf",
        "fmt_json",
        "fmt_json_lines",
        "fmt_msgpack",
        "hdr_auth_bearer_tag",
        "hdr_basic_auth",
        "json_lines_gzip",
        "json_lines_snappy",
        "k8s_merge_log",
        "retry_pair_1",
        "tail_json_path_offset",
    ),
    STARTED,
)
FIRST["odd_lines"] = (
    "2026-11-22T10:15:01.100000Z", "a", None, None, None, "info", "second", None, None
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(FIRST))
def test_the_first_record_has_its_members(name: str) -> None:
    first = records(name)[0]

    assert tuple(getattr(first, member) for member in SHOWN) == FIRST[name]


@pytest.mark.parametrize("name", ["otlp_logs", "otlp_logs_to_http_json_lines"])
def test_otlp_keeps_level_job_worker_and_time(name: str) -> None:
    first, second, third = records(name)

    assert [r.level for r in (first, second, third)] == ["info", "warn", "error"]
    assert {r.job for r in (first, second, third)} == {"invoice.render"}
    assert first.worker == "billing-worker-2"
    assert first.message == "job started"
    assert first.timestamp.startswith("20")
    assert first.timestamp != RECEIVED


def test_otlp_sent_as_otlp_keeps_its_ids() -> None:
    assert all(r.trace_id and r.span_id for r in records("otlp_logs"))


def test_otlp_of_a_tail_with_defaults_has_only_its_text() -> None:
    found = records("otlp_logs_from_tail_default")

    assert len(found) == 9
    assert found[0].message == "job started"


def test_a_trace_request_has_no_records() -> None:
    assert records("otlp_traces") == []


def test_kubernetes_lines_without_json_get_job_and_pod_from_their_labels() -> None:
    *_, partial, plain = records("k8s_merge_log")

    assert (plain.job, plain.worker) == ("nightly-invoices", "billing-worker-7d9f8b6c5-x2x9z")
    assert (plain.message, plain.level) == ("plain text line, not JSON", None)
    assert plain.timestamp == "2026-11-22T10:15:01.300000Z"
    assert partial.message == "partial one and the rest"


def test_events_of_kubernetes_are_the_jobs_they_speak_of() -> None:
    run, pod = "nightly-29454120", "nightly-29454120-x2x9z"

    assert [(r.job, r.worker, r.level, r.message[:20]) for r in records("k8s_events")] == [
        (run, None, "info", "Created job nightly-"),
        (run, pod, "info", "Created pod: nightly"),
        (run, pod, "info", "Successfully assigne"),
        (run, pod, "info", "Started container re"),
        (run, None, "info", "Job completed"),
        (run, None, "info", "Saw completed job: n"),
        ("import-17", "import-17-k7s7d", "info", "Created pod: import-"),
        (None, "import-17-k7s7d", "warn", "Back-off restarting "),
        ("import-17", None, "warn", "Job has reached the "),
        (None, None, "info", "Node node-1 status i"),
    ]
    times = [r.timestamp for r in records("k8s_events")]
    assert times[2:4] == ["2026-11-22T10:15:02.123456Z", "2026-11-22T10:15:04.000000Z"]


def test_events_of_kubernetes_tell_their_jobs_states() -> None:
    found = records("k8s_events")
    states = KeyStates(Lifecycle(BUILT_IN))
    states.applied(Stored(1, of_records(found), 1_000.0))
    states.settle()

    jobs = {key: job.wire(1_010.0, DEFAULT) for key, job in states.jobs.items()}
    assert {key: (job.state, job.inferred) for key, job in jobs.items()} == {
        "nightly-29454120": ("succeeded", False),
        "import-17": ("failed", False),
    }
    assert {key: tuple(job.workers) for key, job in jobs.items()} == {
        "nightly-29454120": ("nightly-29454120-x2x9z",),
        "import-17": ("import-17-k7s7d",),
    }
    assert jobs["nightly-29454120"].duration_seconds == 5.0


@pytest.mark.parametrize(
    ("name", "trace_id", "span_id"),
    [
        ("spring_boot_3", TRACE, SPAN),
        ("spring_sleuth", "f5dbc11e8c599c6e".zfill(32), "f5dbc11e8c599c6e"),
    ],
)
def test_lines_of_spring_have_their_ids_and_lose_their_heads(
    name: str, trace_id: str, span_id: str
) -> None:
    *_, started, sent, bounced, failed = records(name)

    assert [r.message for r in (started, sent, bounced, failed)] == [
        "job started",
        "sent 3 of 3",
        "bounced: [a@b.example]",
        "Job failed",
    ]
    assert [r.level for r in (started, sent, bounced, failed)] == ["info", "info", "warn", "error"]
    assert [(r.trace_id, r.span_id) for r in (sent, bounced)] == [(trace_id, span_id)] * 2
    assert (started.trace_id, failed.trace_id) == (None, None)
    assert failed.timestamp.startswith("2026-11-22T16:2")


def test_log4js_context_is_the_records_own() -> None:
    started, sent, failed = records("log4j2_json")

    for record in (sent, failed):
        assert (record.job, record.trace_id, record.span_id) == ("email-digest-17", TRACE, SPAN)
    assert (started.job, started.trace_id) == (None, None)
    assert (sent.level, failed.level) == ("info", "error")
    assert sent.timestamp == "2026-11-22T16:27:34.436476Z"
    assert sent.fields["instant"] == {"epochSecond": 1_795_364_854, "nanoOfSecond": 436_476_201}


def test_odd_lines_keep_text_times_and_what_is_no_object() -> None:
    found = records("odd_lines")
    by_message = {record.message: record for record in found}

    assert by_message["offset tz"].timestamp == "2026-11-22T01:15:01.600000Z"
    assert by_message["bad time format"].timestamp == "2026-11-22T10:15:01.600000Z"
    assert by_message["numeric time"].timestamp == "2026-11-22T10:15:01.600000Z"
    assert by_message["ns"].timestamp == "2026-11-22T10:15:01.123456Z"
    assert by_message["ns"].fields["timestamp"] == "2026-11-22T10:15:01.123456789Z"
    assert by_message["no time"].timestamp == "2026-11-22T11:29:52.880937Z"
    assert by_message["not json at all"].timestamp == "2026-11-22T11:29:52.880780Z"
    assert {"[1,2,3]", '"str"', ""} <= set(by_message)
    assert any('"truncated' in message for message in by_message)


def test_levels_of_gelf_are_syslogs() -> None:
    assert [r.level for r in records("fmt_gelf")][:5] == ["info", "debug", "warn", "info", "error"]


def test_a_missing_trace_is_none_and_no_field() -> None:
    fifth = records("fmt_json_lines")[4]

    assert (fifth.job, fifth.level, fifth.trace_id) == ("import.csv", "error", None)
    assert "trace_id" not in fifth.fields
    assert fifth.fields["exc_type"] == "ValueError"
