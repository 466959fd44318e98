"""A body on its way to the log: decode, prepare, cap, append, and answer for it.

Nothing of a batch is kept unless all of it was read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from ttsink.bodies.encoding import decode, is_heavy
from ttsink.bodies.limits import BodyRefused, Limits
from ttsink.http.client import client
from ttsink.intake.admission import Admission, Refused, Ticket
from ttsink.intake.line import Turns
from ttsink.intake.mistakes import Mistake, Mistakes
from ttsink.intake.preparation import Preparation
from ttsink.intake.prepare import Form, Prepared, Task, Told
from ttsink.intake.repeat import Fresh, Repeat, Repeats
from ttsink.metrics import Metrics
from ttsink.oplog import stamp
from ttsink.settings import IngestSettings
from ttsink.store.batch import Batch, of_records
from ttsink.store.cap import Caps, CapSettings, Outcome
from ttsink.store.log import BatchLog, LogUnavailable
from ttsink.store.view import View
from ttwire.span import Span

MAX_DECODERS: Final = 2
"""Bodies decompressed at once, in threads, senders by turns: each may take
`max_decoded_bytes`."""

KNOWN_ENCODINGS: Final = frozenset({"identity", "gzip", "deflate", "zstd", "snappy"})
"""What may be a metric's label: the header is a stranger's text."""

BURST_TICK_SECONDS: Final = 1.0
"""How often it is looked whether a burst over a rate cap is over."""


class Posted(NamedTuple):
    """One request's body and what its route and its headers say of it."""

    form: Form
    body: bytes
    encodings: str
    content_type: str
    agent: str | None
    sender: str
    batch_id: str = ""


class Taken(NamedTuple):
    """What became of a batch."""

    accepted: int = 0
    rejected: int = 0
    capped: int = 0
    repeated: int = 0


def limits(settings: IngestSettings) -> Limits:
    """The bounds of one body."""
    return Limits(
        max_compressed_bytes=settings.max_body_bytes, max_body_bytes=settings.max_decoded_bytes
    )


class Intake:
    """Takes bodies in, one at a time as far as the loop is concerned."""

    def __init__(
        self,
        *,
        settings: IngestSettings,
        preparation: Preparation,
        log: BatchLog,
        view: View,
        metrics: Metrics,
        closed: Callable[[], str | None] = lambda: None,
        on_spans: Callable[[list[Span]], None] = lambda _spans: None,
        on_mistake: Callable[[Mistake], None] = lambda _mistake: None,
        caps: Caps | None = None,
        on_capped: Callable[[Outcome], None] = lambda _outcome: None,
        current: Callable[[int], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.preparation = preparation
        self.acknowledged = 0
        """The newest position whose sender was told that it is stored."""
        self._closed = closed
        self._limits = limits(settings)
        self._admission = Admission(settings, monotonic)
        metrics.inflight_bytes.set_function(lambda: self._admission.inflight_bytes)
        self._log = log
        self._view = view
        self._clock = clock
        self._monotonic = monotonic
        self._on_spans = on_spans
        self._on_mistake = on_mistake
        self._mistakes = Mistakes()
        self._caps = caps or Caps(CapSettings())
        self._on_capped = on_capped
        self._current = current
        self._repeats = Repeats()
        self._decoders = Turns(MAX_DECODERS)

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
            async with self._decoders.turn(client(posted.sender)):
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
        settle = self._repeats.answered if reached else self._repeats.not_answered
        if settle(batch_id, msgspec.msgpack.encode(taken), self._monotonic()):
            self._log.forget(batch_id)

    def lost(self, batch_id: str, taken: Taken) -> None:
        """Says that an answer which was settled as one that reached its sender may not have."""
        self._repeats.undelivered(batch_id, msgspec.msgpack.encode(taken), self._monotonic())

    def given_up(self, batch_id: str) -> None:
        """Says that the sender of a batch that is worked on is gone."""
        self._repeats.undelivered(batch_id, None, self._monotonic())

    def ahead(self, posted: Posted) -> "asyncio.Future[Prepared] | None":
        """Lets a process begin with a body before it is known whether it came before.

        Looking that up is a hash of the whole body, for which there is time meanwhile.
        """
        if posted.encodings or len(posted.body) > self._limits.max_body_bytes:
            return None
        return self.preparation.ahead(self._task(posted), posted.body, client(posted.sender))

    def _task(self, posted: Posted) -> Task:
        return Task(posted.form, posted.content_type, posted.agent, stamp(self._clock()))

    async def take(
        self,
        posted: Posted,
        ticket: Ticket,
        ahead: "asyncio.Future[Prepared] | None" = None,
    ) -> Taken:
        """Keeps a batch; it is stored when this returns. `ahead` is what `ahead` gave for it.

        Raises:
            BodyRefused: the body cannot be read at all. Refused: come back later. Nothing of
                the batch is stored in either case.
        """
        try:
            body = await self.decoded(posted, ticket)
            return await self._keep(body, posted, ahead)
        except (Refused, BodyRefused):
            if self._repeats.dropped(posted.batch_id, self._monotonic()):
                self._log.forget(posted.batch_id)
            raise
        except BaseException:
            # The log knows whether it was stored.
            if self._repeats.not_answered(posted.batch_id, None, self._monotonic()):
                self._log.forget(posted.batch_id)
            raise

    async def _keep(
        self, body: bytes, posted: Posted, ahead: "asyncio.Future[Prepared] | None"
    ) -> Taken:
        prepared = await self.preparation.prepare(
            self._task(posted), body, ahead, client(posted.sender)
        )
        self._count(prepared.told)
        for mistake in self._mistakes.look(
            prepared.told.shape, posted.agent, posted.sender, prepared.told.columns, self._clock()
        ):
            self._on_mistake(mistake)
        return await self._store(prepared, posted)

    async def _store(self, prepared: Prepared, posted: Posted) -> Taken:
        """Appends; who reads waits until the view has it, who posts does not."""
        batch, told = prepared.batch(), prepared.told
        outcome = self._caps.apply(batch, self._clock())
        try:
            appended = await self._log.append(outcome.batch, batch_id=posted.batch_id)
        except LogUnavailable as error:
            raise Refused(503, "log", str(error), retry_after_seconds=2) from None
        count = len(batch)
        if appended.repeated:
            self.metrics.repeats.inc()
            self.metrics.repeated.inc(count)
            self._view.count_repeated(batch.columns.jobs.counts())
            return Taken(repeated=count)
        self.acknowledged = appended.last
        self._count_stored(outcome.batch, told)
        if outcome.jobs:
            if self._current is not None:  # the accounts of new jobs are made by the view
                await self._current(appended.last)
            self._count_capped(outcome)
        capped = outcome.capped
        return Taken(accepted=count - capped, rejected=told.rejected, capped=capped)

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

    def _count(self, told: Told) -> None:
        """What was found in a body, stored or not."""
        metrics = self.metrics
        for kind, values in told.redactions.items():
            metrics.redactions.labels(kind).inc(values)
        for stage, faults in told.failures.items():
            metrics.failures.labels(stage).inc(faults)
        if told.lost_spans:
            metrics.rejected.labels("span").inc(told.lost_spans)
        if told.spans:
            metrics.spans.inc(len(told.spans))
            self._on_spans(told.spans)

    def _count_stored(self, batch: Batch, told: Told) -> None:
        metrics = self.metrics
        metrics.accepted.inc(len(batch))
        if len(batch):
            with suppress(ValueError):
                newest = datetime.fromisoformat(batch.columns.timestamp(len(batch) - 1))
                metrics.lag.set(self._clock() - newest.timestamp())
        if told.malformed:
            metrics.malformed.inc(told.malformed)
        if told.cut:
            metrics.truncated.inc(told.cut)
        if told.rejected:
            metrics.rejected.labels("too_many_records").inc(told.rejected)
            self._view.count_rejected(told.rejected)
