"""The screens that are kept as golden files, each played from the same traffic."""

from collections.abc import Callable
from typing import Any, Final

from support import example_trace
from support.stage import FakeSource, Stage
from support.traffic import records, states
from ttview.feed import Connection, GapSeen, LedgerSeen, StatesChanged, TraceLoaded
from ttview.settings import Settings
from ttview.style import ThemeName
from ttwire.account import Account, Ledger
from ttwire.gap import Gap
from ttwire.record import Record
from ttwire.span import Trace

Scene = Callable[[], Stage]

UTC: Final = Settings(zone="utc")


def play(
    *keys: str,
    columns: int = 140,
    rows: int = 36,
    count: int = 600,
    settings: Settings = UTC,
) -> Stage:
    """Traffic in the sink and on the screen, then these keys."""
    stage = Stage(FakeSource(records(count)), columns=columns, rows=rows, settings=settings)
    stage.deliver(StatesChanged(states(stage.source.records), whole=True), ledger())
    stage.keys(*keys)
    return stage


def ledger() -> LedgerSeen:
    total = Account(received=61_204, accepted=60_000, retained=20_000, evicted=40_000, capped=1_204)
    return LedgerSeen(Ledger(total, {"webhook-deliver-5150": Account(accepted=40, capped=1_204)}))


def paused() -> Stage:
    stage = play("k", "k", "k", "k")
    stage.arrive(records(24, first=601))
    return stage


def frozen() -> Stage:
    stage = play("P")
    stage.arrive(records(24, first=601))
    return stage


def completion() -> Stage:
    stage = play("/", "level:>=warn job:in")
    stage.settle()
    return stage


def gap() -> Stage:
    stage = play()
    stage.deliver(
        GapSeen(Gap(reason="rate", start="7f3a9c-600", end="7f3a9c-1804", lost=1_204)),
    )
    stage.source.records += records(5, first=601)
    stage.arrive(records(9, first=1_805))
    stage.keys(*["k"] * 9)
    return stage


def ruled() -> Stage:
    stage = play("M")
    stage.arrive(records(8, first=601))
    stage.keys(*["k"] * 4, "m", "k", "k", "m")
    return stage


def highlighted() -> Stage:
    return play("*", "smtp", "Enter", "*", "invoice", "Enter", "k")


def nested() -> Stage:
    stage = Stage(FakeSource(records(40)), columns=140, rows=36, settings=UTC)
    stage.deliver(StatesChanged(states(stage.source.records), whole=True), ledger())
    fields: dict[str, Any] = {
        "customer": {"id": 48_112, "tier": "gold", "tags": ["beta", "eu"]},
        "http": {"method": "POST", "status": 502, "duration_ms": 30_012},
        "retry": True,
        "note": "line one\nline two with \x1b[31mescape\x1b[0m and \u202ebidi",
    }
    stage.arrive(
        [
            Record(
                id="7f3a9c-41",
                timestamp="2026-01-02T03:04:04.250000Z",
                received="2026-01-02T03:04:04.300000Z",
                job="webhook-deliver-5150",
                worker="w-6",
                queue="default",
                attempt=2,
                level="error",
                message="POST https://hooks.example.com/in returned 502 after 30.012s",
                trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
                span_id="00f067aa0ba902b7",
                fields=fields,
                redacted=("email", "card"),
                truncated=True,
                agent="fluentbit",
            )
        ]
    )
    stage.keys("k", "j", "Enter", *["j"] * 3)
    return stage


def traced(
    *keys: str, trace: Trace | None = None, settings: Settings = UTC, columns: int = 140
) -> Stage:
    stage = Stage(FakeSource(example_trace.records()), columns=columns, rows=30, settings=settings)
    stage.keys("T")
    stage.deliver(TraceLoaded(trace or example_trace.whole()))
    stage.keys(*keys)
    return stage


def waiting() -> Stage:
    stage = play()
    stage.deliver(Connection("waiting", "connection refused", 7.0))
    stage.wait(2)
    return stage


def nothing_yet() -> Stage:
    stage = Stage(FakeSource(), columns=100, rows=24, settings=UTC)
    stage.deliver(Connection("live"))
    return stage


def connecting() -> Stage:
    return Stage(FakeSource(), columns=100, rows=24, settings=UTC, started=False)


def oldest() -> Stage:
    return play("g", "g", "g", count=60)


def themed(theme: ThemeName) -> Scene:
    return lambda: play("k", "E", settings=UTC._replace(theme=theme))


SCENES: Final[dict[str, Scene]] = {
    "log": play,
    "log-80x24": lambda: play(columns=80, rows=24),
    "log-narrow": lambda: play(columns=48, rows=16),
    "log-wide": lambda: play(columns=200, rows=50),
    "paused": paused,
    "frozen": frozen,
    "filter": lambda: play("/", 'level:>=warn -"slow query"', "Enter"),
    "filter-error": lambda: play("/", "level:>=loud job:email-*", "Enter"),
    "filter-completion": completion,
    "filter-set-aside": lambda: play("/", "level:error", "Enter", "X"),
    "no-match": lambda: play("/", "job:nobody", "Enter"),
    "in-context": lambda: play("/", "level:error", "Enter", "k", "x"),
    "in-everything": lambda: play("/", "level:error", "Enter", "k", "x", "x"),
    "gap": gap,
    "marks": ruled,
    "highlights": highlighted,
    "wrapped": lambda: play("w", "k", columns=100),
    "unfolded": lambda: play("k", "E", "p"),
    "sideways": lambda: play("Right", columns=100),
    "time-delta": lambda: play("t", "t"),
    "strip": lambda: play("i", "k", "E", "E", "E"),
    "oldest": oldest,
    "cleared": lambda: play("C"),
    "jobs": lambda: play("s", "j", "j", "j"),
    "jobs-trouble": lambda: play("s", "s"),
    "jobs-filtered": lambda: play("s", "/", "invoice", "Enter"),
    "workers": lambda: play("s", "l", "j"),
    "queues": lambda: play("s", "l", "l"),
    "job-stream": lambda: play("s", "j", "Enter"),
    "record": lambda: play("k", "E", "Enter"),
    "record-nested": nested,
    "waterfall": lambda: traced("e"),
    "waterfall-value": lambda: traced("e", "d", *["J"] * 9),
    "waterfall-critical": lambda: traced("c", "+", "l"),
    "waterfall-found": lambda: traced("/", ">200ms", "Enter", "A"),
    "waterfall-running": lambda: traced(trace=example_trace.running()),
    "waterfall-narrow": lambda: traced("g", "Enter", columns=70),
    "waterfall-ascii": lambda: traced("g", "j", settings=UTC._replace(ascii_only=True)),
    "share": lambda: play("S"),
    "help": lambda: play("?"),
    "waiting": waiting,
    "no-records-yet": nothing_yet,
    "connecting": connecting,
    "theme-dark": themed("dark"),
    "theme-light": themed("light"),
    "theme-mono": themed("mono"),
    "ascii": lambda: play("k", "E", "Enter", settings=UTC._replace(ascii_only=True)),
}
