"""A trace's spans as a forest: who called whom, what failed where, what the time went on.

Pure, and made for what is wrong with real traces: parents that never came, ids shared by a
client and a server, cycles, clocks that disagree, times that make no sense.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from ttwire.span import Span

FIRST_SENSIBLE_US: Final = 946_684_800_000_000
"""2000-01-01: an earlier start is a clock that was never set."""

LAST_SENSIBLE_US: Final = 4_102_444_800_000_000
"""2100-01-01."""

MAX_DURATION_US: Final = 366 * 86_400 * 1_000_000
"""A longer span is a mistake; it is listed, and must not squeeze the others into one cell."""


class Node:
    """A span in the forest, or the place of a parent that never came (`span` is None).

    `times` are start and end of the span itself, None where they make no sense. `first` and
    `last` are of the whole subtree, epoch microseconds, None where no time is
    sensible. `below` counts the nodes under it, `failed_below` the failed ones among them.
    `is_skewed`: it starts before its parent or ends after it, beyond what a queue explains.
    `is_cut`: its parent would have been under it.
    """

    __slots__ = (
        "below", "children", "critical", "depth", "failed", "failed_below", "first", "is_cut",
        "is_skewed", "last", "parent", "span", "span_id", "times",
    )  # fmt: skip

    def __init__(self, span_id: str, span: Span | None) -> None:
        self.span_id = span_id
        self.span = span
        self.parent: Node | None = None
        self.children: list[Node] = []
        self.depth = 0
        self.below = 0
        self.failed_below = 0
        self.first: int | None = None
        self.last: int | None = None
        self.is_skewed = False
        self.is_cut = False
        self.critical: Sequence[tuple[int, int]] = ()
        self.failed = span is not None and span.status == "error"
        self.times = None if span is None else sensible(span)


def sensible(span: Span) -> tuple[int, int] | None:
    """A negative duration is drawn as a moment; a mad start or length is not drawn at all."""
    start, duration = span.start, span.duration_us
    if not FIRST_SENSIBLE_US <= start <= LAST_SENSIBLE_US or duration > MAX_DURATION_US:
        return None
    return start, start + duration if duration > 0 else start


class Forest:
    """`nodes` is every node once, parents before children, in the order of time."""

    def __init__(self, spans: Sequence[Span]) -> None:
        with _uncollected():
            self.roots = _joined(spans)
        nodes = _parents_first(self.roots)
        _sum_up(nodes)
        for siblings in (self.roots, *(node.children for node in nodes)):
            if len(siblings) > 1:
                siblings.sort(key=_by_time)
        self.nodes = _depth_first(self.roots)
        self.failed = sum(node.failed for node in self.nodes)
        self.services = tuple(
            dict.fromkeys(
                node.span.service for node in self.nodes if node.span and node.span.service
            )
        )
        firsts = [node.first for node in self.roots if node.first is not None]
        lasts = [node.last for node in self.roots if node.last is not None]
        self.first = min(firsts, default=None)
        self.last = max(lasts, default=None)
        _walk_critical(self.roots)

    def busy(self) -> list[tuple[int, int]]:
        """The stretches in which any span ran, merged, in order."""
        times = sorted(times for node in self.nodes if (times := node.times) is not None)
        merged: list[tuple[int, int]] = []
        for start, end in times:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return merged


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing made here is garbage, but the collector would walk all of it again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _by_time(node: Node) -> tuple[bool, int, int, str]:
    first, last = node.first, node.last
    if first is None or last is None:
        return True, 0, 0, node.span_id
    return False, first, -last, node.span_id


def _joined(spans: Sequence[Span]) -> list[Node]:
    """Nodes under their parents; the roots."""
    nodes = [Node(span.span_id, span) for span in spans]
    by_id: dict[str, Node] = {}
    shared: dict[str, list[Node]] = {}
    for node in nodes:
        known = by_id.setdefault(node.span_id, node)
        if known is not node:
            shared.setdefault(node.span_id, [known]).append(node)
    for span_id, same in shared.items():
        # Zipkin's client and server share an id: the server's part lies within the client's.
        same.sort(key=lambda node: (node.span is None or node.span.kind != "client", _start(node)))
        for outer, inner in pairwise(same):
            inner.parent = outer
        by_id[span_id] = same[-1]
    missing: dict[str, Node] = {}
    for node in nodes:
        parent_id = node.span.parent_id if node.span is not None else None
        if not parent_id or node.parent is not None:
            continue
        if parent_id == node.span_id:
            node.is_cut = True
        elif (found := by_id.get(parent_id)) is not None:
            node.parent = found
        else:
            node.parent = missing.get(parent_id) or Node(parent_id, None)
            missing[parent_id] = node.parent
    _cut_cycles(nodes)
    roots: list[Node] = list(missing.values())
    for node in nodes:
        (roots if node.parent is None else node.parent.children).append(node)
    return roots


def _start(node: Node) -> int:
    return node.span.start if node.span is not None else 0


def _cut_cycles(nodes: list[Node]) -> None:
    """Walks up from each node once; where the way comes back to itself it is cut."""
    settled: set[int] = set()
    for node in nodes:
        path: dict[int, None] = {}
        at: Node | None = node
        while at is not None and id(at) not in settled:
            if id(at) in path:
                at.parent = None
                at.is_cut = True
                break
            path[id(at)] = None
            at = at.parent
        settled.update(path)


def _parents_first(roots: list[Node]) -> list[Node]:
    """Level by level, with their depths. Without recursion: strangers decide how deep it is."""
    found: list[Node] = []
    depth, level = 0, roots
    while level:
        found += level
        below: list[Node] = []
        for node in level:
            node.depth = depth
            if node.children:
                below += node.children
        depth, level = depth + 1, below
    return found


def _depth_first(roots: list[Node]) -> list[Node]:
    found: list[Node] = []
    waiting = roots[::-1]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if node.children:
            waiting += node.children[::-1]
    return found


def _sum_up(nodes: list[Node]) -> None:
    for node in reversed(nodes):
        own = node.times
        first, last = node.first, node.last
        if own is not None:
            if first is None or own[0] < first:
                node.first = first = own[0]
            if last is None or own[1] > last:
                node.last = last = own[1]
        parent = node.parent
        if parent is None:
            continue
        parent.below += 1 + node.below
        parent.failed_below += node.failed + node.failed_below
        if first is not None and (parent.first is None or first < parent.first):
            parent.first = first
        if last is not None and (parent.last is None or last > parent.last):
            parent.last = last
        outer = parent.times
        if own is not None and outer is not None:
            node.is_skewed = own[0] < outer[0] or (own[1] > outer[1] and not _is_handed_on(node))


def _is_handed_on(node: Node) -> bool:
    """A consumer, or whatever starts after its parent's end, was never meant to end within it."""
    if node.span is not None and node.span.kind == "consumer":
        return True
    outer = node.parent.times if node.parent is not None else None
    own = node.times
    return outer is not None and own is not None and own[0] >= outer[1]


def _walk_critical(roots: list[Node]) -> None:
    """Gives each moment to the span that the end of the trace waited for.

    Backwards from the end: the child that ended last before the moment in question was waited
    for; between two children the parent itself was. Stretches of different nodes never overlap,
    so that together they are at most as long as the trace. Idle stretches belong to nobody.
    """
    top = Node("", None)
    top.children = roots
    lasts = [node.last for node in roots if node.last is not None]
    if not lasts:
        return
    waiting: list[tuple[Node, int, int]] = [(top, min(_first(n) for n in roots), max(lasts))]
    while waiting:
        node, floor, until = waiting.pop()
        at = until
        made: list[tuple[int, int]] = []
        for child in sorted(node.children, key=_last, reverse=True):
            if child.first is None or child.last is None or child.first >= at:
                continue
            end = min(child.last, at)
            begin = max(child.first, floor)
            if begin >= end:
                continue
            made += _own(node, end, at)
            waiting.append((child, begin, end))
            at = begin
        made += _own(node, floor, at)
        node.critical = tuple(made[::-1])


def _own(node: Node, start: int, end: int) -> list[tuple[int, int]]:
    """What of a stretch the span itself was running in."""
    own = node.times
    if own is None:
        return []
    start, end = max(start, own[0]), min(end, own[1])
    return [(start, end)] if start < end else []


def _first(node: Node) -> int:
    return node.first if node.first is not None else LAST_SENSIBLE_US


def _last(node: Node) -> int:
    return node.last if node.last is not None else 0
