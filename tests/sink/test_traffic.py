import msgspec
import pytest

from ttsink.demo import bodies as traffic_bodies
from ttsink.demo.traffic import Traffic

START = 1_700_000_000.0


def test_the_same_seed_says_the_same_whenever_it_is_asked() -> None:
    whole = Traffic(7, START).until(START + 60)
    pieces = Traffic(7, START)

    lines = [line for second in range(61) for line in pieces.until(START + second)]

    assert lines == whole
    assert whole != Traffic(8, START).until(START + 60)


def test_lines_come_in_order_and_never_from_the_future() -> None:
    traffic = Traffic(7, START)

    lines = traffic.until(START + 120)

    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert lines[0].at >= START
    assert lines[-1].at <= START + 120


def test_a_few_minutes_have_all_that_a_demonstration_needs() -> None:
    lines = Traffic(7, START).until(START + 240)

    assert len({line.job for line in lines if line.job}) == 100
    assert len({line.worker for line in lines}) == 12
    assert {line.attempt for line in lines} == {1, 2, 3}
    assert {line.level for line in lines} == {"debug", "info", "warn", "error"}
    assert any(line.message.startswith("Traceback") for line in lines)
    assert any("@example.com" in line.message for line in lines)
    assert any("4111 1111" in line.message for line in lines)
    assert any(line.fields.get("event") == "job.failed" for line in lines)
    assert 8 * 240 < len(lines) < 60 * 240


def test_a_retry_keeps_the_trace_of_the_first_attempt() -> None:
    lines = Traffic(7, START).until(START + 240)

    first = {line.trace_id for line in lines if line.job and line.attempt == 1}
    later = {line.trace_id for line in lines if line.attempt > 1}

    assert later
    assert later <= first


def test_bodies_have_the_shapes_of_their_agents() -> None:
    traffic = Traffic(7, START)
    lines = traffic.until(START + 20)

    by_vector, by_fluent_bit, by_otlp = traffic_bodies.posts(lines, traffic.spans)

    vector = [msgspec.json.decode(line) for line in by_vector.body.split(b"\n")]
    fluent_bit = msgspec.json.decode(by_fluent_bit.body)
    assert len(vector) + len(fluent_bit) == len(lines)
    assert list(vector[0]) == sorted(vector[0])
    assert vector[0]["source_type"] == "file"
    assert fluent_bit[0]["date"] == pytest.approx(START, abs=20)
    assert msgspec.json.decode(fluent_bit[0]["log"])["worker"].startswith("w-")
    resource = msgspec.json.decode(by_otlp.body)["resourceSpans"][0]
    assert len(resource["scopeSpans"][0]["spans"][0]["traceId"]) == 32


def test_spans_have_names_without_what_is_filled_in() -> None:
    traffic = Traffic(7, START)
    traffic.until(START + 60)

    names = {span.name for span in traffic.spans}
    assert len(names) > 5
    assert not [name for name in names if not name or set(name) & set("{}(")]
