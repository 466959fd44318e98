"""A decoded body made ready for the log: split, dialect, redact, encode, and told as columns.

No clock and no I/O but a line in the log for a fault of our own, so that the same can be done on
the loop, in a thread, or in a process beside the server.

Nothing leaves here before it was redacted, and what cannot be understood is kept as text: a
refusal makes agents drop the batch.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ttsink.bodies.body import split_by_shape
from ttsink.bodies.limits import DEFAULT, BodyRefused, Limits
from ttsink.bodies.rows import Shapes
from ttsink.bodies.value import Malformed, Shape, Split, Value
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.fields import FieldMapping
from ttsink.dialects.table import column, lines_of, replaced
from ttsink.oplog import LOGGER
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttsink.states.lifecycle import Lifecycle, Rule
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.store.batch import Batch, Columns, columns
from ttwire.record import Record
from ttwire.span import Span

SLICE_RECORDS: Final = 4_000
"""Records worked on together: memory that the next slice can use again."""

WITHHELD: Final = "[withheld: this record could not be redacted]"

Form = Literal["batch", "logs", "traces"]
"""What a body is by its route: a batch of any shape, or OTLP's logs or traces."""


class Task(msgspec.Struct, frozen=True, array_like=True):
    """What is to be known of a body beside its bytes; `received` is the canonical time of now."""

    form: Form
    content_type: str
    agent: str | None
    received: str


class Told(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What a body held, beside the lines themselves.

    Args:
        spans: Redacted.
        malformed: Records that were no JSON, likewise `cut` to the limits, and `rejected`.
        lost_spans: Those that could not be redacted.
        redactions: Values masked, by kind.
        failures: Faults of our own, by stage; what they hit was kept as text or withheld.
    """

    shape: Shape
    columns: Columns
    spans: list[Span] = []
    malformed: int = 0
    cut: int = 0
    rejected: int = 0
    lost_spans: int = 0
    redactions: dict[str, int] = {}
    failures: dict[str, int] = {}


class Prepared(NamedTuple):
    r"""`text` is the records' JSON, each line ended by `\n`."""

    told: Told
    text: bytes

    def batch(self) -> Batch:
        return Batch(self.text, self.told.columns)


class Setup(msgspec.Struct, frozen=True):
    """What of the configuration a preparer needs; without a key nothing is redacted."""

    fields: FieldMapping = FieldMapping()
    redaction: RedactionSettings = RedactionSettings()
    redaction_key: bytes | None = None
    rules: tuple[Rule, ...] = ()
    limits: Limits = DEFAULT

    def redactor(self) -> Redactor | None:
        """Raises RedactionSettingsError where a rule cannot be used."""
        key = self.redaction_key
        return Redactor(self.redaction, key) if key is not None else None

    def preparer(self, redactor: Redactor | None) -> "Preparer":
        """Redactors may be shared by preparers, whatever threads they are used in."""
        lifecycle = Lifecycle((*BUILT_IN, *self.rules))
        return Preparer(Dialects(self.fields), redactor, lifecycle, self.limits)


class Preparer:
    """Built once from the configuration; one call at a time, since it remembers shapes."""

    def __init__(
        self,
        dialects: Dialects,
        redactor: Redactor | None,
        lifecycle: Lifecycle,
        limits: Limits,
    ) -> None:
        self.dialects = dialects
        self.redactor = redactor
        self.limits = limits
        self.lifecycle = lifecycle
        self._by_shape = partial(split_by_shape, Shapes())

    def prepare(self, task: Task, body: bytes) -> Prepared:
        """All of a body.

        Raises:
            BodyRefused: it cannot be read at all.
        """
        return _Preparing(self, self._reader(task.form), task).prepare(body)

    def _reader(self, form: Form) -> Callable[[bytes, str, Limits], Split]:
        if form == "batch":
            return self._by_shape
        from ttsink.bodies import otlp_http  # noqa: PLC0415  protobuf, for those who send it

        return partial(otlp_http.read, form)


class _Preparing:
    """One body on its way."""

    def __init__(
        self,
        preparer: Preparer,
        read: Callable[[bytes, str, Limits], Split],
        task: Task,
    ) -> None:
        self._preparer = preparer
        self._read = read
        self._task = task
        self._members: dict[str, list[Any]] = {member: [] for member in COLUMNS}
        self._redactions: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def prepare(self, body: bytes) -> Prepared:
        held = self._split(body)
        values = held.values
        texts = []
        verdicts = {}
        cut = frozenset(held.cut)
        for start in range(0, len(values), SLICE_RECORDS):
            records = self._records(values[start : start + SLICE_RECORDS], body, start)
            if cut:
                marked = cut.intersection(range(start, start + len(records)))
                records = replaced(
                    records, {at - start: _truncated(records[at - start]) for at in marked}
                )
            records = self._redact(records)
            for member, gathered in self._members.items():
                gathered.extend(column(records, member))
            for place, verdict in self._preparer.lifecycle.verdicts(records).items():
                verdicts[start + place] = verdict
            texts.append(lines_of(records))
        spans, lost_spans = self._spans(held.spans)
        told = Told(
            held.shape,
            columns(
                **{name: self._members[member] for member, name in COLUMNS.items()},
                verdicts=verdicts,
            ),
            spans,
            held.malformed,
            len(held.cut),
            held.rejected,
            lost_spans,
            dict(self._redactions),
            dict(self._failures),
        )
        return Prepared(told, texts[0] if len(texts) == 1 else b"".join(texts))

    def _split(self, body: bytes) -> Split:
        try:
            return self._read(body, self._task.content_type, self._preparer.limits)
        except BodyRefused:
            raise
        except Exception as error:
            self._failed("split", error)
            lines = body.decode("utf-8", "replace").split("\n")
            texts: list[Value] = [Malformed(line) for line in lines if line]
            return Split(texts, "text", malformed=len(texts))

    def _records(self, values: Sequence[Value], body: bytes, start: int) -> Sequence[Record]:
        task = self._task
        count = len(values)
        try:
            return self._preparer.dialects.records(values, received=task.received, agent=task.agent)
        except Exception as error:
            self._failed("dialect", error)
        # The dialect consumed the values and failed half-way; one by one, only what cannot be
        # read falls back to its text.
        again = self._read(body, task.content_type, self._preparer.limits).values
        records: list[Record] = []
        for value in again[start : start + count]:
            text = as_text(value, task.received, task.agent)
            try:
                records += self._preparer.dialects.records(
                    [value], received=task.received, agent=task.agent
                )
            except Exception:
                records.append(text)
        return records

    def _redact(self, records: Sequence[Record]) -> Sequence[Record]:
        """Fails closed: a record that cannot be redacted is kept without its content."""
        redactor = self._preparer.redactor
        if redactor is None:
            return records
        try:
            clean, counts = redactor.records(records)
        except Exception as error:
            self._failed("redaction", error)
            return [_redacted(record, redactor) for record in records]
        self._redactions.update(counts)
        return clean

    def _spans(self, spans: list[Span]) -> tuple[list[Span], int]:
        redactor = self._preparer.redactor
        if redactor is None or not spans:
            return spans, 0
        try:
            clean, counts = redactor.spans(spans)
        except Exception as error:
            self._failed("redaction", error)
            return [], len(spans)
        self._redactions.update(counts)
        return clean, 0

    def _failed(self, stage: str, error: Exception) -> None:
        self._failures[stage] += 1
        LOGGER.error("intake stage failed, kept as text", exc_info=error, extra={"stage": stage})


COLUMNS: Final = {
    "job": "jobs",
    "worker": "workers",
    "level": "levels",
    "attempt": "attempts",
    "timestamp": "timestamps",
    "trace_id": "trace_ids",
    "malformed": "malformed",
    "truncated": "truncated",
    "redacted": "redacted",
}
"""Members of a record, and the arguments of `columns` that they are."""


def _truncated(record: Record) -> Record:
    return msgspec.structs.replace(record, truncated=True)


def _redacted(record: Record, redactor: Redactor) -> Record:
    try:
        return redactor.records([record])[0][0]
    except Exception:
        return Record(
            timestamp=record.timestamp,
            received=record.received,
            level=record.level,
            message=WITHHELD,
            truncated=True,
        )


def as_text(value: Value, received: str, agent: str | None) -> Record:
    """A record of what no dialect could read: the value's own text."""
    if isinstance(value, Malformed):
        text = value.text
    elif isinstance(value, str):
        text = value
    else:
        try:
            text = msgspec.json.encode(value).decode()
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
            text = repr(type(value))
    return Record(timestamp=received, received=received, message=text, malformed=True, agent=agent)
