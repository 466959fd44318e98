"""Rate caps: how many records one job or one worker may add, and what is told of the rest."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import Meta

from ttsink.section import Section, option
from ttsink.store.batch import Batch, joined, of_records
from ttwire.level import ERROR_RANK
from ttwire.record import Record

MAX_BUCKETS: Final = 10_000
"""Of each kind. Past it the ones that are full again go: a new one is no different."""

QUIET_SECONDS: Final = 5.0
"""A burst is over when nothing was capped for this long."""

AGENT: Final = "tracetail"

Kind = Literal["job", "worker"]


class CapSettings(Section, frozen=True, kw_only=True):
    job_records_per_second: Annotated[
        float, Meta(ge=0), option("Records one job may add; 0 is no cap.")
    ] = 0.0
    worker_records_per_second: Annotated[
        float, Meta(ge=0), option("Records one worker may add; 0 is no cap.")
    ] = 0.0
    burst_seconds: Annotated[
        float,
        Meta(ge=1, le=3_600),
        option("So many seconds' worth may come at once before a cap bites."),
    ] = 10.0
    error_share: Annotated[
        float,
        Meta(ge=0, le=1),
        option("Errors have a budget of their own: this share of the cap, on top of it."),
    ] = 0.2


class Outcome(NamedTuple):
    """What is left of a batch, markers included, and how many records of whom are not."""

    batch: Batch
    jobs: Counter[str | None]
    workers: Counter[str | None]

    @property
    def capped(self) -> int:
        return self.jobs.total()


class _Bucket:
    """Tokens of one key, for its errors and for the rest; and the burst that is going on."""

    __slots__ = ("at", "capped", "capped_at", "errors", "since", "tokens")

    def __init__(self, now: float, depth: float, error_depth: float) -> None:
        self.tokens = depth
        self.errors = error_depth
        self.at = now
        self.capped = 0
        self.since = 0.0
        self.capped_at = 0.0


class RateCap:
    """The buckets of one kind. Costs per key and batch, and per record only where a cap bites.

    A burst leaves two records: one when the cap begins to bite, one when it is over that says
    how many are missing. Nothing that was stored is changed, so every reader sees the same.
    """

    def __init__(self, kind: Kind, per_second: float, burst_seconds: float, share: float) -> None:
        self._kind = kind
        self._rate = per_second
        self._depth = max(per_second * burst_seconds, 1.0)
        self._error_rate = per_second * share
        self._error_depth = self._depth * share
        self._buckets: dict[str, _Bucket] = {}

    def keep(self, batch: Batch, now: float) -> tuple[set[int], list[Record]]:
        """Which records are over the cap, by index; and the markers of bursts that begin."""
        over: set[int] = set()
        markers: list[Record] = []
        columns = batch.columns
        keys = columns.jobs if self._kind == "job" else columns.workers
        for number, count in Counter(keys.places).items():
            key = keys.names[number]
            if key is None:
                continue
            bucket = self._bucket(key, now)
            if count <= bucket.tokens:
                bucket.tokens -= count
                continue
            places = [at for at, one in enumerate(keys.places) if one == number]
            left = self._over(bucket, places, columns.ranks)
            if not left:
                continue
            if not bucket.capped:
                bucket.since = now
                markers.append(self._marker(key, bucket, now, is_first=True))
            bucket.capped += len(left)
            bucket.capped_at = now
            over.update(left)
        return over, markers

    def closed(self, now: float) -> list[Record]:
        """The closing markers of bursts that are over."""
        over = [
            (key, bucket)
            for key, bucket in self._buckets.items()
            if bucket.capped and now - bucket.capped_at >= QUIET_SECONDS
        ]
        markers = [self._marker(key, bucket, now, is_first=False) for key, bucket in over]
        for _, bucket in over:
            bucket.capped = 0
        return markers

    @staticmethod
    def _over(bucket: _Bucket, places: Sequence[int], ranks: bytes) -> list[int]:
        left = []
        for place in places:
            if ranks[place] >= ERROR_RANK and bucket.errors >= 1:
                bucket.errors -= 1
            elif bucket.tokens >= 1:
                bucket.tokens -= 1
            else:
                left.append(place)
        return left

    def _bucket(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._forget(now)
            bucket = self._buckets[key] = _Bucket(now, self._depth, self._error_depth)
            return bucket
        passed = now - bucket.at
        if passed > 0:
            bucket.tokens = min(bucket.tokens + passed * self._rate, self._depth)
            bucket.errors = min(bucket.errors + passed * self._error_rate, self._error_depth)
            bucket.at = now
        return bucket

    def _forget(self, now: float) -> None:
        """Drops full buckets; where there is none, the older half, whose keys start anew."""
        fill = self._depth / self._rate
        kept = {k: b for k, b in self._buckets.items() if b.capped or now - b.at < fill}
        if len(kept) >= MAX_BUCKETS:
            kept = dict(list(kept.items())[len(kept) // 2 :])
        self._buckets = kept

    def _marker(self, key: str, bucket: _Bucket, now: float, *, is_first: bool) -> Record:
        stamp = _stamp(now)
        cap: dict[str, Any] = {"kind": self._kind, "per_second": self._rate}
        cap["since"] = _stamp(bucket.since)
        if not is_first:
            cap |= {"until": _stamp(bucket.capped_at), "capped": bucket.capped}
            message = f"{bucket.capped} records of this {self._kind} were left out: over its cap"
        else:
            message = (
                f"more than {self._rate:g} records a second of this {self._kind}: some are left out"
            )
        return Record(
            timestamp=stamp,
            received=stamp,
            job=key if self._kind == "job" else None,
            worker=key if self._kind == "worker" else None,
            level="warn",
            message=message,
            fields={"rate_cap": cap},
            agent=AGENT,
        )


class Caps:
    """The caps of jobs and workers; None of them where a setting is 0."""

    def __init__(self, settings: CapSettings) -> None:
        kinds: tuple[tuple[Kind, float], ...] = (
            ("job", settings.job_records_per_second),
            ("worker", settings.worker_records_per_second),
        )
        self._caps = [
            RateCap(kind, per_second, settings.burst_seconds, settings.error_share)
            for kind, per_second in kinds
            if per_second
        ]

    def __bool__(self) -> bool:
        return bool(self._caps)

    def apply(self, batch: Batch, now: float) -> Outcome:
        """Leaves out what is over a cap; the same batch where nothing is."""
        jobs: Counter[str | None] = Counter()
        workers: Counter[str | None] = Counter()
        markers: list[Record] = []
        left = batch
        for cap in self._caps:
            over, begun = cap.keep(left, now)
            markers += begun
            if over:
                capped = left.picked(sorted(over))
                jobs += capped.columns.jobs.counts()
                workers += capped.columns.workers.counts()
                left = left.picked([at for at in range(len(left)) if at not in over])
        if not jobs:
            return Outcome(batch, jobs, workers)
        return Outcome(joined(left, of_records(markers)), jobs, workers)

    def closed(self, now: float) -> list[Record]:
        """Records to store for bursts that are over; to be asked for every second or so."""
        return [marker for cap in self._caps for marker in cap.closed(now)]


def _stamp(moment: float) -> str:
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
