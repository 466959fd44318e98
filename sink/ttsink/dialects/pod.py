"""What the name of a pod and that of its owner tell of a job, where no label does.

A CronJob's controller names each run `CRONJOB-MINUTES` (before Kubernetes 1.21 seconds), of the
Unix epoch, and a Job's controller its pods `JOB-XXXXX` or `JOB-INDEX-XXXXX`. The pods of a
DaemonSet are named like those of a Job without a CronJob: of these a name alone tells nothing.
"""

import re
from typing import Final

MAX_NAME_CHARS: Final = 253
"""Of an object in Kubernetes (RFC 1123, subdomain)."""

# Minutes from 2013 to 2059, or seconds from 2014 to 2065: a ReplicaSet's hash has neither 0, 1
# nor 3, and looks so once in a million.
_RUN: Final = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?-(?:(?:2[3-9]|3\d|4[0-6])\d{6}|(?:1[4-9]|2\d)\d{8})"
_POD: Final = re.compile(rf"({_RUN})(?:-\d{{1,6}})?-[bcdfghjklmnpqrstvwxz2456789]{{5}}")
# k8s.io/kubernetes, pkg/controller/cronjob: the events on a CronJob.
_SAID: Final = re.compile(
    rf"(?:Created job|Deleted job|Saw completed job:) ({_RUN})(?:,|$)", re.ASCII
)

_MADE: Final = re.compile(r"Created pod: ([a-z0-9][a-z0-9.-]{0,252})")


def run(name: str) -> str | None:
    """The run of a CronJob that made a pod of this name."""
    found = _POD.fullmatch(name) if len(name) <= MAX_NAME_CHARS else None
    return found[1] if found else None


def owner(text: str) -> str | None:
    """The Job in an owner as Vector writes it, `Job/NAME`."""
    kind, _, name = text.partition("/")
    return name if kind == "Job" and name else None


def made(head: str) -> str | None:
    """The pod a Job's controller says it made, which is where the Job runs."""
    found = _MADE.fullmatch(head.rstrip())
    return found[1] if found else None


def said(head: str) -> str | None:
    """The run of which a CronJob's controller speaks."""
    found = _SAID.match(head)
    return found[1] if found else None
