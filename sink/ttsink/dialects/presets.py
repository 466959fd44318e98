"""Where job systems and agents say what a record belongs to: the built-in lists of fields.

An entry is the name of a field (`job_id`, `kubernetes.pod_name`) or a form with names in
braces (`{task_name}[{task_id}]`), which holds when each of them has a value; ` with jid` at
its end asks for one more field that is not shown, and ` with kind=Job` for one that holds this.
Case and the characters `.` `_` `-` `/` do not matter, and a dot is as good as an object:
`job.id` is `job_id`, `jobId` and `{"job": {"id": ...}}`.

What a person follows is one run of a job, by a name that can be read: `name[id]` where both
are known, as Celery prints it. A preset's `job` and `worker` are what the application said,
`job_around` and `worker_around` what its surroundings say, used when neither the record nor
the text of its message told.
"""

from typing import Final

import msgspec


class Preset(msgspec.Struct, frozen=True):
    """The fields of one system, each list in the order of trust."""

    job: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    attempt: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    timestamp: tuple[str, ...] = ()
    job_around: tuple[str, ...] = ()
    worker_around: tuple[str, ...] = ()
    read_time: tuple[str, ...] = ()


PRESETS: Final[dict[str, Preset]] = {
    "plain": Preset(
        job=("{job_name}[{job_id}]", "job_id", "job_name", "execution_id", "run_id", "task"),
        worker=("worker", "worker_id", "worker_name"),
        queue=("queue", "queue_name"),
        attempt=("attempt", "attempt_number", "try_number", "retry_count", "retries"),
        message=(
            "message",
            "msg",
            "log",
            "@m",
            "short_message",
            "full_message",
            "event",
            "body",
            "text",
        ),
        timestamp=(
            "timestamp",
            "@timestamp",
            "@t",
            "ts",
            "time",
            "datetime",
            "asctime",
            "event_time",
            "logged_at",
        ),
    ),
    "celery": Preset(
        job=("{task_name}[{task_id}]", "task_id"),
        queue=("delivery_info.routing_key",),
        attempt=("task_retries",),
    ),
    "rq": Preset(job=("{func_name}[{job_id}]",), queue=("origin",)),
    "sidekiq": Preset(
        job=("{class}[{jid}]", "{job_class}[{jid}]", "jid"),
        worker=(
            "{host}:{pid}:{tid} with jid",
            "{hostname}:{pid}:{tid} with jid",
            "{pid}:{tid} with jid",
        ),
    ),
    "bullmq": Preset(job=("{queue_name}[{job_id}]",), attempt=("attempts_made",)),
    "dramatiq": Preset(
        job=("{actor_name}[{message_id}]", "{actor}[{message_id}]"),
    ),
    "faktory": Preset(job=("{jobtype}[{jid}]",), worker=("wid",)),
    "asynq": Preset(
        job=("{task_type}[{task_id}]", "{type}[{task_id}] with queue"),
        worker=("server_id",),
        attempt=("retried",),
    ),
    "temporal": Preset(
        job=(
            "{workflow_type}[{workflow_id}]",
            "{temporal_workflow.workflow_type}[{temporal_workflow.workflow_id}]",
            "{temporal_activity.workflow_type}[{temporal_activity.workflow_id}]",
            "workflow_id",
            "temporal_workflow.workflow_id",
            "temporal_activity.workflow_id",
        ),
        worker=("identity",),
        queue=("task_queue", "temporal_activity.task_queue", "temporal_workflow.task_queue"),
        attempt=("temporal_activity.attempt", "temporal_workflow.attempt"),
    ),
    "airflow": Preset(
        job=(
            "{dag_id}.{task_id}[{run_id}][{map_index}]",
            "{dag_id}.{task_id}[{run_id}]",
            "{dag_id}.{task_id}[{dag_run_id}]",
            "{dag_id}[{run_id}]",
        ),
    ),
    "spark": Preset(
        job=("{spark.app.name}[{spark.app.id}]", "{app_name}[{app_id}]", "spark.app.id", "app_id"),
        worker=("spark.executor.id", "executor_id"),
        job_around=(
            "kubernetes.labels.spark-app-selector",
            "kubernetes.pod_labels.spark-app-selector",
        ),
    ),
    "slurm": Preset(
        job=(
            "{SLURM_JOB_NAME}[{SLURM_ARRAY_JOB_ID}_{SLURM_ARRAY_TASK_ID}]",
            "{SLURM_JOB_NAME}[{SLURM_JOB_ID}]",
            "SLURM_JOB_ID",
        ),
        worker=("SLURMD_NODENAME",),
        queue=("SLURM_JOB_PARTITION",),
        attempt=("SLURM_RESTART_COUNT",),
    ),
    "github": Preset(
        job=("{GITHUB_WORKFLOW}/{GITHUB_JOB}[{GITHUB_RUN_ID}]", "GITHUB_RUN_ID"),
        worker=("RUNNER_NAME",),
        attempt=("GITHUB_RUN_ATTEMPT",),
    ),
    "gitlab": Preset(
        job=("{CI_JOB_NAME}[{CI_JOB_ID}]", "CI_JOB_ID"),
        worker=("CI_RUNNER_DESCRIPTION", "CI_RUNNER_ID"),
    ),
    "jenkins": Preset(
        job=("{JOB_NAME}[{BUILD_NUMBER}]", "{JOB_NAME}[{BUILD_ID}]"), worker=("NODE_NAME",)
    ),
    "argo": Preset(
        job=("{workflow} with namespace",),
        job_around=(
            "kubernetes.labels.workflows.argoproj.io/workflow",
            "kubernetes.pod_labels.workflows.argoproj.io/workflow",
        ),
    ),
    "otel": Preset(
        job=(
            "{faas.name}[{faas.invocation_id}]",
            "{cicd.pipeline.task.name}[{cicd.pipeline.task.run.id}]",
            "{cicd.pipeline.name}[{cicd.pipeline.run.id}]",
            "{messaging.destination.name}[{messaging.message.id}]",
            "faas.invocation_id",
            "cicd.pipeline.task.run.id",
            "cicd.pipeline.run.id",
        ),
        worker=("cicd.worker.name", "cicd.worker.id", "faas.instance"),
        queue=("messaging.destination.name",),
        timestamp=("observed_timestamp", "time_unix_nano", "observed_time_unix_nano"),
        job_around=("k8s.job.name",),
        worker_around=(
            "{k8s.object.name} with k8s.object.kind=Pod",
            "service.instance.id",
            "k8s.pod.name",
            "host.name",
        ),
    ),
    "kubernetes": Preset(
        message=("note with regarding.kind",),
        timestamp=(
            "lastTimestamp with involvedObject.kind",
            "deprecatedLastTimestamp with regarding.kind",
            "firstTimestamp with involvedObject.kind",
        ),
        job_around=(
            "{involvedObject.name} with involvedObject.kind=Job",
            "{regarding.name} with regarding.kind=Job",
            "{k8s.object.name} with k8s.object.kind=Job",
            "involvedObject.labels.batch.kubernetes.io/job-name",
            "involvedObject.labels.job-name",
            "involvedObject.name",
            "regarding.name",
            "k8s.object.name",
            "{involvedObject.name} with involvedObject.kind=CronJob",
            "{regarding.name} with regarding.kind=CronJob",
            "{k8s.object.name} with k8s.object.kind=CronJob",
            "kubernetes.labels.batch.kubernetes.io/job-name",
            "kubernetes.pod_labels.batch.kubernetes.io/job-name",
            "kubernetes.labels.job-name",
            "kubernetes.pod_labels.job-name",
            "k8s.pod.label.batch.kubernetes.io/job-name",
            "k8s.pod.label.job-name",
            "k8s.pod.labels.job-name",
            "kubernetes.pod_owner",
            "kubernetes.pod_name",
            "k8s.pod.name",
        ),
        worker_around=(
            "{involvedObject.name} with involvedObject.kind=Pod",
            "{regarding.name} with regarding.kind=Pod",
            "kubernetes.pod_name",
            "k8s.pod.name",
            "pod_name",
            "pod",
        ),
    ),
    "vector": Preset(),
    "fluentbit": Preset(read_time=("date",)),
    "journald": Preset(
        timestamp=("SOURCE_REALTIME_TIMESTAMP",),
        read_time=("REALTIME_TIMESTAMP",),
    ),
    "log4j": Preset(timestamp=("instant", "timeMillis")),
    "docker": Preset(worker_around=("container_name", "container_id")),
    "host": Preset(worker_around=("instance_id", "instance", "hostname", "host")),
}
"""By the system's name, which switches it off in the configuration."""
