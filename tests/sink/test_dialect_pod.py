"""Jobs of Kubernetes: what events, names of pods and owners tell of them."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.objects import MODERATE, RECEIVED
from ttsink.dialects import pod
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.fields import FieldMapping
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttwire.record import Record

NAME = st.from_regex(r"[a-z]([a-z0-9.-]{0,40}[a-z0-9])?", fullmatch=True)
MINUTES = st.integers(24_000_000, 46_000_000)
SECONDS = st.integers(1_420_070_400, 2_900_000_000)
END = st.text("bcdfghjklmnpqrstvwxz2456789", min_size=5, max_size=5)
# What Kubernetes hashes a pod's template to: no vowels, and neither 0, 1 nor 3.
HASH = st.text("bcdfghjklmnpqrstvwxz2456789", min_size=8, max_size=10).filter(
    lambda text: not text.isdecimal()
)


def record(value: dict[str, Any], **mapping: Any) -> Record:
    dialects = Dialects(FieldMapping(**mapping))
    (found,) = dialects.records([value], received=RECEIVED, agent=None)
    return found


def state(found: Record) -> str | None:
    verdict = Lifecycle(BUILT_IN).verdicts([found]).get(0)
    return verdict.state if verdict else None


@MODERATE
@given(NAME, MINUTES | SECONDS, END, st.none() | st.integers(0, 99_999))
def test_the_pod_of_a_cronjob_names_its_run(
    name: str, minutes: int, end: str, index: int | None
) -> None:
    run = f"{name}-{minutes}"
    of_pod = f"{run}-{end}" if index is None else f"{run}-{index}-{end}"

    assert pod.run(of_pod) == run
    assert pod.said(f"Created job {run}") == run
    assert pod.said(f"Saw completed job: {run}, condition: Complete") == run
    assert pod.made(f"Created pod: {of_pod}") == of_pod


@MODERATE
@given(NAME.filter(lambda name: not name[-8:].isdecimal()), HASH, END, st.integers(0, 10**7 - 1))
def test_pods_of_other_owners_name_no_run(name: str, hashed: str, end: str, number: int) -> None:
    assert pod.run(f"{name}-{hashed}-{end}") is None
    assert pod.run(f"{name}-{end}") is None
    assert pod.run(f"{name}-{number}") is None
    assert pod.said(f"Created job {number}") is None


@MODERATE
@given(st.text(max_size=300) | st.from_regex(r"[a-z0-9-]{0,300}", fullmatch=True))
def test_any_text_is_a_name_or_none(text: str) -> None:
    for found in (pod.run(text), pod.owner(text), pod.said(text), pod.made(text)):
        assert found is None or (found and found in text)


def event(kind: str, name: str, reason: str, message: str, type_: str = "Normal") -> Any:
    return {
        "involvedObject": {"kind": kind, "name": name, "namespace": "prod"},
        "reason": reason,
        "message": message,
        "type": type_,
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:09:05Z",
        "eventTime": None,
    }


EVENTS = [
    ("Job", "import-17", "Completed", "Job completed", "import-17", "succeeded"),
    ("Job", "import-17", "BackoffLimitExceeded", "Job has reached", "import-17", "failed"),
    ("Job", "import-17", "FailedIndexes", "Job has failed indexes", "import-17", "failed"),
    ("Pod", "nightly-29454120-x2x9z", "Started", "Started c", "nightly-29454120", "running"),
    ("CronJob", "nightly", "SuccessfulCreate", "Created job nightly-29454120", "nightly-29454120",
     "queued"),
    ("CronJob", "nightly", "SawCompletedJob",
     "Saw completed job: nightly-29454120, status: Failed", "nightly-29454120", "failed"),
    ("CronJob", "nightly", "MissSchedule", "Missed scheduled time", "nightly", None),
    ("Pod", "web-7d9f8b6c5-x2x9z", "Pulled", "Container image", None, None),
    ("Node", "node-1", "NodeReady", "Node node-1 status", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "reason", "message", "job", "said"), EVENTS)
def test_an_event_is_its_jobs_in_every_agents_form(
    kind: str, name: str, reason: str, message: str, job: str | None, said: str | None
) -> None:
    core = event(kind, name, reason, message)
    new = {
        "regarding": core["involvedObject"],
        "reason": reason,
        "note": message,
        "type": "Normal",
        "eventTime": "2026-01-02T03:09:05.000000Z",
        "deprecatedLastTimestamp": None,
    }
    exported = {  # a program that prints events, read by an agent
        "message": text_of(new),
        "kubernetes": {"pod_name": "exporter-6c5f7d8b9-abcde", "pod_labels": {"app": "exporter"}},
        "timestamp": "2026-01-02T03:09:06Z",
    }
    collector = {  # OpenTelemetry's k8s_events receiver
        "message": message,
        "severity_text": "Normal",
        "severity_number": 9,
        "timestamp": "2026-01-02T03:09:05Z",
        "attributes": {"k8s.event.reason": reason, "k8s.event.count": 1},
        "resources": {"k8s.object.kind": kind, "k8s.object.name": name, "host.name": "h"},
    }

    watched = {"type": "ADDED", "object": core}
    objects = {  # OpenTelemetry's k8sobjects receiver
        "message": {"type": "MODIFIED", "object": new},
        "timestamp": "2026-01-02T03:09:05Z",
        "attributes": {"event.domain": "k8s", "k8s.resource.name": "events"},
        "resources": {"k8s.namespace.name": "prod"},
    }

    for form in (core, new, exported, collector, watched, objects):
        found = record(copy.deepcopy(form))
        assert (found.job, found.message, found.level) == (job, message, "info"), form
        assert state(found) == said
        if kind == "Pod":
            assert found.worker == name
    assert record(event(kind, name, reason, message)).timestamp == "2026-01-02T03:09:05.000000Z"


def text_of(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def test_the_type_of_an_event_is_a_level_and_that_of_another_record_is_none() -> None:
    warning = record(event("Job", "a", "FailedCreate", "m", "Warning"))

    assert (warning.level, warning.fields["type"]) == ("warn", "Warning")
    assert record({"type": "error", "message": "m"}).level is None
    assert record({"type": "error", "message": "m"}, level=("type",)).level == "error"
    for other in ({}, {"regarding": "invoice 17"}):
        found = record({"note": "n", "message": "m", **other})
        assert (found.message, found.fields) == ("m", {"note": "n", **other})


def test_a_line_with_a_note_alone_keeps_its_text() -> None:
    found = record({"message": '{"note":"n","job":"a"}'})

    assert (found.job, found.message) == ("a", '{"note":"n","job":"a"}')


def test_a_pod_without_labels_has_its_runs_job_and_its_owners() -> None:
    lines = "/var/log/containers/nightly-29454120-x2x9z_prod_report-" + "0" * 64 + ".log"

    assert record({"message": "m", "kubernetes": {"pod_owner": "Job/import-17"}}).job == "import-17"
    assert record({"message": "m", "kubernetes": {"pod_owner": "ReplicaSet/web-1"}}).job is None
    assert record({"message": "m", "file": lines}).job == "nightly-29454120"
    for name in ("kubernetes.pod_name", "k8s.pod.name"):
        found = record({"message": "m", name: "nightly-29454120-x2x9z"})
        assert (found.job, found.worker) == ("nightly-29454120", "nightly-29454120-x2x9z")


def test_events_can_be_switched_off_with_their_preset() -> None:
    found = record(event("Job", "a-17", "Completed", "m"), presets={"kubernetes": False})

    assert found.job is None


def test_a_form_can_ask_for_a_value() -> None:
    mapping = {"job": ("{name} with kind=batch-run",)}

    assert record({"name": "a", "kind": "Batch Run", "message": "m"}, **mapping).job == "a"
    assert record({"name": "a", "kind": "Server", "message": "m"}, **mapping).job is None
    assert record({"name": "a", "kind": 7, "message": "m"}, **mapping).job is None
    assert record({"name": "a", "message": "m"}, **mapping).job is None
