"""What a batch shows of mistakes in its agent's configuration.

Agents tell nobody that their setting means something else; the sink sees it. Looks at shapes,
counts and times, never at content; what it says holds no text of a record.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from ttsink.bodies.value import Shape
from ttsink.oplog import stamp
from ttsink.store.batch import Columns, Keys

MAX_SENDERS: Final = 256
"""Senders that are remembered; the one unheard of for longest goes. They are strangers."""

MIN_RECORDS: Final = 500
"""Records without any job before that is called a mistake: services log beside jobs."""

LONE_REQUESTS: Final = 100
LONE_SECONDS: Final = 10.0
"""So many requests of one record each within so many seconds: a busy agent that batches nothing.
A quiet one sends single records too, seconds apart."""

AHEAD_SECONDS: Final = 60.0
"""A record from further in the future shows a clock that is ahead. The past shows nothing: a
backlog is old."""

MIXED_UP: Final[dict[tuple[Shape, str], str]] = {
    ("msgpack", "fluent-bit"): "sends msgpack, which is also what it does for a format it does "
    "not know; set format json_lines",
    ("text", "fluent-bit"): "sends text, so every field but the message is lost; set format "
    "json_lines",
    ("text", "vector"): "sends text, so every field but the message is lost; set encoding.codec "
    "json and framing.method newline_delimited",
}


class Mistake(NamedTuple):
    """`code` names the kind; `detail` what was found, of whom, and what would be right."""

    code: str
    detail: str


class _Sender:
    __slots__ = ("jobless", "lone", "lone_since", "told")

    def __init__(self) -> None:
        self.jobless = 0
        self.lone = 0
        self.lone_since = 0.0
        self.told: set[str] = set()


class Mistakes:
    """Remembers a little of each sender. One batch costs the same whatever its size."""

    def __init__(self) -> None:
        self._senders: OrderedDict[tuple[str, str], _Sender] = OrderedDict()

    def look(
        self, shape: Shape, agent: str | None, address: str, columns: Columns, now: float
    ) -> Iterator[Mistake]:
        """The mistakes a batch shows, each only the first time for a sender.

        `address` is the sender's, `now` the Unix time of receipt.
        """
        sender = self._sender(agent or "a sender", address)
        who = f"{agent or 'a sender'} at {address}"
        for mistake in self._all(sender, shape, agent, columns, now):
            if mistake.code not in sender.told:
                sender.told.add(mistake.code)
                yield Mistake(mistake.code, f"{who} {mistake.detail}")

    def _sender(self, agent: str, address: str) -> _Sender:
        key = (agent, address)
        sender = self._senders.pop(key, None) or _Sender()
        self._senders[key] = sender
        if len(self._senders) > MAX_SENDERS:
            self._senders.popitem(last=False)
        return sender

    def _all(
        self,
        sender: _Sender,
        shape: Shape,
        agent: str | None,
        columns: Columns,
        now: float,
    ) -> Iterator[Mistake]:
        records = len(columns.ranks)
        if agent is not None and (detail := MIXED_UP.get((shape, agent))):
            yield Mistake(f"sends_{shape}", detail)
        if _lonely(sender, records, now):
            yield Mistake(
                "one_record_requests",
                f"sent {LONE_REQUESTS} requests of one record each within {LONE_SECONDS:g} s; let "
                "it batch: batch.timeout_secs of Vector, flush of Fluent Bit",
            )
        if not records:
            return
        if _jobless(sender, columns.jobs):
            yield Mistake(
                "no_job",
                f"sent {MIN_RECORDS} records, and none names a job: name the field that does in "
                "the sink's configuration, [fields] job = [...]; docs/fields.md has the names "
                "it knows",
            )
        latest = max(columns.timestamp(0), columns.timestamp(records - 1))
        if latest > stamp(now + AHEAD_SECONDS):
            yield Mistake(
                "clock_ahead",
                f"sends records from more than {AHEAD_SECONDS:g} s in the future: its clock is "
                "ahead of this machine's, or a time without a zone is not in UTC "
                "([fields] utc_offset_minutes)",
            )


def _lonely(sender: _Sender, records: int, now: float) -> bool:
    if records != 1:
        sender.lone = 0
        return False
    if not sender.lone or now - sender.lone_since > LONE_SECONDS:
        sender.lone, sender.lone_since = 0, now
    sender.lone += 1
    return sender.lone >= LONE_REQUESTS


def _jobless(sender: _Sender, jobs: Keys) -> bool:
    """Whether so many records had no job, from the first on; one job, and it is never asked."""
    if not 0 <= sender.jobless < MIN_RECORDS:
        return False
    names = jobs.names
    some = [names[number] for number in jobs.places[: MIN_RECORDS - sender.jobless]]
    if any(job is not None for job in some):
        sender.jobless = -1
        return False
    sender.jobless += len(some)
    return sender.jobless >= MIN_RECORDS
