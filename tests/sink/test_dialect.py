"""Values to records, by what a reader can check by eye."""

from typing import Any

import msgspec
import pytest

from ttsink.bodies.value import Malformed
from ttsink.dialects.dialect import Dialects
from ttwire.record import Record

RECEIVED = "2026-11-22T10:20:00.000000Z"


def record(value: Any, **mapping: Any) -> Record:
    (found,) = Dialects().records([value], received=RECEIVED, agent="vector")
    return found


def test_a_record_that_already_is_canonical_keeps_every_member() -> None:
    said = {
        "timestamp": "2026-11-22T10:15:01.123456Z",
        "level": "warning",
        "job": "email-digest-17",
        "worker": "w-3",
        "queue": "mail",
        "attempt": 2,
        "message": "bounced",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "00f067aa0ba902b7",
        "duration_ms": 12.5,
        "extra": {"rows": 3},
    }

    assert record(dict(said)) == Record(
        timestamp="2026-11-22T10:15:01.123456Z",
        received=RECEIVED,
        job="email-digest-17",
        worker="w-3",
        queue="mail",
        attempt=2,
        level="warn",
        message="bounced",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        span_id="00f067aa0ba902b7",
        fields={"duration_ms": 12.5, "extra": {"rows": 3}},
        agent="vector",
    )


def test_a_record_without_a_time_gets_the_time_of_receipt() -> None:
    assert record({"message": "x"}).timestamp == RECEIVED


def test_a_bare_line_is_a_message_and_a_broken_one_says_so() -> None:
    good, broken = Dialects().records(
        ["hello", Malformed('{"a":', truncated=True)], received=RECEIVED, agent=None
    )

    assert (good.message, good.malformed) == ("hello", False)
    assert (broken.message, broken.malformed, broken.truncated) == ('{"a":', True, True)


def test_an_application_line_inside_a_message_is_opened_once() -> None:
    found = record(
        {
            "file": "/var/log/app.log",
            "host": "web-1",
            "message": '{"msg":"hello","level":"error","job":"a",'
            '"timestamp":"2026-11-22T10:15:01Z"}',
            "source_type": "file",
            "timestamp": "2026-11-22T10:19:59.5Z",
        }
    )

    assert (found.message, found.level, found.job, found.worker) == ("hello", "error", "a", "web-1")
    assert found.timestamp == "2026-11-22T10:15:01.000000Z"
    assert found.fields["envelope"] == {
        "source_type": "file",
        "timestamp": "2026-11-22T10:19:59.5Z",
    }


def test_records_of_many_shapes_stay_in_their_order() -> None:
    values: list[Any] = [
        {"job": str(number), "message": "m", **({"n": 1} if number % 3 else {})}
        for number in range(1, 40)
    ]

    found = Dialects().records(values, received=RECEIVED, agent=None)

    assert [each.job for each in found] == [str(number) for number in range(1, 40)]


def test_records_encode() -> None:
    assert msgspec.json.encode(record({"a": {"b": [1, None]}}))


def test_a_line_nested_too_deep_or_too_wide_stays_text() -> None:
    deep = '{"a":' * 300 + "1" + "}" * 300
    wide = "{" + ",".join(f'"k{number}":1' for number in range(1001)) + "}"

    for line in (deep, wide):
        found = record({"message": line})

        assert found.message == line
        assert found.fields == {}


def test_a_line_with_numbers_beyond_64_bits_still_encodes() -> None:
    found = record(
        {"message": '{"msg":"m","n":123456789012345678901234567890,"u":18446744073709551615}'}
    )

    assert msgspec.json.encode(found)
    assert found.fields["u"] == 18446744073709551615


def test_ids_in_front_of_a_message_are_found_before_it_is_parted() -> None:
    found = record(
        {
            "message": "2026-01-02 03:04:05,123 INFO [trace_id=4bf92f3577b34da6a3ce929d0e0e4736"
            " span_id=00f067aa0ba902b7] sent"
        }
    )

    assert found.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert found.span_id == "00f067aa0ba902b7"
    assert found.fields["head"] == "2026-01-02 03:04:05,123 INFO"


T, S = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "head",
    [
        f"2019-06-27 19:36:11.774  INFO [backend,{T},{S},true] 97203 --- [nio-1] o.s.c.App     : ",
        f"2019-06-27 19:36:11.774  INFO [backend,{T},{S}] 97203 --- [main] c.e.App : ",
        f"2019-06-27T19:36:11.774Z  INFO 97203 --- [backend] [nio-1] [{T}-{S}] c.e.MyApp      : ",
        f"2019-06-27T19:36:11.774Z  INFO 97203 --- [nio-8080-exec-1] [{T}-{S}] c.e.MyApp : ",
    ],
)
def test_a_line_of_spring_is_parted_and_its_ids_are_read(head: str) -> None:
    found = record({"message": head + "Job completed"})

    assert (found.level, found.message) == ("info", "Job completed")
    assert (found.trace_id, found.span_id) == (T, S)
    assert found.timestamp == "2019-06-27T19:36:11.774000Z"
    assert found.fields == {"head": head.rstrip()}


@pytest.mark.parametrize(
    "said",
    [
        {"contextMap": {"traceId": T, "spanId": S}},
        {"contextMap.traceId": T, "contextMap.spanId": S},
        {"mdc": {"trace_id": T.upper(), "span_id": S}},
        {"mdc.traceId": T, "mdc.spanId": S},
        {"MDC": {"X-B3-TraceId": T, "X-B3-SpanId": S}},
        {"thread_context": {"trace.id": T, "span.id": S}},
        {"headers": {"traceparent": f"00-{T}-{S}-01", "host": "h", "date": "2020-01-01"}},
        {"headers": {"Traceparent": [f"00-{T}-{S}-01"]}},
        {"headers.traceparent": f"00-{T}-{S}-01"},
        {"headers": {"X-B3-TraceId": T, "X-B3-SpanId": S, "X-B3-Sampled": "1"}},
        {"headers": {"b3": f"{T}-{S}-1"}},
        {"headers": {"uber-trace-id": f"{T}:{S}:0:1"}},
        {"request": {"headers": {"traceparent": f"00-{T}-{S}-01"}}},
        {"req": {"headers": {"traceparent": f"00-{T}-{S}-01", "host": "h"}}},
        {"http": {"request": {"headers": {"traceparent": f"00-{T}-{S}-01"}}}},
        {"http.request.headers.traceparent": f"00-{T}-{S}-01"},
        {"attributes": {"http.request.header.traceparent": [f"00-{T}-{S}-01"]}},
        {"operation_Id": T, "operation_ParentId": S},
        {"request-id": f"|{T}.{S}."},
        {"headers": {"Request-Id": f"|{T}.{S}."}},
        {"trace": {"trace_id": T, "span_id": S}},
        {"span": {"trace_id": T, "span_id": S, "name": "send"}},
        {"spanContext": {"traceId": T, "spanId": S, "host": "h"}},
        {"Properties": {"TraceId": T, "SpanId": S}},
    ],
)
def test_ids_among_a_loggers_context_or_a_requests_headers_are_found(said: dict[str, Any]) -> None:
    found = record({"message": "m", **said})

    assert (found.trace_id, found.span_id) == (T, S)
    assert (found.worker, found.timestamp) == (None, RECEIVED)


@pytest.mark.parametrize("value", [T, "5f3c9a7e-1b2c-4d5e-8f90-a1b2c3d4e5f6", S])
def test_the_id_of_a_request_is_no_traces(value: str) -> None:
    assert record({"message": "m", "request_id": value}).trace_id is None
    assert record({"message": "m", "headers": {"X-Request-Id": value}}).trace_id is None


def test_a_datadog_span_of_sixteen_digits_is_decimal() -> None:
    found = record({"message": "m", "dd": {"trace_id": T, "span_id": "1234567890123456"}})

    assert found.span_id == f"{1234567890123456:016x}"


@pytest.mark.parametrize(
    ("instant", "time"),
    [
        ({"epochSecond": 1767323045, "nanoOfSecond": 123456000}, "2026-01-02T03:04:05.123456Z"),
        ({"epochSecond": 1767323045}, "2026-01-02T03:04:05.000000Z"),
        ({"epochSecond": 1767323045, "nanoOfSecond": -1}, RECEIVED),
        ({"epochSecond": "x"}, RECEIVED),
        ({"epochSecond": 10**30}, RECEIVED),
        ({}, RECEIVED),
        (["x"], RECEIVED),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
    ],
)
def test_an_instant_of_log4j_is_a_time(instant: Any, time: str) -> None:
    assert record({"message": "m", "instant": instant}).timestamp == time


@pytest.mark.parametrize("no_id", ["0" * 32, "", "none", f"00-{'0' * 32}-{S}-01", f"ff-{T}-{S}-01"])
@pytest.mark.parametrize("name", ["contextMap.traceId", "headers.traceparent", "mdc.trace_id"])
def test_zeros_and_what_is_no_id_are_none_wherever_they_stand(name: str, no_id: str) -> None:
    outer, inner = name.split(".")

    assert record({"message": "m", name: no_id}).trace_id is None
    assert record({"message": "m", outer: {inner: no_id}}).trace_id is None
    assert record({"message": "m", outer: {inner: [no_id, no_id]}}).trace_id is None


def test_a_key_with_dots_is_as_good_as_the_object_it_names() -> None:
    nested = record({"message": "m", "mdc": {"job": "a", "level": "warn"}})
    flat = record({"message": "m", "mdc.job": "a", "mdc.level": "warn"})

    assert (nested.job, nested.level) == (flat.job, flat.level) == ("a", "warn")


def test_a_line_of_rubys_own_logger_is_read() -> None:
    found = record({"log": "E, [2026-01-02T03:04:05.123456 #12] ERROR -- mailer: bounced"})

    assert (found.level, found.message) == ("error", "bounced")
    assert found.timestamp == "2026-01-02T03:04:05.123456Z"


@pytest.mark.parametrize(
    ("text", "level", "message"),
    [
        ("INFO sent", "info", "sent"),
        ("app.mail WARNING bounced", "warn", "bounced"),
        ("- app - ERROR - no", "error", "no"),
        ("[main] ERROR c.e.App - no", "error", "c.e.App - no"),
        ("| INFO | app:run:7 - sent", "info", "app:run:7 - sent"),
        ("root ERROR no", "error", None),
        ("got an ERROR from there", None, None),
        ("Received ERROR from there", None, None),
        ("x=1 y=2 z=3 a=4 b=5 c=6 d=7 ERROR", None, None),
        ("all is well", None, None),
    ],
)
def test_a_level_behind_a_time_stands_where_loggers_write_one(
    text: str, level: str | None, message: str | None
) -> None:
    line = f"2026-01-02 03:04:05,123 {text}"

    found = record({"message": line})

    assert found.level == level
    assert found.message == (message or line)


def test_a_level_on_a_later_line_is_not_the_records() -> None:
    found = record({"message": "2026-01-02 03:04:05 Traceback:\nERROR here"})

    assert found.level is None


@pytest.mark.parametrize(
    ("path", "job", "worker", "attempt"),
    [
        ("dag_id=d/run_id=r/task_id=t/attempt=1.log", "d.t[r]", None, 1),
        ("/x/dag_id=d/run_id=r/task_id=t/map_index=0/attempt=3.log", "d.t[r][0]", None, 3),
        (f"/var/log/containers/pod-1_ns_main-{'0af1' * 16}.log", None, "pod-1", None),
        ("/var/log/app.log", None, None, None),
        ("/dag_id=" * 1000, None, None, None),
    ],
    ids=["airflow", "airflow mapped", "kubelet", "another", "too long"],
)
def test_the_path_of_a_line_tells_what_nothing_else_did(
    path: str, job: str | None, worker: str | None, attempt: int | None
) -> None:
    found = record({"file": path, "message": "m"})

    assert (found.job, found.worker, found.attempt) == (job, worker, attempt)
    assert found.fields["file"] == path


def test_a_path_does_not_overrule_what_the_record_says() -> None:
    found = record({"file": "/dag_id=d/run_id=r/task_id=t/attempt=1.log", "job": "mine"})

    assert (found.job, found.attempt) == ("mine", None)


def test_celerys_parent_process_is_not_the_worker() -> None:
    found = record({"host": "web-1", "message": "[2026-01-02 03:04:05,123: INFO/MainProcess] up"})

    assert found.worker == "web-1"
