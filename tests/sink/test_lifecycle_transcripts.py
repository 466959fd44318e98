"""What each job system's own log lines say of its jobs, to be checked by eye.

A transcript is a list of `second: what the record holds`; below it stands what must be known
afterwards. Times are seconds after noon.
"""

from typing import Any

import pytest

from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import DEFAULT, KeyStates
from ttsink.store.batch import Stored, of_records
from ttwire.record import Record
from ttwire.state import JobState

UUID = "6a7f1f0e-3c1b-4c55-9f6e-2b1c4d5e6f70"
TASK = f"proj.tasks.send[{UUID}]"


def clock(second: float) -> str:
    whole = int(second)
    return f"2026-01-02T12:{whole // 60:02d}:{whole % 60:02d}.{round(second % 1 * 1e6):06d}Z"


def stored(position: int, record: Record, now: float) -> Stored:
    return Stored(position, of_records([record]), now)


def told(*lines: tuple[float, dict[str, Any]]) -> KeyStates:
    states = KeyStates(Lifecycle(BUILT_IN))
    for position, (second, members) in enumerate(lines, start=1):
        held = {"job": "j", "worker": "w", **members}
        record = Record(timestamp=clock(second), received=clock(second), **held)
        states.applied(stored(position, record, 1_000.0 + second))
        states.settle()
    return states


def say(second: float, message: str, **members: Any) -> tuple[float, dict[str, Any]]:
    return second, {"message": message, **members}


def attempts(job: JobState) -> list[tuple[int, str, str | None, str | None]]:
    """(number, state, start, end), times as the seconds within noon's hour."""

    def short(time: str | None) -> str | None:
        return time[14:19] if time else None

    return [(a.number, a.state, short(a.start), short(a.end)) for a in job.attempts]


TRACEBACK = 'ValueError: no such account\nTraceback (most recent call last):\n  File "x.py"'

SUCCESS = {
    "celery": (
        say(0, f"Task {TASK} received"),
        say(2, "loading account 17"),
        say(5, f"Task {TASK} succeeded in 2.95s: None"),
    ),
    "rq": (
        say(0, "job enqueued", fields={"status": "queued"}),
        say(2, f"mail: app.tasks.count('x') ({UUID})"),
        say(5, f"mail: Job OK ({UUID})"),
    ),
    "sidekiq": (
        say(0, "enqueued", fields={"event": "job.enqueued"}),
        say(2, "start"),
        say(5, "done"),
    ),
    "airflow": (
        say(0, "queued", fields={"state": "queued"}),
        say(2, "Starting attempt 1 of 3"),
        say(3, "Executing <Task(PythonOperator): load> on 2026-01-02"),
        say(5, "Marking task as SUCCESS. dag_id=etl, task_id=load, run_id=r1"),
        say(6, "Task exited with return code 0"),
    ),
    "temporal": (
        say(0, "scheduled", fields={"event_type": "ActivityTaskScheduled"}),
        say(2, "Activity started"),
        say(4, "Activity completed"),
        say(5, "Workflow completed"),
    ),
    "kubernetes": (
        say(0, "Created pod: report-x7k2p", fields={"reason": "SuccessfulCreate"}),
        say(2, "Started container report", fields={"reason": "Started"}),
        say(5, "Job completed", fields={"reason": "Completed"}),
    ),
    "argo": (
        say(0, "node Pending", fields={"phase": "Pending"}),
        say(2, "Updated phase Pending -> Running"),
        say(3, "node build-7-1 phase Pending -> Running"),
        say(4, "node build-7-1 phase Running -> Succeeded"),
        say(5, "Updated phase Running -> Succeeded"),
    ),
    "dramatiq": (
        say(0, "enqueued", fields={"event": "enqueued"}),
        say(2, f"Received message send('a') with id '{UUID}'."),
        say(5, f"Completed message {UUID}'send('a')' in 3000.00ms."),
    ),
    "bullmq": (
        say(0, "job 17 waiting", fields={"event": "waiting"}),
        say(2, "job 17 is now active", fields={"event": "active"}),
        say(5, "job 17 completed", fields={"event": "completed"}),
    ),
    "plain": (
        say(0, "job queued"),
        say(2, "job started"),
        say(4, "sent 3 of 3"),
        say(5, "job finished in 3 s"),
    ),
}


@pytest.mark.parametrize("system", SUCCESS)
def test_a_job_that_succeeds(system: str) -> None:
    job = told(*SUCCESS[system]).jobs["j"].wire(1_010.0, DEFAULT)

    assert (job.state, job.inferred) == ("succeeded", False)
    assert [(number, state, start) for number, state, start, _ in attempts(job)] == [
        (1, "succeeded", "00:02")
    ]
    assert job.wait_seconds == 2.0
    assert job.duration_seconds == pytest.approx(3.0, abs=1.1)


FAILURE = {
    "celery": (
        say(0, f"Task {TASK} received"),
        say(2, "loading account 17"),
        say(
            5,
            f"Task {TASK} raised unexpected: {TRACEBACK}",
            level="error",
        ),
    ),
    "rq": (
        say(2, f"mail: app.tasks.count('x') ({UUID})"),
        say(5, f"[Job {UUID}]: exception raised while executing\n{TRACEBACK}", level="error"),
    ),
    "sidekiq": (say(2, "start"), say(5, "fail", level="error")),
    "airflow": (
        say(2, "Starting attempt 1 of 1"),
        say(4, "Task failed with exception\n" + TRACEBACK, level="error"),
        say(5, "Marking task as FAILED. dag_id=etl, task_id=load", level="error"),
    ),
    "temporal": (
        say(2, "started", fields={"event_type": "WorkflowExecutionStarted"}),
        say(5, "failed", level="error", fields={"event_type": "WorkflowExecutionFailed"}),
    ),
    "kubernetes": (
        say(2, "Started container report", fields={"reason": "Started"}),
        say(
            5,
            "Job has reached the specified backoff limit",
            level="error",
            fields={"reason": "BackoffLimitExceeded"},
        ),
    ),
    "argo": (
        say(2, "node build-7 phase Pending -> Running"),
        say(5, "Updated phase Running -> Failed", level="error"),
    ),
    "dramatiq": (
        say(2, f"Received message send('a') with id '{UUID}'."),
        say(
            5,
            f"Failed to process message send('a') with unhandled exception.\n{TRACEBACK}",
            level="error",
        ),
    ),
    "bullmq": (
        say(2, "job 17 is now active"),
        say(5, "job stalled more than allowable limit", level="error"),
    ),
    "plain": (
        say(2, "job started"),
        say(5, f"job failed: {TRACEBACK}", level="error"),
    ),
}


@pytest.mark.parametrize("system", FAILURE)
def test_a_job_that_fails_with_a_traceback(system: str) -> None:
    job = told(*FAILURE[system]).jobs["j"].wire(1_010.0, DEFAULT)

    assert (job.state, job.inferred) == ("failed", False)
    assert attempts(job) == [(1, "failed", "00:02", "00:05")]
    assert job.duration_seconds == 3.0
    assert job.errors >= 1
    assert job.error is not None
    assert "\n" not in job.error


RETRY = {
    "celery": (
        say(0, f"Task {TASK} received"),
        say(2, "loading account 17"),
        say(5, f"Task {TASK} retry: Retry in 5s: ConnectionError()", level="info"),
        say(10, f"Task {TASK} received"),
        say(11, "loading account 17"),
        say(15, f"Task {TASK} succeeded in 4.0s: None"),
    ),
    "rq": (
        say(2, f"mail: app.tasks.count('x') ({UUID})"),
        say(5, f"[Job {UUID}]: exception raised while executing", level="error"),
        say(11, f"mail: app.tasks.count('x') ({UUID})"),
        say(15, f"mail: Job OK ({UUID})"),
    ),
    "sidekiq": (
        say(2, "start"),
        say(5, "fail", level="error"),
        say(11, "start"),
        say(15, "done"),
    ),
    "airflow": (
        say(2, "Starting attempt 1 of 3", attempt=1),
        say(5, "Marking task as UP_FOR_RETRY. dag_id=etl", attempt=1),
        say(11, "Starting attempt 2 of 3", attempt=2),
        say(15, "Marking task as SUCCESS. dag_id=etl", attempt=2),
    ),
    "temporal": (
        say(2, "Activity started", attempt=1),
        say(5, "Completing activity as failed", attempt=1, level="warn"),
        say(11, "Activity started", attempt=2),
        say(15, "Workflow completed", attempt=2),
    ),
    "kubernetes": (
        say(2, "Started container report", fields={"reason": "Started"}),
        say(5, "Back-off restarting failed container", fields={"reason": "BackOff"}),
        say(11, "Started container report", fields={"reason": "Started"}),
        say(15, "Job completed", fields={"reason": "Completed"}),
    ),
    "argo": (
        say(2, "node build-7(0) phase Pending -> Running"),
        say(5, "node build-7(0) phase Running -> Failed"),
        say(11, "node build-7(1) phase Pending -> Running"),
        say(14, "node build-7(1) phase Running -> Succeeded"),
        say(15, "Updated phase Running -> Succeeded"),
    ),
    "dramatiq": (
        say(2, f"Received message send('a') with id '{UUID}'."),
        say(5, f"Retrying message '{UUID}' in 6000 milliseconds.", level="warn"),
        say(11, f"Received message send('a') with id '{UUID}'."),
        say(15, f"Completed message {UUID}'send('a')' in 4000.00ms."),
    ),
    "bullmq": (
        say(2, "job 17 is now active"),
        say(5, "job 17 has stalled"),
        say(11, "job 17 is now active"),
        say(15, "done", fields={"event": "completed"}),
    ),
    "plain": (
        say(2, "job started", attempt=1),
        say(5, "attempt 1 failed, will retry in 6 s", attempt=1, level="warn"),
        say(11, "job started", attempt=2),
        say(15, "job finished", attempt=2),
    ),
}


@pytest.mark.parametrize("system", RETRY)
def test_a_retry_is_an_attempt_of_its_own_and_then_succeeds(system: str) -> None:
    job = told(*RETRY[system]).jobs["j"].wire(1_020.0, DEFAULT)

    first, second = attempts(job)
    assert job.state == "succeeded"
    assert first[:1] + first[2:] == (1, "00:02", "00:05")
    assert first[1] in {"failed", "retrying"}
    assert second == (2, "succeeded", "00:11", "00:15")
    assert job.duration_seconds == 4.0


def test_celery_says_which_worker_was_killed_and_its_job_has_failed() -> None:
    states = told(
        say(0, f"Task {TASK} received", worker="ForkPoolWorker-3"),
        say(2, "loading account 17", worker="ForkPoolWorker-3"),
        say(
            5,
            "Process 'ForkPoolWorker-3' pid:811 exited with 'signal 9 (SIGKILL)'",
            job=None,
            worker="MainProcess",
            level="error",
        ),
    )
    job = states.jobs["j"].wire(1_010.0, states.settings)
    worker = states.workers["ForkPoolWorker-3"].wire(1_010.0, states.settings)

    assert (job.state, job.inferred) == ("failed", True)
    assert attempts(job) == [(1, "failed", "00:02", "00:05")]
    assert job.error is not None
    assert "SIGKILL" in job.error
    assert (worker.state, worker.jobs) == ("failed", ())


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("celery", "Task handler raised error: \"WorkerLostError('Worker exited prematurely')\""),
        ("rq", "Moving job to FailedJobRegistry (Work-horse terminated unexpectedly; signal 9)"),
        ("airflow", "Detected zombie job: {'full_filepath': '/dags/etl.py'}"),
        ("kubernetes", "Job was active longer than specified deadline"),
        ("dramatiq", f"Retries exceeded for message '{UUID}'."),
        ("temporal", "Workflow execution timed out"),
        ("sidekiq", "Adding dead SendMail job 3f9"),
        ("bullmq", "job stalled more than allowable limit"),
    ],
)
def test_the_loss_of_a_worker_is_a_failure_of_its_job(system: str, message: str) -> None:
    states = told(say(2, "job started"), say(9, message, level="error"))

    assert states.jobs["j"].state == "failed"


def test_a_job_whose_worker_was_killed_without_a_word_falls_silent_and_comes_back() -> None:
    states = told(say(2, "start"), *(say(2 + i, f"step {i}") for i in range(1, 9)))

    states.check(1_010.0 + 15.0)
    silent = states.jobs["j"].wire(1_025.0, states.settings)
    states.applied(stored(10, Record(timestamp=clock(30), job="j", worker="w"), 1_030.0))
    states.settle()

    assert (silent.state, silent.inferred) == ("silent", True)
    assert states.jobs["j"].shown_state() == "running"


def test_a_late_line_does_not_wake_a_job_that_has_ended() -> None:
    states = told(say(2, "job started"), say(5, "job finished"), say(6, "flushing buffers"))

    assert states.jobs["j"].state == "succeeded"


def test_a_state_nobody_said_is_marked_as_inferred() -> None:
    states = told(say(2, "loading account 17"))
    job = states.jobs["j"].wire(1_003.0, states.settings)

    assert (job.state, job.inferred) == ("running", True)


def test_an_http_status_is_no_state() -> None:
    states = told(
        say(2, "GET /health", fields={"status": 200}), say(3, "x", fields={"status": "ok"})
    )

    assert states.jobs["j"].state == "running"


def test_a_job_that_recurs_is_told_by_its_last_run() -> None:
    runs = (
        say(2, "job started"),
        say(5, "job finished"),
        say(60, "job started"),
        say(64, "job finished"),
    )
    job = told(*runs).jobs["j"].wire(1_070.0, DEFAULT)

    assert attempts(job) == [(1, "succeeded", "01:00", "01:04")]
    assert job.duration_seconds == 4.0


def test_a_run_that_counts_from_one_again_is_another_run() -> None:
    first = (
        say(2, "job started", attempt=1),
        say(3, "job failed", attempt=1, level="error"),
        say(4, "job started", attempt=2),
        say(5, "job failed", attempt=2, level="error"),
    )
    states = told(*first, say(60, "job started", attempt=1))
    job = states.jobs["j"].wire(1_061.0, DEFAULT)

    assert job.state == "running"
    assert attempts(job) == [(1, "running", "01:00", None)]


def test_a_start_that_arrives_after_the_end_does_not_open_the_job_again() -> None:
    states = told(say(5, "job finished"), say(2, "job started"))
    job = states.jobs["j"].wire(1_010.0, DEFAULT)

    assert attempts(job) == [(1, "succeeded", "00:02", "00:05")]
    assert job.duration_seconds == 3.0


def test_bullmq_counts_an_attempt_up_when_it_has_failed() -> None:
    lines = (
        say(1, "b", attempt=1, fields={"event": "active"}),
        say(2, "b", attempt=2, fields={"event": "failed"}),
        say(5, "b", attempt=2, fields={"event": "active"}),
        say(7, "b", attempt=3, fields={"event": "completed"}),
    )
    job = told(*lines).jobs["j"].wire(1_010.0, DEFAULT)

    assert job.state == "succeeded"
    assert attempts(job) == [(1, "failed", "00:01", "00:02"), (2, "succeeded", "00:05", "00:07")]


def test_celery_that_only_says_how_long_it_took_has_a_start_and_a_wait() -> None:
    states = told(
        say(0, f"Task {TASK} received", queue="mail"),
        say(5, f"Task {TASK} succeeded in 3.0s: None", queue="mail"),
    )
    job = states.jobs["j"].wire(1_010.0, DEFAULT)

    assert attempts(job) == [(1, "succeeded", "00:02", "00:05")]
    assert (job.duration_seconds, job.wait_seconds) == (3.0, 2.0)
    assert states.queues["mail"].wire(1_010.0).wait_seconds == 2.0


def test_a_queue_counts_each_wait_and_each_end_once() -> None:
    def of(second: float, message: str) -> tuple[float, dict[str, Any]]:
        return say(second, message, queue="mail")

    states = told(
        *(of(0 + i, message) for i, message in enumerate(("job queued", "job started"))),
        *(of(2 + i, f"step {i}") for i in range(8)),
    )
    states.check(1_040.0)
    later = [of(50, "step"), of(51, "job finished"), of(60, "job started"), of(61, "job finished")]
    for position, (second, members) in enumerate(later, start=11):
        record = Record(timestamp=clock(second), received=clock(second), job="j", **members)
        states.applied(stored(position, record, 1_000.0 + second))
    states.settle()
    queue = states.queues["mail"]

    assert list(queue.waits) == [1.0]
    assert sum(queue.ended.history(1_061.0)) == 2
    assert queue.wire(1_061.0).succeeded == 1


@pytest.mark.parametrize(
    "message",
    [
        "Job is still running, 3 of 10 tasks completed",
        "job not finished yet",
        "Job failed to reach the cache, using the default",
        "task force of 7 was started",
    ],
)
def test_what_is_said_of_another_thing_is_no_state(message: str) -> None:
    states = told(say(1, "job started"), say(2, message))

    assert states.jobs["j"].state == "running"


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("Finished job report-7 in 3 s", "succeeded"),
        ("job 'clean up' finished", "succeeded"),
        ("Job 17 has completed! Returned 5", "succeeded"),
        ("Task app.tasks.send[17] failed: no such account", "failed"),
        ("run failed", "failed"),
        ("job report-7 was killed", "failed"),
        ("task 17: cancelled", "cancelled"),
    ],
)
def test_what_is_said_of_the_job_is_its_state(message: str, state: str) -> None:
    states = told(say(1, "job started"), say(2, message))

    assert states.jobs["j"].state == state


@pytest.mark.parametrize(
    ("field", "value", "state"),
    [
        ("event", "job_failed", "failed"),
        ("event_type", "job.failed", "failed"),
        ("event_type", "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED", "failed"),
        ("event_type", "EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED", "running"),
        ("status", "In Progress", "running"),
        ("status", "COMPLETE", "succeeded"),
        ("status", "up_for_retry", "retrying"),
        ("status", "not_started", "running"),
        ("state", "timeout", "failed"),
    ],
)
def test_a_field_says_a_state_in_many_spellings(field: str, value: str, state: str) -> None:
    states = told(say(1, "job started"), say(2, "x", fields={field: value}))

    assert states.jobs["j"].state == state


def test_a_field_says_it_better_than_ordinary_words() -> None:
    states = told(say(2, "Task finished", fields={"final_state": "failed"}))

    assert states.jobs["j"].state == "failed"


@pytest.mark.parametrize(
    "fields",
    [
        {"enqueued_at": clock(0)},
        {"ctx": {"enqueued_at": clock(0)}},
        {"wait_ms": 2_000},
    ],
)
def test_a_start_that_says_when_it_was_queued_gives_a_wait(fields: dict[str, Any]) -> None:
    states = told(say(2, "job started", queue="mail", fields=fields), say(3, "step", queue="mail"))

    assert states.jobs["j"].wait_seconds == 2.0
    assert list(states.queues["mail"].waits) == [2.0]


def test_one_record_at_the_end_can_tell_the_whole_attempt() -> None:
    times = {"enqueued_at": clock(0), "started_at": clock(2), "status": "completed"}
    job = told(say(5, "sent", fields=times)).jobs["j"].wire(1_010.0, DEFAULT)

    assert attempts(job) == [(1, "succeeded", "00:02", "00:05")]
    assert (job.duration_seconds, job.wait_seconds) == (3.0, 2.0)
