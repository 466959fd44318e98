"""What the text of a message tells, where no field did.

Loggers of job systems put the run in front of the text: Celery `[time: LEVEL/process] Task
name[id]`, Sidekiq `pid=1 tid=a class=Name jid=id LEVEL:`, RQ `queue: call (id)`, Dramatiq
`[PID 1] [thread]`, Spark `application_1_2`, Spring Boot `1 --- [thread] logger :`; klog, syslog
and plain loggers put time and level there. Only the head is read, in time that does not depend
on what follows it. A word inside the text is never taken for a level: it has to stand where
loggers write one.
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

import re2

from ttsink.dialects import pod, severity, timestamp
from ttwire.level import Level

MAX_HEAD_CHARS: Final = 512
"""What a logger writes in front of a message ends before this."""

MAX_WORDS_BEFORE_LEVEL: Final = 6
"""Between a time and the level stand a logger's name, a process, pairs."""

CELERY_PARENT: Final = "MainProcess"


class Told(NamedTuple):
    """What a text says; None for what it does not. `timestamp` is canonical.

    `head_chars` of the message are what a logger put in front: time, level, process.
    """

    job: str | None = None
    worker: str | None = None
    queue: str | None = None
    level: Level | None = None
    timestamp: str | None = None
    head_chars: int = 0


_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LEVELS: Final = (
    "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|ALERT|FATAL|EMERG|PANIC"
)
_ISO: Final = re.compile(rf"\[?{timestamp.ISO}", re.ASCII)
_KLOG: Final = re.compile(timestamp.KLOG, re.ASCII)
_SYSLOG: Final = re.compile(
    rf"(?:<(?P<priority>\d{{1,3}})>)?{timestamp.SYSLOG} (?P<host>[\w.:-]{{1,255}}) ", re.ASCII
)
_SYSLOG_5424: Final = re.compile(
    rf"<(?P<priority>\d{{1,3}})>1 (?:{timestamp.ISO}|-) (?P<host>[\w.:-]{{1,255}}) ", re.ASCII
)
_CELERY: Final = re.compile(
    rf"\[{timestamp.ISO}: (?P<level>[A-Z]+)/(?P<process>[\w@.-]{{1,128}})\] "
)
_DRAMATIQ: Final = re.compile(r"\[PID (\d{1,10})\] \[([\w.-]{1,128})\]", re.ASCII)
_SIDEKIQ: Final = re.compile(
    r"(?:^|\s)pid=(?P<pid>\d{1,10}) tid=(?P<tid>\w{1,32})"
    r"(?:\s(?:class=(?P<name>[\w:.]{1,128})|jid=(?P<jid>[0-9a-f]{24})|\w{1,32}=\S{0,128})){0,8}",
    re.ASCII,
)
_TASK: Final = re.compile(rf"(?:^|[\s(])([A-Za-z_][\w.:-]{{0,200}})\[({_UUID})\]", re.ASCII)
_RQ_FRONT: Final = re.compile(
    r"(?:\d\d:\d\d:\d\d )?(?:Worker (?P<worker>[\w.-]{1,128}): )?", re.ASCII
)
_RQ: Final = re.compile(
    rf"(?P<queue>[\w.-]{{1,128}}): (?:.{{1,400}}\()?(?P<id>{_UUID})\)?$", re.ASCII
)
_NAMED_JOB: Final = re.compile(rf"(?:^|[\s\[])[Jj]ob ({_UUID})\b", re.ASCII)
_DRAMATIQ_MESSAGE: Final = re.compile(
    rf"(?:message(?:[_ ]id)?[ =:]{{1,2}}|message .{{1,400}} with id )'({_UUID})'", re.ASCII
)
_SPARK: Final = re.compile(r"application_\d{10,13}_\d{4,10}", re.ASCII)
_OF_A_CONTROLLER: Final = frozenset(("Crea", "Dele", "Saw "))
_UPPER: Final = frozenset(_LEVELS.split("|"))
_AROUND_LEVEL: Final = "[]()<>:|,-"
_DASHES: Final = frozenset(("-", "--", "|", ":", "]"))
_WORD: Final = re.compile(r"\S+")
_BEHIND: Final = re.compile(r"[\s\-:|]*")
_LEVEL_FIRST: Final = re.compile(
    rf"(?:[\[(<]({_LEVELS})[\])>]|({_LEVELS}):|level=\"?(\w{{1,16}}))", re.ASCII | re.IGNORECASE
)
# Ruby's own logger: `E, [2026-01-02T03:04:05.123456 #12] ERROR -- worker: text`.
_RUBY: Final = re.compile(
    rf"[DIWEFA], \[{timestamp.ISO} #\d{{1,10}}\]\s{{1,3}}(?P<level>[A-Z]{{3,5}}) -- "
    rf"[^:\n]{{0,128}}: ",
    re.ASCII,
)
# Spring Boot behind the level: `12 --- [app] [thread] [trace-span] logger : text`; Sleuth puts
# `[app,trace,span]` before the process.
_BOOT: Final = re.compile(
    r"(?:\[[^\[\]]{0,128}\] {1,2})?\d{1,10} --- (?:\[[^\[\]]{0,128}\] {0,2}){1,3}"
    r"\S{1,128} {1,64}: ",
    re.ASCII,
)
_LEVEL_WORD: Final = re.compile(rf"({_LEVELS})[ \t|]", re.ASCII)


# Where none of this stands in a message, `read` finds nothing in it: each pattern above needs one
# of these beginnings, or one of these pieces anywhere.
_TELLING: Final = re2.compile(
    r"(?m)^(?:"
    r"[\[(<\d]|[A-Z](?:, |\d)|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    rf"|(?i:{_LEVELS})[: \t|]|(?i:level=)|Crea|Dele|Saw |Worker "
    r"|.*(?:tid=|\[PID |[0-9a-f]{8}-|application_\d)"
    r").*$"
)


def candidates(messages: Sequence[str]) -> Sequence[int]:
    """Places of the messages that `read` may find something in, told for all of them at once."""
    text = "\n".join(messages)
    if text.count("\n") >= len(messages):
        text = "\n".join([message.partition("\n")[0] for message in messages])
    raw = text.encode("utf-8", "replace")
    found = []
    place = seen = 0
    for match in _TELLING.finditer(raw):
        start = match.start()
        place += raw.count(b"\n", seen, start)
        seen = start
        found.append(place)
    return found


def read(message: str, *, received: str, offset_minutes: int = 0) -> Told:
    """What the head of a message tells; `received` and `offset_minutes` as for `instant`."""
    head = message[:MAX_HEAD_CHARS].partition("\n")[0]
    level: Level | None = None
    worker: str | None = None
    timed: re.Match[str] | None = None
    end = 0
    first = head[:1]
    if first == "[" and (timed := _CELERY.match(head)):
        level, end = severity.level(timed["level"])[0], timed.end()
        if timed["process"] != CELERY_PARENT:  # it hands tasks out and runs none
            worker = timed["process"]
    elif head[1:3] == ", " and (timed := _RUBY.match(head)):
        level, end = severity.level(timed["level"])[0], timed.end()
    elif first in {"I", "W", "E", "F"} and (timed := _KLOG.match(head)):
        level, end = severity.level(first)[0], head.find("] ", timed.end()) + 2
    elif first == "<" and (timed := _SYSLOG_5424.match(head) or _SYSLOG.match(head)):
        level = severity.level(int(timed["priority"]) & 7, "syslog")[0]
        worker, end = timed["host"], timed.end()
        if not timed["hour"]:
            timed = None
    elif first.isupper() and (timed := _SYSLOG.match(head)):
        worker = timed["host"]
    else:
        timed = _ISO.match(head)
    if level is None:
        level, end = _level(head, timed.end() if timed else 0)
        if end and " --- [" in head and (boot := _BOOT.match(head, end)):
            end = boot.end()
    job, named_worker, queue, clock = _run(head)
    when = None
    if timed is not None:
        when = timestamp.from_match(timed, received=received, offset_minutes=offset_minutes)[0]
    chars = max(end, clock)
    return Told(job, named_worker or worker, queue, level, when, chars if chars > 1 else 0)


def _level(head: str, start: int) -> tuple[Level | None, int]:
    """The level, and where the text behind it begins; 0 where no time stands before it."""
    if start:
        bare_words = 0
        for found in islice(_WORD.finditer(head, start), MAX_WORDS_BEFORE_LEVEL + 1):
            word = found[0]
            if (level := word.strip(_AROUND_LEVEL)) in _UPPER:
                # Behind `root` it is a level, but may be a word of a sentence: nothing is parted.
                behind = _BEHIND.match(head, found.end()) if not bare_words else None
                return severity.level(level)[0], behind.end() if behind else 0
            if word.isalpha():
                bare_words += 1
                if bare_words > 1 or not word.islower():
                    break
            elif word in _DASHES:
                bare_words = 0
        head = head[start:].lstrip()
    first = _LEVEL_FIRST.match(head) or _LEVEL_WORD.match(head)
    return (severity.level(first[first.lastindex or 1])[0], 0) if first else (None, 0)


def _run(head: str) -> tuple[str | None, str | None, str | None, int]:
    """Job, worker, queue, and the characters of a clock before them."""
    if "tid=" in head and (found := _SIDEKIQ.search(head)):
        name, jid = found["name"], found["jid"]
        job = f"{name}[{jid}]" if name and jid else jid
        return job, f"{found['pid']}:{found['tid']}", None, 0
    worker = None
    if "[PID " in head and (found := _DRAMATIQ.search(head)):
        worker = f"{found[1]}:{found[2]}"
    if "-" in head:
        if head[:4] in _OF_A_CONTROLLER:
            if named := pod.said(head):
                return named, worker, None, 0
            worker = worker or pod.made(head)
        if "[" in head and (found := _TASK.search(head)):
            return f"{found[1]}[{found[2]}]", worker, None, 0
        if "message" in head and (found := _DRAMATIQ_MESSAGE.search(head)):
            return found[1], worker, None, 0
        front = _RQ_FRONT.match(head)
        start = front.end() if front else 0
        if front and front["worker"]:
            worker = front["worker"]
        if ": " in head and (found := _RQ.match(head.rstrip(), start)):
            return found["id"], worker, found["queue"], start
        if "ob " in head and (found := _NAMED_JOB.search(head)):
            return found[1], worker, None, start
    if "application_" in head and (found := _SPARK.search(head)):
        return found[0], worker, None, 0
    return None, worker, None, 0
