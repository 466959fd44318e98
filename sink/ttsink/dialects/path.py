"""What the name of the file a line was read from tells of its job and worker.

Airflow writes one file a try, `dag_id=D/run_id=R/task_id=T[/map_index=M]/attempt=N.log`
(`log_filename_template`), and does not name the run in the lines; the kubelet links
`/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`, where the pod of a CronJob names its run.
"""

import re
from typing import Final, NamedTuple

from ttsink.dialects import pod

MAX_PATH_CHARS: Final = 1024
"""A longer path is not looked at."""

KEYS: Final = ("file", "path", "filename", "log_file")
"""The fields in which agents keep the path."""


class Told(NamedTuple):
    """What a path says; None for what it does not."""

    job: str | None = None
    worker: str | None = None
    attempt: int | None = None


_AIRFLOW: Final = re.compile(
    r"(?:^|/)dag_id=([^/]+)/run_id=([^/]+)/task_id=([^/]+)(?:/map_index=(\d{1,6}))?"
    r"/attempt=(\d{1,6})\.log$"
)
_CONTAINER: Final = re.compile(
    r"/containers/([a-z0-9.-]+)_[a-z0-9-]+_[a-z0-9.-]+-[0-9a-f]{64}\.log$"
)


def read(path: str) -> Told:
    """Job, worker and attempt that a path names."""
    if len(path) > MAX_PATH_CHARS:
        return Told()
    if "dag_id=" in path and (found := _AIRFLOW.search(path)):
        dag, run, task, index, attempt = found.groups()
        job = f"{dag}.{task}[{run}]" + (f"[{index}]" if index is not None else "")
        return Told(job=job, attempt=int(attempt))
    if "/containers/" in path and (found := _CONTAINER.search(path)):
        return Told(job=pod.run(found[1]), worker=found[1])
    return Told()
