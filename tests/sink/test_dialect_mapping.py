"""What the configuration may say of fields."""

from typing import Any

import msgspec
import pytest

from ttsink.dialects.dialect import Dialects
from ttsink.dialects.fields import FieldMapping
from ttwire.record import Record

RECEIVED = "2026-01-10T00:00:00.000000Z"


def record(value: dict[str, Any], **mapping: Any) -> Record:
    dialects = Dialects(msgspec.convert(mapping, FieldMapping))
    (found,) = dialects.records([value], received=RECEIVED, agent=None)
    return found


def test_a_configured_name_comes_before_the_built_in_ones() -> None:
    assert record({"job": "a", "build": "b"}, job=["build"]).job == "b"
    assert record({"job": "a"}, job=["build"]).job == "a"


def test_a_configured_form_needs_all_of_its_names() -> None:
    forms = {"job": ["{build}#{no} with ci"]}

    assert record({"build": "b", "no": 7, "ci": "x", "job": "a"}, **forms).job == "b#7"
    assert record({"build": "b", "no": 7, "job": "a"}, **forms).job == "a"


def test_a_member_named_in_only_has_no_built_in_names() -> None:
    found = record({"worker": "w", "host": "h", "machine": "m"}, only=["worker"], worker=["rack"])

    assert found.worker is None
    assert found.fields["worker"] == "w"


def test_a_preset_can_be_switched_off() -> None:
    said = {"dag_id": "etl", "task_id": "load", "run_id": "r-1"}

    assert record(dict(said)).job == "etl.load[r-1]"
    assert record(dict(said), presets={"airflow": False, "celery": False}).job == "r-1"


def test_a_configured_scope_is_looked_into() -> None:
    assert record({"payload": {"job": "a"}}).job is None
    assert record({"payload": {"job": "a"}}, scopes=["payload"]).job == "a"


def test_a_configured_placeholder_is_no_value() -> None:
    assert record({"job": "NOBODY"}, placeholders=["nobody"]).job is None


def test_the_agents_read_time_can_be_left_unused() -> None:
    assert record({"date": 1767323045.5, "log": "x"}).timestamp == "2026-01-02T03:04:05.500000Z"
    assert record({"date": 1767323045.5, "log": "x"}, read_time="never").timestamp == RECEIVED


def test_times_without_a_zone_are_in_the_configured_one() -> None:
    found = record({"timestamp": "2026-01-02 03:04:05", "message": "x"}, utc_offset_minutes=540)

    assert found.timestamp == "2026-01-01T18:04:05.000000Z"


def test_nested_lines_and_text_can_be_left_alone() -> None:
    assert record({"message": '{"job":"a","msg":"b"}'}, nested=False).job is None
    assert record({"message": "[ERROR] b"}, text=False).level is None


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"presets": {"airflw": False}}, "no preset is named 'airflw'; the nearest is 'airflow'"),
        ({"job": ["{}"]}, "job: '{}' names no field"),
        ({"job": [""]}, "job: '' names no field"),
        ({"utc_offset_minutes": 5000}, "utc_offset_minutes: 5000 is no offset"),
        ({"jobs": ["a"]}, "unknown field `jobs`"),
        ({"job": [str(n) for n in range(201)]}, "job: 201 entries, at most 200"),
    ],
)
def test_a_mistake_is_named(mapping: dict[str, Any], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(mapping, FieldMapping)


def test_names_differ_in_case_and_separators_only() -> None:
    for name in ("job_id", "jobId", "JOB-ID", "job.id", "Job Id"):
        assert record({name: "17"}).job == "17", name
    assert record({"job": {"id": "17"}}).job == "17"


def test_only_as_many_shapes_are_remembered_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsink.dialects.plan.MAX_PLANS", 10)
    dialects = Dialects()
    values: list[Any] = [{"message": "m", f"k{number}": 1} for number in range(50)]

    found = dialects.records(values, received=RECEIVED, agent=None)

    assert [each.message for each in found] == ["m"] * 50
    assert dialects.shapes_met == 50
    assert len(dialects._plans._known) <= 10


def test_a_name_too_long_is_cut_and_kept_whole_among_the_fields() -> None:
    found = record({"job": "j" * 1000, "message": "m"})

    assert found.job is not None
    assert len(found.job) == 256
    assert found.fields["job"] == "j" * 1000
