"""The parts of one sink, put together: a log in front, a view behind, an intake, the streams."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ttsink.config import ConfigError
from ttsink.http.streams import Seats
from ttsink.intake import frame
from ttsink.intake.intake import Intake, limits
from ttsink.intake.mistakes import Mistake
from ttsink.intake.preparation import Preparation
from ttsink.intake.prepare import Setup
from ttsink.intake.process import PrepareProcess
from ttsink.metrics import Metrics
from ttsink.metrics_view import ViewMetrics
from ttsink.notices import Notices
from ttsink.oplog import LOGGER, stamp
from ttsink.redact import key as redact_key
from ttsink.redact import warm as redact_warm
from ttsink.redact.redaction import Redactor
from ttsink.redact.ruleset import RedactionSettingsError
from ttsink.settings import Settings, data_path
from ttsink.states.feed import StateFeed
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import KeyStates
from ttsink.store.cap import Caps, Outcome
from ttsink.store.journal import JournalLog
from ttsink.store.keeper import Keeper
from ttsink.store.log import BatchLog, LogStatus, MemoryLog, Promise
from ttsink.store.slack import Slack
from ttsink.store.view import View
from ttsink.traces.fetch import Fetcher
from ttsink.traces.span_store import SpanStore
from ttsink.traces.traces import Traces
from ttsink.version import version
from ttwire.about import About, Notice
from ttwire.span import Span

STARTING: Final = "starting"
DRAINING: Final = "draining"


class Sink:
    """One sink without its sockets. `open` before anything else, `aclose` at the end."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError for what is configured and cannot be used."""
        self.settings = settings
        self.clock = clock
        self.metrics = Metrics(process=True)
        self.notices = Notices()
        self.seats = Seats(settings.stream, self.metrics, monotonic)
        self._state: str | None = STARTING
        self._tasks: list[asyncio.Task[None]] = []
        self._log = _log(settings)
        self._setup = setup(settings, environ or {})
        self._redactor = redactor(self._setup)
        self.view: View
        self.intake: Intake
        self._monotonic = monotonic
        self.spans = SpanStore(settings.spans)
        self._fetcher = Fetcher()
        self.traces: Traces
        self.states = KeyStates(Lifecycle((*BUILT_IN, *settings.states.rules)), settings.states)
        self._feed: StateFeed | None = None
        self._keeper: Keeper | None = None

    async def open(self) -> None:
        """Opens the log and reads it into a view."""
        version()  # reads files, once; `/api/info` must not
        status = await self._log.open()
        self.view = View(status.epoch, self.settings.retention, observers=(self.states,))
        self._restore()
        self.metrics.registry.register(ViewMetrics(self.view, self._log))
        slack = Slack()
        keeper = self._keeper = Keeper(self._log, self.view, self._view_failed, slack)
        feed = StateFeed(
            self.states, self.seats, epoch=status.epoch, clock=self.clock, folder=self._folder()
        )
        feed.restore()
        self._feed = feed
        self.intake = Intake(
            settings=self.settings.ingest,
            preparation=self._preparation(slack),
            log=self._log,
            view=self.view,
            metrics=self.metrics,
            closed=self.why_not_ready,
            on_spans=self._keep_spans,
            on_mistake=self._notice,
            caps=Caps(self.settings.cap),
            on_capped=self._capped,
            current=keeper.current,
            clock=self.clock,
            monotonic=self._monotonic,
        )
        self.traces = Traces(
            self.settings.tracing,
            self.spans,
            self.view,
            self._fetcher,
            self._monotonic,
            self._clean_spans,
        )
        self._tasks = [
            asyncio.create_task(keeper.follow(), name="view"),
            asyncio.create_task(keeper.trim(), name="trim"),
            asyncio.create_task(self.intake.close_bursts(), name="caps"),
            asyncio.create_task(self.seats.run(), name="heartbeats"),
            asyncio.create_task(feed.run(), name="states"),
        ]
        await keeper.caught_up.wait()
        self.states.count_at_least(
            {key: account.accepted for key, account in self.view.books.ledger().jobs.items()}
        )
        self._state = None

    def _preparation(self, slack: Slack) -> Preparation:
        processes = [
            PrepareProcess(
                frame.Start(self._setup, self.settings.server.log_format),
                self.metrics.process_failures.inc,
            )
            for _ in range(self.settings.ingest.processes)
        ]
        return Preparation(
            lambda: self._setup.preparer(self._redactor), processes, handed=slack.give
        )

    async def current(self) -> None:
        """Returns when everything that was answered for can be read."""
        if self._keeper is not None:
            await self._keeper.current(self.intake.acknowledged)

    def _restore(self) -> None:
        """Counts on from before a restart, and tells what was wrong with the journal."""
        if not isinstance(self._log, JournalLog):
            return
        for note in self._log.notes:
            LOGGER.error(note)
            self.notices.add("journal_damaged", note, self.stamp())
        if self._log.accounts:
            try:
                self.view.books.restore(self._log.accounts)
            except msgspec.MsgspecError as error:
                LOGGER.error("the journal's accounts cannot be read", exc_info=error)

    def _capped(self, outcome: Outcome) -> None:
        for job, count in outcome.jobs.items():
            self.states.capped(job, None, count)
        for worker, count in outcome.workers.items():
            self.states.capped(None, worker, count)

    def _view_failed(self, error: Exception) -> None:
        self.metrics.failures.labels("view").inc()
        LOGGER.error("view failed", exc_info=error)

    def _keep_spans(self, spans: list[Span]) -> None:
        self.spans.add(spans)

    def _clean_spans(self, spans: list[Span]) -> list[Span]:
        return self._redactor.spans(spans)[0] if self._redactor is not None else spans

    def warm_up(self) -> None:
        """Makes the first batches as quick as later ones; may run in a thread."""
        if self._redactor is not None:
            redact_warm.warm_up(self._redactor)

    def _notice(self, mistake: Mistake) -> None:
        """Tells a mistake of an agent's configuration: in the log, and on /api/info."""
        if self.notices.add(mistake.code, mistake.detail, self.stamp()):
            LOGGER.warning("an agent's configuration: %s", mistake.detail)

    def stamp(self) -> str:
        """Now, as records have it."""
        return stamp(self.clock())

    def why_not_ready(self) -> str | None:
        """One word while batches are answered 503, else None."""
        if self._state is not None:
            return self._state
        health = self._log.status().health
        return None if health != "closed" else "log_closed"

    def drain(self) -> None:
        """Takes no batch and no reader more; open streams end with a time to come back."""
        self._state = DRAINING
        self.seats.close(DRAINING)

    async def aclose(self) -> None:
        """What was accepted is stored first."""
        if self._keeper is not None:
            await self._keeper.save()
        await self._log.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._feed is not None:
            await self._feed.save()
        await self._fetcher.aclose()
        if self._keeper is not None:
            await self.intake.preparation.aclose()

    def _folder(self) -> Path | None:
        """Where what must outlive a restart is kept."""
        if not self.settings.journal.enabled:
            return None
        folder = data_path(self.settings.server)
        return folder if folder.is_dir() else None

    def about(self) -> About:
        status = self._log.status()
        settings = self.settings
        return About(
            version=version(),
            epoch=self.view.epoch,
            durability=status.durability,
            redaction=settings.redaction.enabled,
            links=settings.links.effective(),
            limits=_limits(settings),
            notices=(*_log_notices(status), *self.notices.all()),
        )


def setup(settings: Settings, environ: Mapping[str, str]) -> Setup:
    """What batches are prepared by.

    The key of redaction's marks comes from the environment, a file, or the data directory; a sink
    that keeps nothing on disk makes one for its own life.

    Raises:
        ConfigError: the key cannot be used.
    """
    chosen = settings.redaction
    key: bytes | None = None
    try:
        if not chosen.enabled:
            pass
        elif given := environ.get(redact_key.KEY_VARIABLE):
            key = redact_key.given_key(given)
        elif chosen.key_file:
            key = redact_key.read_key(Path(chosen.key_file))
        elif settings.journal.enabled:
            key = redact_key.installation_key(data_path(settings.server))
        else:
            key = redact_key.passing_key()
    except redact_key.RedactionKeyError as error:
        raise ConfigError(f"[redaction]: {error}") from None
    return Setup(settings.fields, chosen, key, settings.states.rules, limits(settings.ingest))


def redactor(chosen: Setup) -> Redactor | None:
    """None where redaction is switched off. Raises ConfigError for a rule that cannot be used."""
    try:
        return chosen.redactor()
    except RedactionSettingsError as error:
        raise ConfigError(f"[redaction]: {error}") from None


def _limits(settings: Settings) -> dict[str, int]:
    """Every bound in force that is a whole number, by its name in the configuration."""
    return {
        name: value
        for section in (
            settings.server,
            settings.ingest,
            settings.stream,
            settings.retention,
            settings.states,
        )
        for name, value in msgspec.structs.asdict(section).items()
        if name.startswith("max_") and isinstance(value, int)
    }


def _log(settings: Settings) -> BatchLog:
    if not settings.journal.enabled:
        return MemoryLog()
    promise: Promise = "normal" if settings.journal.durability == "normal" else "full"
    return JournalLog(data_path(settings.server), promise=promise)


def _log_notices(status: LogStatus) -> tuple[Notice, ...]:
    """What holds at this moment; it goes when it is mended."""
    if status.health != "degraded":
        return ()
    return (Notice("journal_degraded", status.detail),)
