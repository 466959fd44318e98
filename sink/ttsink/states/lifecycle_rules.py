"""The built-in table: how each job system says what became of a job.

Sources: the log calls of Celery (`celery/app/trace.py`, `worker/request.py`), RQ
(`rq/worker.py`), Sidekiq (`job_logger.rb`), Airflow (`taskinstance.py`, `local_task_job`),
Temporal's SDKs and event names, the Kubernetes Job controller's event reasons, Argo's node
phases, Dramatiq (`worker.py`, `middleware/retries.py`) and BullMQ's event names.
"""

from typing import Final

from ttsink.states.lifecycle import Rule
from ttwire.state import State

QUEUED_WORDS: Final = ("queued", "enqueued", "pending", "waiting", "scheduled", "delayed")
RUNNING_WORDS: Final = ("running", "started", "active", "processing", "in_progress", "executing")
SUCCEEDED_WORDS: Final = (
    "succeeded",
    "success",
    "successful",
    "completed",
    "complete",
    "finished",
    "done",
)
FAILED_WORDS: Final = (
    "failed", "failure", "errored", "crashed", "dead", "timed_out", "timedout", "timeout",
    "killed",
)  # fmt: skip
RETRYING_WORDS: Final = ("retrying", "retry", "retried", "up_for_retry", "stalled", "restarting")
CANCELLED_WORDS: Final = (
    "cancelled", "canceled", "revoked", "aborted", "skipped", "terminated", "removed",
)  # fmt: skip

_WORDS: Final[tuple[tuple[State, tuple[str, ...]], ...]] = (
    ("queued", QUEUED_WORDS),
    ("running", RUNNING_WORDS),
    ("succeeded", SUCCEEDED_WORDS),
    ("failed", FAILED_WORDS),
    ("retrying", RETRYING_WORDS),
    ("cancelled", CANCELLED_WORDS),
)
_STATE_FIELDS: Final = (
    "status", "state", "event", "phase", "job_status", "job_state", "task_state", "job.status",
    "job.state", "task.state", "event_type", "final_state",
)  # fmt: skip

_JOB: Final = r"(?:job|task|run)"
_OF_A_JOB: Final = (
    rf"(?i)^{_JOB}\b[:.#_ -]{{0,3}}"
    r"(?:[\"'][^\"']{1,80}[\"']:? "
    r"|[\"'\[(#]?[\w.:/-]*[\d_./-][\w.:/-]*(?:\[[^\]]{1,80}\]|\([^)]{0,80}\))?[\"'\])]?:? )?"
    r"(?:(?:has|was|is|been|now|have) )*"
)
"""How a message about a whole job begins: `Job 17 has`, `task app.send[1] `, `run: `.

Between the word and what became of it stands a name at most: `Job is running, 3 of 10 tasks
completed` is said of another thing.
"""

PLAIN: Final = (
    *(
        Rule(system="plain", state=state, field=field, values=words)
        for field in _STATE_FIELDS
        for state, words in _WORDS
    ),
    Rule(system="plain", state="queued", message=rf"{_OF_A_JOB}(?:en)?queued\b"),
    Rule(
        system="plain",
        state="running",
        message=rf"(?:(?i)^(?:starting|processing) {_JOB}\b|{_OF_A_JOB}start(?:ed|ing)\b)",
    ),
    Rule(
        system="plain",
        state="succeeded",
        message=rf"(?:(?i)^(?:finished|completed) {_JOB}\b"
        rf"|{_OF_A_JOB}(?:succeeded|completed|finished|done)\b)",
    ),
    Rule(
        system="plain",
        state="failed",
        message=rf"{_OF_A_JOB}(?:failed(?: (?:after|with|in|on|at|due|because)\b|[^ \w]|$)"
        r"|crashed|killed|timed out)",
    ),
    Rule(
        system="plain",
        state="retrying",
        message=r"(?i)^(?:(?:job|task|run)\b.{0,80}\b|attempt (?P<attempt>\d+)\b.{0,80}\b)?"
        r"(?:will retry|retrying|retry scheduled|scheduled for retry)\b",
    ),
    Rule(
        system="plain",
        state="cancelled",
        message=rf"{_OF_A_JOB}(?:cancell?ed|revoked|aborted)\b",
    ),
)

CELERY: Final = (
    Rule(system="celery", state="queued", message=r"^Task \S+\[[0-9a-f-]{8,}\] received"),
    Rule(
        system="celery",
        state="succeeded",
        message=r"^Task \S+\[[0-9a-f-]{8,}\] succeeded in (?P<seconds>[0-9.e-]+)s",
    ),
    Rule(
        system="celery",
        state="failed",
        message=r"^Task \S+\[[0-9a-f-]{8,}\] (?:raised unexpected|raised expected)",
    ),
    Rule(system="celery", state="failed", message=r"^Task handler raised error: .{0,80}WorkerLost"),
    Rule(
        system="celery",
        state="failed",
        message=r"^Hard time limit \(.{1,20}s\) exceeded for \S+\[",
    ),
    Rule(system="celery", state="retrying", message=r"^Task \S+\[[0-9a-f-]{8,}\] retry:"),
    Rule(
        system="celery",
        state="cancelled",
        message=r"^(?:Task \S+\[[0-9a-f-]{8,}\] (?:ignored|rejected)|Discarding revoked task:)",
    ),
    Rule(
        system="celery",
        state="failed",
        of="worker",
        message=r"^Process '(?P<worker>[^']{1,80})' pid:\d+ exited with 'signal 9",
    ),
    Rule(system="celery", state="running", of="worker", message=r"^\S+@\S+ ready\.$"),
    Rule(
        system="celery",
        state="succeeded",
        of="worker",
        message=r"^worker: (?:Warm|Cold) shutdown",
    ),
)

RQ: Final = (
    Rule(system="rq", state="running", message=r"^\S+: \S+\(.{0,200}\) \([0-9a-f-]{32,36}\)$"),
    Rule(system="rq", state="succeeded", message=r"^\S+: Job OK \("),
    Rule(
        system="rq",
        state="succeeded",
        message=r"^Successfully completed (?:.{1,200} job|job \S{1,80}) in (?P<seconds>[0-9:.]+)s?",
    ),
    Rule(
        system="rq",
        state="failed",
        message=r"^(?:\[Job [^\]]{1,80}\]|job \S{1,80}): exception raised while",
    ),
    Rule(system="rq", state="failed", message=r"^Moving job to FailedJobRegistry"),
    Rule(system="rq", state="failed", message=r"^Work horse killed for job "),
    Rule(system="rq", state="running", message=r"^[\w.-]{1,128}: [0-9a-f-]{36}$"),
    Rule(
        system="rq",
        state="retrying",
        message=r"(?i)^(?:\[?Job [^\]:]{1,80}\]?:? )?"
        r"(?:(?:scheduled|enqueued) (?:to|for) retry|retrying)",
    ),
    Rule(system="rq", state="cancelled", message=r"^[Jj]ob \S{1,80} (?:stopped by user|canceled)"),
    Rule(system="rq", state="running", of="worker", message=r"^\*\*\* Listening on "),
    Rule(
        system="rq",
        state="succeeded",
        of="worker",
        message=r"^(?:Warm shut down requested|Worker \S+(?: \[PID \d+\])?: stopping)",
    ),
)

SIDEKIQ: Final = (
    Rule(system="sidekiq", state="running", message=r"^start$"),
    Rule(system="sidekiq", state="succeeded", message=r"^done(?:: (?P<seconds>[0-9.]+) sec)?$"),
    Rule(system="sidekiq", state="failed", message=r"^fail(?:: (?P<seconds>[0-9.]+) sec)?$"),
    Rule(system="sidekiq", state="retrying", message=r"^Job raised exception"),
    Rule(system="sidekiq", state="failed", message=r"^Adding dead \S+ job"),
)

AIRFLOW: Final = (
    Rule(system="airflow", state="running", message=r"^Starting attempt (?P<attempt>\d+) of \d+"),
    Rule(system="airflow", state="running", message=r"^Executing <Task\("),
    Rule(system="airflow", state="succeeded", message=r"^Marking task as SUCCESS\b"),
    Rule(system="airflow", state="failed", message=r"^Marking task as FAILED\b"),
    Rule(system="airflow", state="retrying", message=r"^Marking task as UP_FOR_RETRY\b"),
    Rule(system="airflow", state="cancelled", message=r"^Marking task as SKIPPED\b"),
    Rule(system="airflow", state="succeeded", message=r"^Task exited with return code 0$"),
    Rule(
        system="airflow",
        state="failed",
        message=r"^(?:Task exited with return code (?:-\d+|Negsignal)|Detected zombie job)",
        inferred=True,
    ),
)

TEMPORAL: Final = (
    Rule(
        system="temporal",
        state="queued",
        field="event_type",
        values=("activitytaskscheduled", "workflowtaskscheduled"),
    ),
    Rule(
        system="temporal",
        state="running",
        field="event_type",
        values=("workflowexecutionstarted", "activitytaskstarted", "activitytaskcompleted"),
    ),
    Rule(
        system="temporal",
        state="succeeded",
        field="event_type",
        values=("workflowexecutioncompleted",),
    ),
    Rule(
        system="temporal",
        state="failed",
        field="event_type",
        values=("workflowexecutionfailed", "workflowexecutiontimedout"),
    ),
    Rule(
        system="temporal",
        state="retrying",
        field="event_type",
        values=("activitytaskfailed", "activitytasktimedout"),
    ),
    Rule(
        system="temporal",
        state="cancelled",
        field="event_type",
        values=("workflowexecutioncanceled", "workflowexecutionterminated"),
    ),
    # The job is the workflow: it goes on when one of its activities has ended.
    Rule(
        system="temporal",
        state="running",
        message=r"^(?:(?:Activity|Workflow) (?:task )?started|Activity completed\b)",
    ),
    Rule(system="temporal", state="succeeded", message=r"^Workflow (?:execution )?completed\b"),
    Rule(
        system="temporal",
        state="retrying",
        message=r"^(?:Completing activity as failed|Activity error\.|Activity task timed out)",
    ),
    Rule(
        system="temporal",
        state="failed",
        message=r"^(?:Workflow (?:execution )?(?:failed|timed out)|Activity retries exhausted)",
    ),
    Rule(
        system="temporal",
        state="cancelled",
        message=r"^Workflow (?:execution )?(?:cancell?ed|terminated)",
    ),
)

_REASONS: Final[tuple[tuple[State, tuple[str, ...]], ...]] = (
    ("queued", ("successfulcreate", "scheduled", "suspended")),
    ("running", ("started", "resumed")),
    ("succeeded", ("completed", "completionsreached")),
    (
        "failed",
        (
            "backofflimitexceeded", "deadlineexceeded", "podfailurepolicy", "failedindexes",
            "maxfailedindexesexceeded", "oomkilled", "evicted",
        ),
    ),
    ("retrying", ("backoff",)),
)  # fmt: skip

KUBERNETES: Final = (
    # An event as Kubernetes has it, in a watch, and as the collector's two receivers write it.
    *(
        Rule(system="kubernetes", state=state, field=field, values=reasons)
        for field in (
            "reason",
            "object.reason",
            "message.object.reason",
            "k8s.event.reason",
            "attributes.k8s.event.reason",
        )
        for state, reasons in _REASONS
    ),
    # The end of a run, as the controller of its CronJob saw it.
    Rule(
        system="kubernetes",
        state="succeeded",
        message=r"^Saw completed job: \S{1,253}, (?:status|condition): Complete",
    ),
    Rule(
        system="kubernetes",
        state="failed",
        message=r"^Saw completed job: \S{1,253}, (?:status|condition): Failed",
    ),
    Rule(
        system="kubernetes",
        state="failed",
        message=r"^(?:Job has reached the specified backoff limit|Job was active longer than)",
    ),
    Rule(system="kubernetes", state="succeeded", message=r"^Job completed$"),
)

ARGO: Final = (
    # The end of a node is not the end of its workflow; that of a retried node is a retry.
    Rule(
        system="argo",
        state="running",
        message=r"^(?:node \S{1,250}|Updated) phase .{0,20}-> Running\b",
    ),
    Rule(
        system="argo",
        state="retrying",
        message=r"^node \S{1,250}\(\d+\) phase .{0,20}-> (?:Failed|Error)\b",
    ),
    Rule(system="argo", state="succeeded", message=r"^Updated phase .{0,20}-> Succeeded\b"),
    Rule(system="argo", state="failed", message=r"^Updated phase .{0,20}-> (?:Failed|Error)\b"),
    Rule(system="argo", state="failed", field="phase", values=("error",)),
    Rule(system="argo", state="retrying", message=r"(?i)\bretryStrategy\b.{0,60}\bretrying\b"),
)

DRAMATIQ: Final = (
    Rule(
        system="dramatiq",
        state="queued",
        message=r"^Pushing message '[^']{1,80}' onto (?:work|delay) queue",
    ),
    Rule(system="dramatiq", state="running", message=r"^Received message .{1,200} with id '"),
    Rule(
        system="dramatiq",
        state="succeeded",
        message=r"^Completed message .{1,200} in [0-9.]+ ?ms",
    ),
    Rule(system="dramatiq", state="failed", message=r"^Failed to process message .{1,200} with un"),
    Rule(
        system="dramatiq",
        state="retrying",
        message=r"^Retrying message '[^']{1,80}' in \d+ milliseconds",
    ),
    Rule(system="dramatiq", state="failed", message=r"^Retries exceeded for message '"),
    # It acknowledges what it will retry, too: that was said before, and stands.
    Rule(system="dramatiq", state="succeeded", message=r"^Acknowledging message '", inferred=True),
    Rule(system="dramatiq", state="failed", message=r"^Rejecting message '", inferred=True),
    Rule(
        system="dramatiq",
        state="cancelled",
        message=r"^Message .{1,200} (?:has exceeded its age limit|was (?:aborted|skipped))",
    ),
    Rule(
        system="dramatiq",
        state="failed",
        of="worker",
        message=r"^Worker with PID (?P<worker>\d+) exited unexpectedly",
    ),
)

BULLMQ: Final = (
    Rule(system="bullmq", state="running", message=r"(?i)^job \S{1,80} is now active\b"),
    Rule(
        system="bullmq",
        state="failed",
        message=r"(?i)^job stalled more than allowable limit",
    ),
    Rule(system="bullmq", state="retrying", message=r"(?i)^job \S{1,80} (?:has )?stalled\b"),
)

BUILT_IN: Final = (
    *PLAIN,
    *CELERY,
    *RQ,
    *SIDEKIQ,
    *AIRFLOW,
    *TEMPORAL,
    *KUBERNETES,
    *ARGO,
    *DRAMATIQ,
    *BULLMQ,
)
