"""Lines as job systems write them and agents send them, down to the state of the job.

The lines are those of Celery 5, RQ 1 and 2, Dramatiq 1 and 2 and Argo's controller.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from support.objects import MODERATE
from ttsink.dialects.dialect import Dialects
from ttsink.states.lifecycle import Lifecycle, Rule
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import DEFAULT, KeyStates
from ttsink.store.batch import Stored, of_records
from ttwire.record import Record
from ttwire.state import JobState

RECEIVED = "2026-01-02T12:00:00.000000Z"
ID = "5f3c9a7e-1b2c-4d5e-8f90-a1b2c3d4e5f6"


def told(*lines: str, **members: Any) -> KeyStates:
    values = [{"host": "web-1", "source_type": "file", "message": line} | members for line in lines]
    states = KeyStates(Lifecycle(BUILT_IN))
    records = Dialects().records(values, received=RECEIVED, agent="vector")
    for position, record in enumerate(records, start=1):
        states.applied(Stored(position, of_records([record]), 1_000.0 + position))
        states.settle()
    return states


def only(states: KeyStates) -> JobState:
    (job,) = states.jobs.values()
    return job.wire(1_100.0, DEFAULT)


def outcomes(job: JobState) -> list[tuple[int, str]]:
    return [(tried.number, tried.state) for tried in job.attempts]


def celery(second: int, process: str, text: str, level: str = "INFO") -> str:
    return f"[2026-01-02 12:00:{second:02d},000: {level}/{process}] {text}"


def test_celery_names_a_killed_process_and_its_task_has_failed() -> None:
    states = told(
        celery(1, "MainProcess", f"Task app.send[{ID}] received"),
        celery(2, "ForkPoolWorker-5", f"app.send[{ID}]: sending"),
        celery(
            6, "MainProcess", "Process 'ForkPoolWorker-5' pid:9 exited with 'signal 9 (SIGKILL)'"
        ),
        celery(7, "ForkPoolWorker-6", f"Task app.other[{ID}] succeeded in 0.5s: None"),
    )
    job = states.jobs[f"app.send[{ID}]"].wire(1_100.0, DEFAULT)

    assert (job.state, job.inferred, job.duration_seconds) == ("failed", True, 4.0)
    assert states.workers["web-1:ForkPoolWorker-5"].state == "failed"
    assert states.workers["web-1"].state != "failed"


def test_a_task_begun_after_the_kill_lives_on_though_it_came_in_the_same_batch() -> None:
    records = Dialects().records(
        [
            {"message": celery(9, "ForkPoolWorker-5", f"app.new[{ID}]: begun")},
            {
                "message": celery(
                    6, "MainProcess", "Process 'ForkPoolWorker-5' pid:9 exited with 'signal 9'"
                )
            },
        ],
        received=RECEIVED,
        agent="vector",
    )
    states = KeyStates(Lifecycle(BUILT_IN))
    states.applied(Stored(1, of_records(records), 1_000.0))
    states.settle()

    assert only(states).state == "running"


def test_rq_of_the_first_version_fails_and_is_retried() -> None:
    states = told(
        f"12:00:01 mail: app.send(17) ({ID})",
        f"12:00:03 [Job {ID}]: exception raised while executing (app.send)",
        f"12:00:03 Job {ID}: scheduled for retry at 2026-01-02 12:00:10, 1 remaining",
        f"12:00:11 mail: app.send(17) ({ID})",
        f"12:00:13 mail: Job OK ({ID})",
    )

    assert outcomes(only(states)) == [(1, "retrying"), (2, "succeeded")]
    assert only(states).queue == "mail"


def test_rq_of_the_second_version_puts_its_worker_in_front() -> None:
    states = told(
        f"12:00:01 Worker a1b2: mail: app.send(17) ({ID})",
        f"12:00:03 Worker a1b2: job {ID}: exception raised while executing (app.send)",
        f"12:00:03 Job {ID}: enqueued for retry, 1 remaining",
        f"12:00:11 Worker a1b2: mail: {ID}",
        f"12:00:13 Worker a1b2: mail: Job OK ({ID})",
        f"12:00:13 Successfully completed job {ID} in 0:00:01.500000s on worker a1b2",
    )
    job = only(states)

    assert outcomes(job) == [(1, "retrying"), (2, "succeeded")]
    assert job.duration_seconds == 1.5
    assert job.workers[-1] == "web-1:a1b2"


def test_rq_says_which_job_its_killed_work_horse_had() -> None:
    states = told(
        f"12:00:01 Worker a1b2: mail: app.send(17) ({ID})",
        f"12:00:03 Work horse killed for job {ID}: retpid=9, ret_val=9",
        f"12:00:03 Worker a1b2: job {ID} failed (Work-horse terminated unexpectedly)",
    )

    assert only(states).state == "failed"


def dramatiq(second: int, text: str, level: str = "DEBUG") -> str:
    return (
        f"[2026-01-02 12:00:{second:02d},000] [PID 7] [Thread-2] [dramatiq.worker] [{level}] {text}"
    )


def test_dramatiq_acknowledges_what_has_succeeded() -> None:
    states = told(
        dramatiq(0, f"Pushing message '{ID}' onto work queue."),
        dramatiq(2, f"Received message send(17) with id '{ID}'."),
        dramatiq(5, f"Acknowledging message '{ID}'."),
    )
    job = only(states)

    assert (job.state, job.inferred) == ("succeeded", True)
    assert (job.duration_seconds, job.wait_seconds) == (3.0, 2.0)


def test_dramatiq_acknowledges_what_it_will_retry_too() -> None:
    states = told(
        dramatiq(2, f"Received message send(17) with id '{ID}'."),
        dramatiq(3, f"Retrying message '{ID}' in 5000 milliseconds.", "INFO"),
        dramatiq(3, f"Acknowledging message '{ID}'."),
        dramatiq(8, f"Received message send(17) with id '{ID}'."),
        dramatiq(9, f"Retries exceeded for message '{ID}'.", "WARNING"),
        dramatiq(9, f"Rejecting message '{ID}'."),
    )

    assert outcomes(only(states)) == [(1, "retrying"), (2, "failed")]


def test_the_threads_of_a_killed_dramatiq_process_lose_their_messages() -> None:
    states = told(
        dramatiq(2, f"Received message send(17) with id '{ID}'."),
        "[2026-01-02 12:00:05,000] [PID 1] [MainThread] [dramatiq.MainProcess] [CRITICAL] "
        "Worker with PID 7 exited unexpectedly (code -9). Shutting down...",
    )

    assert (only(states).state, only(states).inferred) == ("failed", True)


def test_argo_s_controller_tells_the_workflow_and_not_its_nodes() -> None:
    def argo(second: int, text: str) -> str:
        return (
            f'time="2026-01-02T12:00:{second:02d}.000Z" level=info msg="{text}" '
            "namespace=argo workflow=etl-x7k2p"
        )

    lines = (
        argo(1, "Updated phase  -> Running"),
        argo(2, "node etl-x7k2p-1 phase Pending -> Running"),
        argo(4, "node etl-x7k2p-1 phase Running -> Succeeded"),
    )
    ended = (*lines, argo(9, "Updated phase Running -> Succeeded"))

    assert (only(told(*lines)).key, only(told(*lines)).state) == ("etl-x7k2p", "running")
    assert (only(told(*ended)).state, only(told(*ended)).duration_seconds) == ("succeeded", 8.0)


KEY = st.text("abc", min_size=1, max_size=3)


@MODERATE
@given(st.lists(KEY, min_size=1, max_size=4), st.data())
def test_a_field_of_a_rule_is_found_in_objects_and_as_a_name_with_dots(
    path: list[str], data: st.DataObject
) -> None:
    lifecycle = Lifecycle((Rule(system="s", state="failed", field=".".join(path), values=("x",)),))
    nested = data.draw(st.integers(0, len(path) - 1))
    fields: Any = {".".join(path[nested:]): "x"}
    for key in reversed(path[:nested]):
        fields = {key: fields}

    said = lifecycle.verdicts([Record(fields=fields), Record(fields={path[0]: ["x"], "z": "x"})])

    assert {place: verdict.state for place, verdict in said.items()} == {0: "failed"}


def test_of_several_fields_the_one_of_the_first_rule_is_believed() -> None:
    lifecycle = Lifecycle(BUILT_IN)
    fields = {"reason": "Completed", "attributes": {"k8s.event.reason": "BackOff"}}

    assert lifecycle.verdicts([Record(fields=fields)])[0].state == "succeeded"
    assert lifecycle.verdicts([Record(fields={"status": "failed", **fields})])[0].state == "failed"
