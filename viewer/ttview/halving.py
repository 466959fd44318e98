"""The place of a moment among all that the source retains, found by halving.

Positions are asked for, not filters: each question costs the source one record, whatever it
holds, and a file of any size takes some thirty of them.
"""

from typing import NamedTuple

from ttview.feed import PageRequest
from ttwire import cursor
from ttwire.cursor import Cursor
from ttwire.page import Page
from ttwire.record import Record


class Halving(NamedTuple):
    """Looks for the first record at or after `moment`, an RFC 3339 text.

    It is `found`, or stands above position `low` and not above `high`. `request` is the question
    that is open. Arrival is taken to be in the order of time, as nearly as senders keep to it.
    """

    moment: str
    epoch: str
    low: int
    high: int
    found: str
    request: PageRequest

    @property
    def done(self) -> bool:
        return self.low >= self.high

    @property
    def at_oldest(self) -> bool:
        """Whether nothing from before the moment was met."""
        return self.low == 0


def begin(moment: str, known: Record) -> Halving | None:
    """`known` is a record from the moment or after it. None where its id holds no position."""
    place = cursor.parse(known.id)
    return None if place is None else _ask(moment, place.epoch, 0, place.position - 1, known.id)


def answered(halving: Halving, page: Page) -> Halving:
    """The next question, or `done`."""
    asked = cursor.parse(halving.request.after or "")
    below = halving.low if asked is None else asked.position
    first = page.records[0] if page.records else None
    place = None if first is None else cursor.parse(first.id)
    low, high, found = halving.low, below, halving.found
    if first is not None and place is not None:
        if (first.timestamp or first.received) < halving.moment:
            low, high = place.position, halving.high
        else:
            found = first.id
    return _ask(halving.moment, halving.epoch, low, high, found)


def _ask(moment: str, epoch: str, low: int, high: int, found: str) -> Halving:
    middle = str(Cursor(epoch, (low + high) // 2))
    return Halving(moment, epoch, low, high, found, PageRequest(after=middle, limit=1))
