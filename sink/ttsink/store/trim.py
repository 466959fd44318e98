"""What the journal need not keep any more, now that the rings have let it go."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ttsink.store.journal_file import Left, Row
from ttsink.store.order import Order

MAX_ROWS: Final = 2_000
"""Rows looked at for one plan: about 5 ms. The next plan goes on where this one ended."""

MAX_REWRITTEN_BYTES: Final = 4 * 1024 * 1024
_MERGED_BYTES: Final = 256 * 1024

SLACK_BYTES: Final = 8 * 1024 * 1024
"""A journal of less than this above its bound is left alone."""


class Plan(NamedTuple):
    """Rows to delete by their first position, rows to write anew, and where to look next."""

    gone: list[int]
    left: list[Left]
    next_row: int


def plan(rows: Sequence[Row], start: int, order: Order, live_bytes: int) -> Plan:
    """Deletes rows with nothing left; rewrites half-empty ones where too much is on disk.

    Too much is twice the text that is kept, and SLACK_BYTES. `rows` oldest first, `start` an
    index into them, `live_bytes` the text the rings hold.
    """
    gone: list[int] = []
    left: list[Left] = []
    start = 0 if start >= len(rows) else start
    end = min(start + MAX_ROWS, len(rows))
    rewriting = sum([row.bytes for row in rows]) > 2 * live_bytes + SLACK_BYTES
    budget = MAX_REWRITTEN_BYTES
    run: list[Row] = []
    for at in range(start, end):
        row = rows[at]
        if row.last > order.last:  # the view has not had it yet
            end = len(rows)
            break
        live = order.live_between(row.first, row.last)
        if live == 0:
            gone.append(row.first)
        elif rewriting and live * 2 <= row.records and budget > 0:
            run.append(row)
            budget -= row.bytes
            if sum([one.bytes for one in run]) >= _MERGED_BYTES:
                _finish(run, order, gone, left)
        else:
            _finish(run, order, gone, left)
    _finish(run, order, gone, left)
    return Plan(gone, left, end)


def _finish(run: list[Row], order: Order, gone: list[int], left: list[Left]) -> None:
    """One row in the place of neighbours."""
    if not run:
        return
    first, last = run[0].first, run[-1].last
    entries = [entry for entry in order.after(first - 1, last - first + 1) if entry.seq <= last]
    gone += [row.first for row in run[1:]]
    positions = [entry.seq for entry in entries]
    left.append(Left(first, positions, [entry.line for entry in entries], run[0].stored_at))
    run.clear()
