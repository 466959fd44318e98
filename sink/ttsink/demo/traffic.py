"""Made-up job traffic: a dozen workers run jobs that log, fail, are tried again and end.

Pure and seeded: the same seed, start and moments asked for give the same lines, so that a
demonstration, a benchmark and a picture of the screen can share it. Every person, card and
address in it is invented (card numbers are the networks' published test numbers).
"""

import heapq
from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final, NamedTuple

WORKERS: Final = tuple(f"w-{number}" for number in range(1, 13))
JOBS: Final = 100
"""Jobs by name; one that ended runs again a while later, in a trace of its own."""

REST_SECONDS: Final = (2.0, 40.0)
"""Between the end of a job and its next run."""

MAX_ATTEMPTS: Final = 3
FAILS_AGAIN: Final = 0.55
"""A job that failed once likely fails again: the cause seldom goes by itself."""

CARDS: Final = ("4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005")
PEOPLE: Final = ("maria.lopez", "j.tanaka", "amara.okafor", "lena.fischer", "noah.silva")


class Line(NamedTuple):
    """One thing a program said at `at` (epoch seconds)."""

    at: float
    worker: str
    level: str
    message: str
    job: str | None = None
    queue: str | None = None
    attempt: int = 1
    trace_id: str | None = None
    span_id: str | None = None
    fields: Mapping[str, Any] = MappingProxyType({})


class Work(NamedTuple):
    """One finished span: a piece of a job's attempt."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    worker: str
    start: float
    end: float
    failed: bool
    job: str


class Kind(NamedTuple):
    """A kind of job: where it queues, what it says on its way, how it fails."""

    name: str
    queue: str
    steps: tuple[str, ...]
    failure: str
    fails: float
    seconds: float


KINDS: Final = (
    Kind(
        "email-digest", "mail",
        ("loaded {n} subscriptions", "rendered digest for {mail}", "smtp accepted {n} messages"),
        "smtplib.SMTPServerDisconnected: Connection unexpectedly closed", 0.12, 6,
    ),
    Kind(
        "invoice-render", "billing",
        ("fetched {n} line items", "applied VAT rules for {country}", "rendered invoice {n}.pdf",
         "sent invoice to {mail}"),
        "decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]", 0.08, 5,
    ),
    Kind(
        "payment-capture", "billing",
        ("authorised card {card}", "captured {n}.00 EUR", "ledger entry {n} written"),
        "payments.errors.GatewayTimeout: POST /v2/capture timed out after 10.0s", 0.15, 4,
    ),
    Kind(
        "video-transcode", "media",
        ("probed source: h264 1920x1080 29.97 fps", "encoded segment {n} of 1200 at {n} fps",
         "uploaded rendition 720p", "uploaded rendition 1080p"),
        "ffmpeg exited with status 187: moov atom not found", 0.1, 20,
    ),
    Kind(
        "image-resize", "media",
        ("decoded original ({n} kB)", "wrote 4 sizes", "purged cdn path /img/{n}"),
        "PIL.UnidentifiedImageError: cannot identify image file", 0.05, 2,
    ),
    Kind(
        "webhook-delivery", "hooks",
        ("POST https://hooks.example.net/in/{n}", "answered 200 in {ms} ms"),
        "httpx.ConnectTimeout: timed out connecting to hooks.example.net:443", 0.25, 3,
    ),
    Kind(
        "search-reindex", "batch",
        ("scanning shard {shard}", "indexed {n} documents", "refreshed alias products"),
        "opensearchpy.exceptions.ConnectionTimeout: read timed out (30s)", 0.06, 12,
    ),
    Kind(
        "report-export", "batch",
        ("query planned in {ms} ms", "streamed {n} rows", "wrote s3://reports/{n}.parquet"),
        "psycopg.errors.QueryCanceled: canceling statement due to statement timeout", 0.1, 9,
    ),
    Kind(
        "nightly-etl", "batch",
        ("extracted {n} rows from orders", "merged partition {shard}", "checked {n} constraints"),
        "etl.errors.SchemaDrift: column 'discount' has type text, expected numeric", 0.07, 16,
    ),
    Kind(
        "fraud-score", "default",
        ("features ready in {ms} ms", "scored order {n}: 0.{n}", "notified {mail}"),
        "onnxruntime.RuntimeException: Got invalid dimensions for input: features", 0.06, 3,
    ),
)  # fmt: skip


class Run(NamedTuple):
    """One attempt of a job that waits for a worker."""

    kind: Kind
    job: str
    attempt: int
    trace_id: str
    parent_id: str | None
    queued_at: float


class Traffic:
    """What all workers said up to a moment, in order of time; asked again, what came since."""

    def __init__(self, seed: int, start: float, *, jobs: int = JOBS) -> None:
        self._random = Random(seed)  # noqa: S311  made-up traffic, not a secret
        self._start = start
        self._queue: list[tuple[float, int, Run]] = []
        self._sequence = 0
        self._steps: list[tuple[float, int, Iterator[tuple[float, list[Line]]], list[Line]]] = []
        self.spans: list[Work] = []
        for index in range(jobs):
            kind = KINDS[index % len(KINDS)]
            job = f"{kind.name}-{index // len(KINDS) + 1}"
            self._enqueue(kind, job, start + self._random.uniform(0, 20))
        for worker in WORKERS:
            self._advance(start + self._random.uniform(0, 2), self._live(worker))

    def until(self, now: float) -> list[Line]:
        """The lines since the last call, up to `now`; `spans` then holds the work ended by it."""
        self.spans = []
        lines: list[Line] = []
        while self._steps and self._steps[0][0] <= now:
            at, _, program, said = heapq.heappop(self._steps)
            lines += [line._replace(at=at) for line in said]
            self._advance(at, program)
        return lines

    def _advance(self, at: float, program: Iterator[tuple[float, list[Line]]]) -> None:
        self._clock = at
        pause, said = next(program)
        self._sequence += 1
        heapq.heappush(self._steps, (at + pause, self._sequence, program, said))

    def _enqueue(self, kind: Kind, job: str, at: float) -> None:
        self._put(Run(kind, job, 1, self._hex(32), None, at), at)

    def _put(self, run: Run, at: float) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (at, self._sequence, run))

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def _live(self, worker: str) -> Iterator[tuple[float, list[Line]]]:
        """One worker: takes what is due, else says that it is well."""
        random = self._random
        yield 0.0, [Line(0, worker, "info", f"worker {worker} ready, 5 queues")]
        while True:
            if not self._queue or self._queue[0][0] > self._clock:
                ms = random.randrange(1, 9)
                said = Line(0, worker, "debug", "healthcheck ok", fields={"duration_ms": ms})
                yield random.uniform(1.0, 4.0), [said]
                continue
            _, _, run = heapq.heappop(self._queue)
            yield from self._work(worker, run)

    def _work(self, worker: str, run: Run) -> Iterator[tuple[float, list[Line]]]:
        random, kind = self._random, run.kind
        span_id, begun = self._hex(16), self._clock
        waited = round((begun - run.queued_at) * 1000)
        tier = random.choice(("gold", "silver", "free"))

        def line(level: str, message: str, **fields: Any) -> Line:
            return Line(
                0, worker, level, message, run.job, kind.queue, run.attempt, run.trace_id, span_id,
                fields,
            )  # fmt: skip

        customer = {"id": random.randrange(1000, 9999), "tier": tier}
        yield (
            0.0,
            [line("info", f"{kind.name} started", event="job.started", wait_ms=max(0, waited))],
        )
        fails = random.random() < (kind.fails if run.attempt == 1 else FAILS_AGAIN)
        stop = random.randrange(len(kind.steps)) if fails else len(kind.steps)
        rounds = 1 if kind.seconds < 8 else random.randrange(2, 5)
        for index, step in enumerate(kind.steps[:stop]):
            for _ in range(rounds if index == 1 else 1):
                pause = random.expovariate(1.0) * kind.seconds / len(kind.steps) / rounds
                ms = round(pause * 1000)
                step_start = self._clock
                if random.random() < 0.25:
                    cache = line("debug", f"cache miss customer:{customer['id']}", duration_ms=1)
                    yield pause * 0.3, [cache]
                said = [line("info", self._fill(step, ms), duration_ms=ms, customer=customer)]
                if ms > 4000:
                    said.append(line("warn", f"slow step: {ms} ms, budget 4000 ms", duration_ms=ms))
                yield pause, said
                self._span(run, worker, step.partition("{")[0].rstrip(" (/:"), span_id, step_start)
            if kind.name == "search-reindex" and random.random() < 0.15:
                burst = [line("debug", f"bulk item {n} indexed", shard=n % 8) for n in range(60)]
                yield 0.2, burst
        if fails:
            yield from self._fail(run, line)
        else:
            took = round((self._clock - begun) * 1000)
            done = line("info", f"{kind.name} done", event="job.succeeded", duration_ms=took)
            yield 0.05, [done]
            self._enqueue(kind, run.job, self._clock + random.uniform(*REST_SECONDS))
        self._span(run, worker, kind.name, None, begun, span_id=span_id, failed=fails)

    def _fail(self, run: Run, line: Any) -> Iterator[tuple[float, list[Line]]]:
        kind, random = run.kind, self._random
        trace = (
            "Traceback (most recent call last):\n"
            f'  File "/srv/jobs/{kind.name.replace("-", "_")}.py", line {random.randrange(40, 400)}'
            ", in run\n    self.step(context)\n"
            f'  File "/srv/jobs/base.py", line 88, in step\n    return handler(context)\n'
            f"{kind.failure}"
        )
        status = random.choice((500, 502, 503, 504))
        yield 0.4, [line("error", trace, status=status, error=kind.failure.partition(":")[0])]
        if run.attempt < MAX_ATTEMPTS:
            pause = 2.0**run.attempt
            said = line(
                "warn",
                f"attempt {run.attempt} failed, will retry in {pause:.0f} s",
                event="job.retrying",
            )
            yield 0.05, [said]
            again = run._replace(attempt=run.attempt + 1, queued_at=self._clock + pause)
            self._put(again, self._clock + pause)
        else:
            gone = line("error", f"gave up after {run.attempt} attempts", event="job.failed")
            yield 0.05, [gone]
            self._enqueue(kind, run.job, self._clock + random.uniform(*REST_SECONDS))

    def _fill(self, step: str, ms: int) -> str:
        random = self._random
        return step.format(
            n=random.randrange(3, 999),
            ms=ms,
            mail=f"{random.choice(PEOPLE)}@example.com",
            card=random.choice(CARDS),
            country=random.choice(("DE", "FR", "JP", "BR")),
            shard=random.randrange(8),
        )

    def _span(
        self,
        run: Run,
        worker: str,
        name: str,
        parent_id: str | None,
        start: float,
        *,
        span_id: str | None = None,
        failed: bool = False,
    ) -> None:
        self.spans.append(
            Work(
                run.trace_id,
                span_id or self._hex(16),
                parent_id,
                name,
                worker,
                start,
                self._clock,
                failed,
                run.job,
            )
        )
