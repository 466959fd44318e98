"""The filter language: an expression that keeps some records. docs/filter.md has it for people."""

from typing import Final

from ttwire.highlight import Highlight, highlight
from ttwire.matcher import matcher
from ttwire.needle import may_match
from ttwire.query import Parser
from ttwire.scan import FilterError
from ttwire.term import And, Node, canonical, every
from ttwire.verdict import Required, decides, required, verdict

__all__ = ["EVERYTHING", "Filter", "FilterError", "Highlight", "Required", "parse"]


class Filter:
    """A tree, and what was built from it once.

    `matches(record)` decides. `verdict(job, worker, level rank, trace id, timestamp)` decides
    by a record's head where it can and says None where it cannot; it agrees with `matches`.
    An empty trace id or timestamp stands for one the caller does not know. `decided_by_head`
    means that it never says None where all five are known. `may_match(line)` is False only
    where the record of that JSON surely does not match: it spares the decoding. `required`
    names what every matching record has, so that one ring or index can be read instead of
    all. `highlight` finds what to mark in a message.
    """

    __slots__ = (
        "_text",
        "decided_by_head",
        "highlight",
        "matches",
        "may_match",
        "required",
        "tree",
        "verdict",
    )

    def __init__(self, tree: Node) -> None:
        self.tree: Final = tree
        self.matches: Final = matcher(tree)
        self.may_match: Final = may_match(tree)
        self.verdict: Final = verdict(tree) or _unknown
        self.decided_by_head: Final = decides(tree)
        self.required: Final[Required] = required(tree)
        self.highlight: Final[Highlight] = highlight(tree)
        self._text: Final = canonical(tree)

    @property
    def keeps_everything(self) -> bool:
        return self.tree == And()

    def narrowed(self, other: "Filter") -> "Filter":
        """Keeps what both keep."""
        return Filter(every([self.tree, other.tree]))

    def __str__(self) -> str:
        """The canonical text: it parses to an equal filter, at any time."""
        return self._text

    def __repr__(self) -> str:
        return f"Filter({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.tree)


def _unknown(
    _job: str | None, _worker: str | None, _level: int, _trace: str | None, _at: str
) -> bool | None:
    return None


def parse(text: str, *, now: float) -> Filter:
    """The filter a text says; empty text keeps everything.

    `now` is epoch seconds: `since:5m` is fixed to a moment when it is read.

    Raises:
        FilterError: the text is no filter, or over a bound; it names the column and what was
            expected there.
    """
    return Filter(Parser(text, now).tree())


EVERYTHING: Final = Filter(And())
