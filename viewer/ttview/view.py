"""What a view asks for: whose records, which of them, and how the rest is shown."""

from typing import Literal, NamedTuple

from ttwire.filter import Filter, parse
from ttwire.level import Level
from ttwire.term import And, IdIs, LevelIs, Match, Node, Or, Pattern, every

ScopeKind = Literal["job", "worker", "queue", "trace"]

Mode = Literal["matches", "context", "all"]
"""`matches`: only what the filter keeps. `context`: with it, the neighbouring records of one job
or trace, dimmed. `all`: everything in the scope, matches marked."""

LEVEL_STEPS: tuple[Level | None, ...] = (None, "info", "warn", "error")
"""What the level key goes through."""

SINCE_STEPS: dict[str, int | None] = {
    "0": None,
    "2": 60,
    "3": 300,
    "4": 900,
    "5": 1_800,
    "6": 3_600,
}
"""Seconds a digit key limits the view to, the digits as in k9s; 1 is the oldest record."""


class Scope(NamedTuple):
    """All records of one job, worker, queue or trace."""

    kind: ScopeKind
    key: str

    def node(self) -> Node:
        if self.kind == "trace":
            return IdIs("trace", self.key)
        return Match(self.kind, Pattern((self.key,)))


class View(NamedTuple):
    """One view of the log. `query` is filter text as typed; `off` sets it aside for a while."""

    scope: Scope | None = None
    query: str = ""
    level: Level | None = None
    since_seconds: int | None = None
    mode: Mode = "matches"
    context: Scope | None = None
    off: bool = False

    @property
    def title(self) -> str:
        """Scope and limits in a few words; the query stands elsewhere."""
        words = [f"{self.scope.kind} {self.scope.key}"] if self.scope else []
        if self.level:
            words.append(f"level {self.level} or worse")
        if self.since_seconds:
            words.append(f"last {self.since_seconds // 60} min")
        return ", ".join(words)


class Query(NamedTuple):
    """A view made ready: `asked` is what to ask the source for; `kept` is what is a match."""

    asked: Filter
    kept: Filter

    @property
    def text(self) -> str:
        return str(self.asked)


def ready(view: View, *, now: float) -> Query:
    """The filters of a view; `now` is epoch seconds.

    Raises:
        FilterError: the query is no filter.
    """
    typed = parse("" if view.off else view.query, now=now)
    around: list[Node] = [view.scope.node()] if view.scope else []
    if view.since_seconds:
        around.append(parse(f"since:{view.since_seconds}s", now=now).tree)
    wanted: list[Node] = [typed.tree]
    if view.level:
        wanted.append(LevelIs(">=", view.level))
    matching = every(wanted)
    shown: Node = matching
    if view.mode == "all":
        shown = And()
    elif view.mode == "context" and view.context is not None and matching != And():
        shown = Or((matching, view.context.node()))
    return Query(Filter(every([*around, shown])), Filter(every([*around, matching])))
