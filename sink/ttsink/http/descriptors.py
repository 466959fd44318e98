"""How many connections the system's limit of open files lets a process hold."""

import resource
from typing import Final, NamedTuple

KEPT_BACK: Final = 128
"""Files for the journal, the log, requests to tracing backends, and connections that are
accepted before one gives way. Without them a process whose connections took every file can
neither store nor accept, and nobody is told why."""


class Fit(NamedTuple):
    """`connections` fit the limit of `files`."""

    connections: int
    files: int


def fitting(wanted: int, soft: int, hard: int) -> Fit:
    """How many of the wanted connections fit, and the limit to set for them.

    The usual soft limit of 1024 is for programs that use select(2), which this one does not.
    """
    if soft == resource.RLIM_INFINITY:
        return Fit(wanted, soft)
    needed = wanted + KEPT_BACK
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    files = max(soft, most)
    return Fit(min(wanted, max(1, files - KEPT_BACK)), files)


def make_room(wanted: int) -> Fit:
    """Raises this process's own limit as far as it may and must."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fit = fitting(wanted, soft, hard)
    if fit.files != soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (fit.files, hard))
        except (OSError, ValueError):  # macOS has a lower one of its own under an infinite one
            return fitting(wanted, soft, soft)
    return fit
