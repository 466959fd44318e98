"""A body on its way to the log: decode, split, dialect, redact, cap, append.

Nothing of a batch is kept unless all of it was read, and nothing is kept before it was
redacted. What cannot be understood is kept as text: a refusal makes agents drop the batch.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec

from ttsink.bodies.body import OFF_LOOP_BYTES
from ttsink.bodies.encoding import decode, is_heavy
from ttsink.bodies.limits import BodyRefused, Limits
from ttsink.bodies.value import Malformed, Split, Value
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.table import lines_of, replaced
from ttsink.intake.admission import Admission, Refused, Ticket
from ttsink.intake.mistakes import Mistake, Mistakes
from ttsink.intake.repeat import Fresh, Repeat, Repeats
from ttsink.metrics import Metrics
from ttsink.oplog import LOGGER, stamp
from ttsink.redact.suspect import Suspects
from ttsink.settings import IngestSettings
from ttsink.store.batch import Batch, of_records
from ttsink.store.cap import Caps, CapSettings, Outcome
from ttsink.store.log import BatchLog, LogUnavailable
from ttsink.store.view import View
from ttwire.record import Record
from ttwire.span import Span

MAX_DECODERS: Final = 2
"""Bodies decompressed at once, in threads: each may take `max_decoded_bytes`."""

SLICE_RECORDS: Final = 4_000
"""Records worked on before the loop serves others: some 10 ms."""

OFF_LOOP_SUSPECT_BYTES: Final = 16 * 1024
"""Text for redaction to look into: some 50 ms where all of it are values, so in a thread."""

MAX_WORKERS: Final = 2
"""Bodies split or redacted at once in threads, beside those that are decompressed."""

VIEW_TURNS: Final = 16
"""Turns of the loop an answer waits for the view: it is told of a batch in the next one."""

KNOWN_ENCODINGS: Final = frozenset({"identity", "gzip", "deflate", "zstd", "snappy"})
"""What may be a metric's label: the header is a stranger's text."""

WITHHELD: Final = "[withheld: this record could not be redacted]"


class Posted(NamedTuple):
    """One request's body and what its headers say of it."""

    body: bytes
    encodings: str
    content_type: str
    agent: str | None
    sender: str
    batch_id: str = ""


BURST_TICK_SECONDS: Final = 1.0
"""How often it is looked whether a burst over a rate cap is over."""


class Taken(NamedTuple):
    """What became of a batch."""

    accepted: int = 0
    rejected: int = 0
    capped: int = 0
    repeated: int = 0


class Redacts(Protocol):
    """See `ttsink.redact.redaction`: the same list where nothing hit, and counts by kind."""

    def records(self, records: Sequence[Record]) -> tuple[Sequence[Record], Mapping[str, int]]: ...
    def suspects(self, records: Sequence[Record]) -> Suspects: ...
    def rewritten(
        self, records: Sequence[Record], found: Suspects
    ) -> tuple[Sequence[Record], Mapping[str, int]]: ...
    def spans(self, spans: list[Span]) -> tuple[list[Span], Mapping[str, int]]: ...


T = TypeVar("T")
Read = Callable[[bytes, str, Limits], Split]
"""What a decoded body holds, given the request's content type; raises BodyRefused."""


class Intake:
    """Takes bodies in, one at a time as far as the loop is concerned."""

    def __init__(
        self,
        *,
        settings: IngestSettings,
        dialects: Dialects,
        redactor: Redacts | None,
        log: BatchLog,
        view: View,
        metrics: Metrics,
        closed: Callable[[], str | None] = lambda: None,
        on_spans: Callable[[list[Span]], None] = lambda _spans: None,
        on_mistake: Callable[[Mistake], None] = lambda _mistake: None,
        caps: Caps | None = None,
        on_capped: Callable[[Outcome], None] = lambda _outcome: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self._closed = closed
        self._limits = Limits(
            max_compressed_bytes=settings.max_body_bytes,
            max_body_bytes=settings.max_decoded_bytes,
        )
        self._admission = Admission(settings, monotonic)
        metrics.inflight_bytes.set_function(lambda: self._admission.inflight_bytes)
        self._dialects = dialects
        self._redactor = redactor
        self._log = log
        self._view = view
        self._clock = clock
        self._monotonic = monotonic
        self._on_spans = on_spans
        self._on_mistake = on_mistake
        self._mistakes = Mistakes()
        self._caps = caps or Caps(CapSettings())
        self._on_capped = on_capped
        self._repeats = Repeats()
        self._decoders = asyncio.Semaphore(MAX_DECODERS)
        self._workers = asyncio.Semaphore(MAX_WORKERS)

    async def idle(self) -> None:
        """Returns when nothing is under way."""
        await self._admission.idle()

    def admit(self, sender: str, size: int) -> Ticket:
        """Room for a body of `size` bytes.

        Raises:
            Refused: 503 starting, draining or no room; 429 this sender is over its rate.
        """
        closed = self._closed()
        if closed is not None:
            raise Refused(503, closed, "send the same batch again", retry_after_seconds=2)
        return self._admission.admit(sender, size)

    async def decoded(self, posted: Posted, ticket: Ticket) -> bytes:
        """The body without its content codings.

        Raises:
            BodyRefused: 400, 413, 415. Refused: 503, no room for it.
        """
        encoding = posted.encodings.strip().lower() or "identity"
        self._admission.spend(posted.sender, len(posted.body))
        if is_heavy(posted.body, posted.encodings):
            async with self._decoders:
                body = await asyncio.to_thread(decode, posted.body, posted.encodings, self._limits)
        else:
            body = decode(posted.body, posted.encodings, self._limits)
        self.metrics.body_bytes.labels(encoding if encoding in KNOWN_ENCODINGS else "other").inc(
            len(posted.body)
        )
        ticket.grow(len(body))
        return body

    def begin(self, key: str) -> Fresh | Repeat:
        """What is known of a batch. Each `begin` whose batch is kept ends with `settle`."""
        return self._repeats.begin(key, self._monotonic())

    def repeated(self, batch: Repeat) -> Taken:
        """Counts a batch that is stored already."""
        before = msgspec.msgpack.decode(batch.answer, type=Taken)
        count = before.accepted + before.repeated
        self.metrics.repeats.inc()
        self.metrics.repeated.inc(count)
        self._view.count_repeated({None: count})
        return Taken(rejected=before.rejected, repeated=count)

    def settle(self, batch_id: str, taken: Taken, *, reached: bool) -> None:
        """Says whether a stored batch's answer reached its sender."""
        now = self._monotonic()
        told = msgspec.msgpack.encode(taken)
        if not reached:
            self._repeats.undelivered(batch_id, told, now)
        elif self._repeats.answered(batch_id, told, now):
            self._log.forget(batch_id)

    def given_up(self, batch_id: str) -> None:
        """Says that the sender of a batch that is worked on is gone."""
        self._repeats.undelivered(batch_id, None, self._monotonic())

    async def take(self, posted: Posted, ticket: Ticket, read: Read) -> Taken:
        """Keeps a batch; it is stored when this returns.

        Raises:
            BodyRefused: the body cannot be read at all. Refused: come back later. Nothing of
                the batch is stored in either case.
        """
        try:
            body = await self.decoded(posted, ticket)
            return await self._keep(body, posted, read)
        except (Refused, BodyRefused):
            self._repeats.dropped(posted.batch_id)
            raise
        except BaseException:
            # The log knows whether it was stored.
            self.given_up(posted.batch_id)
            raise

    async def _keep(self, body: bytes, posted: Posted, read: Read) -> Taken:
        try:
            held = await self._work(
                len(body) > OFF_LOOP_BYTES, read, body, posted.content_type, self._limits
            )
        except BodyRefused:
            raise
        except Exception as error:
            self._failed("split", error)
            lines = body.decode("utf-8", "replace").split("\n")
            texts: list[Value] = [Malformed(line) for line in lines if line]
            held = Split(texts, "text", malformed=len(texts))
        if held.spans:
            self._take_spans(held.spans)
        batch = await self._batch(
            held, posted, lambda: read(body, posted.content_type, self._limits).values
        )
        for mistake in self._mistakes.look(
            held.shape, posted.agent, posted.sender, batch.records, self._clock()
        ):
            self._on_mistake(mistake)
        return await self._store(batch, held, posted)

    async def _work(self, is_heavy: bool, work: Callable[..., T], *given: object) -> T:
        """What the work returns; in a thread where it is heavy."""
        if not is_heavy:
            return work(*given)
        async with self._workers:
            return await asyncio.to_thread(work, *given)

    def _take_spans(self, spans: list[Span]) -> None:
        if self._redactor is not None:
            try:
                spans, counts = self._redactor.spans(spans)
            except Exception as error:
                self._failed("redaction", error)
                self.metrics.rejected.labels("span").inc(len(spans))
                return
            for kind, count in counts.items():
                self.metrics.redactions.labels(kind).inc(count)
        self.metrics.spans.inc(len(spans))
        self._on_spans(spans)

    async def _batch(
        self, split_body: Split, posted: Posted, again: Callable[[], Sequence[Value]]
    ) -> Batch:
        """The records of a body, redacted.

        `again` gives the same values anew: a dialect consumes them, and may fail half-way.
        """
        values = split_body.values
        received = stamp(self._clock())
        records: list[Record] = []
        lines: list[bytes] = []
        for start in range(0, len(values), SLICE_RECORDS):
            if start:
                await asyncio.sleep(0)
            end = start + SLICE_RECORDS
            try:
                some = self._dialects.records(
                    values[start:end], received=received, agent=posted.agent
                )
            except Exception as error:
                self._failed("dialect", error)
                some = self._records_each(again()[start:end], received, posted.agent)
            places = [at - start for at in split_body.cut if start <= at < start + len(some)]
            cut = {at: msgspec.structs.replace(some[at], truncated=True) for at in places}
            some = await self._redact(replaced(some, cut))
            records += some
            lines += lines_of(some).split(b"\n")[:-1]
        return Batch(records, lines)

    def _records_each(
        self, values: Sequence[Value], received: str, agent: str | None
    ) -> list[Record]:
        """One by one, so that only what cannot be read falls back to its text."""
        records: list[Record] = []
        for value in values:
            text = as_text(value, received, agent)
            try:
                records += self._dialects.records([value], received=received, agent=agent)
            except Exception:
                records.append(text)
        return records

    async def _redact(self, records: Sequence[Record]) -> Sequence[Record]:
        """Fails closed: a record that cannot be redacted is kept without its content."""
        if self._redactor is None:
            return records
        try:
            found = self._redactor.suspects(records)
            is_heavy = bool(found) and found.size_bytes(records) > OFF_LOOP_SUSPECT_BYTES
            clean, counts = await self._work(is_heavy, self._redactor.rewritten, records, found)
        except Exception as error:
            self._failed("redaction", error)
            return [self._redact_one(record, self._redactor) for record in records]
        for kind, count in counts.items():
            self.metrics.redactions.labels(kind).inc(count)
        return clean

    @staticmethod
    def _redact_one(record: Record, redactor: Redacts) -> Record:
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

    async def _store(self, batch: Batch, split_body: Split, posted: Posted) -> Taken:
        """Appends, and waits a moment for the view, so that who posted can read at once."""
        outcome = self._caps.apply(batch, self._clock())
        try:
            appended = await self._log.append(outcome.batch, batch_id=posted.batch_id)
        except LogUnavailable as error:
            raise Refused(503, "log", str(error), retry_after_seconds=2) from None
        count = len(batch)
        if appended.repeated:
            self.metrics.repeats.inc()
            self.metrics.repeated.inc(count)
            self._view.count_repeated(Counter(record.job for record in batch.records))
            return Taken(repeated=count)
        for _ in range(VIEW_TURNS):
            if self._view.order.last >= appended.last:
                break
            await asyncio.sleep(0)
        self._count(outcome.batch, split_body)
        if outcome.jobs:
            self._count_capped(outcome)
        capped = outcome.capped
        return Taken(accepted=count - capped, rejected=split_body.rejected, capped=capped)

    async def close_bursts(self) -> None:
        """Stores the closing markers of rate caps, until it is cancelled."""
        while self._caps:
            await asyncio.sleep(BURST_TICK_SECONDS)
            if markers := self._caps.closed(self._clock()):
                with suppress(LogUnavailable):  # the counts are in the ledger all the same
                    await self._log.append(of_records(markers))

    def _count_capped(self, outcome: Outcome) -> None:
        self.metrics.capped.inc(outcome.capped)
        self._view.count_capped(outcome.jobs)
        self._on_capped(outcome)

    def _count(self, batch: Batch, split_body: Split) -> None:
        self.metrics.accepted.inc(len(batch))
        if batch.records:
            with suppress(ValueError):
                newest = datetime.fromisoformat(batch.records[-1].timestamp)
                self.metrics.lag.set(self._clock() - newest.timestamp())
        if split_body.malformed:
            self.metrics.malformed.inc(split_body.malformed)
        if split_body.cut:
            self.metrics.truncated.inc(len(split_body.cut))
        if split_body.rejected:
            self.metrics.rejected.labels("too_many_records").inc(split_body.rejected)
            self._view.count_rejected(split_body.rejected)

    def _failed(self, stage: str, error: Exception) -> None:
        self.metrics.failures.labels(stage).inc()
        LOGGER.error("intake stage failed, kept as text", exc_info=error, extra={"stage": stage})


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
