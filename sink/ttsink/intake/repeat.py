"""Batches that come a second time because their answer was lost.

Both agents send the same bytes again, on another connection, after a timeout or a reset
(Vector's retry clones the payload; Fluent Bit's was measured, also after kill -9 and a restart).
Neither sends an id, and equal batches are legitimate: a heartbeat without a timestamp. So only a
batch whose answer did not reach its sender is matched; one that was answered is forgotten.

How the fate of an answer is told:

- written whole, and the connection stood: `answered`;
- the client was gone, or writing failed: `undelivered`; also after `answered`, when the
  connection is then reset before another request came over it;
- the process died in between: unknown.  The log keeps the ids of batches whose senders are not
  known to have their answer, over a restart too, and `append` finds them; `answered` says when
  the log may forget one;
- two equal batches at once are two batches: a sender that tries again has given up the first
  connection, which is `undelivered` as soon as the server sees it closed, also while the batch
  is still worked on: the log then keeps the first of the two that comes to it, and may forget
  their id only when neither is worked on any more.
"""

import hashlib
from collections import OrderedDict, deque
from typing import Final

import msgspec

UNDELIVERED_SECONDS: Final = 40 * 60
"""How long an undelivered batch is remembered: Fluent Bit waits up to 2001 s between attempts."""

NAMED_SECONDS: Final = 24 * 3600
"""How long a batch with an `Idempotency-Key` is, answered or not."""

MAX_REMEMBERED: Final = 16_384
"""Batches remembered at once, some 300 bytes each; past it the oldest is forgotten."""

MAX_KEY_CHARACTERS: Final = 255
"""Of an `Idempotency-Key`; a longer one is no key."""

_DIGEST_BYTES: Final = 16
_NAMED: Final = "key:"


class Fresh(msgspec.Struct, frozen=True):
    """A batch to store; `batch_id` is its name in the log, which may know it from before."""

    batch_id: str


class Repeat(msgspec.Struct, frozen=True):
    """A batch that is stored already: `answer` is what its sender did not get."""

    batch_id: str
    answer: bytes


class _Entry(msgspec.Struct):
    """`answer` is None while the batch is not known to be stored.

    `under_way` is how many times it is being taken in; once one of them `is_answered`, the others
    are of connections that were given up, and what becomes of those is of no matter.
    """

    key: str
    since: float
    is_open: bool = True
    answer: bytes | None = None
    under_way: int = 0
    is_answered: bool = False


def batch_key(path: str, body: bytes) -> str:
    """The key of a batch: a hash of its path and its bytes, whoever sent it.

    Args:
        path: With the query, as it was asked for.
        body: As it was received: a repeat has the same compressed bytes, and they are fewer.
    """
    # Processors have instructions for SHA-256; it is over twice as fast as BLAKE2 here.
    digest = hashlib.sha256(path.encode("utf-8", "replace") + b"\0", usedforsecurity=False)
    digest.update(body)
    return digest.hexdigest()[: 2 * _DIGEST_BYTES]


def named_key(path: str, idempotency_key: str) -> str | None:
    """The key of a batch whose sender named it; none where the name is no usable one.

    The header is trusted: another body under the same name is not looked at.
    """
    name = idempotency_key.strip()
    if not name or len(name) > MAX_KEY_CHARACTERS:
        return None
    return _NAMED + batch_key(path, name.encode("utf-8", "replace"))


class Repeats:
    """What is known of batches whose senders may send them again."""

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self.forgotten = 0
        """Undelivered batches that left for want of room: their repeats are stored twice."""
        self._max = max_remembered
        # By batch id, the oldest first.
        self._named: OrderedDict[str, _Entry] = OrderedDict()
        self._unnamed: OrderedDict[str, _Entry] = OrderedDict()
        # Ids of the undelivered batches of a key, the oldest first.
        self._undelivered: dict[str, deque[str]] = {}

    def __len__(self) -> int:
        return len(self._named) + len(self._unnamed)

    def begin(self, key: str, now: float) -> Fresh | Repeat:
        """A batch has arrived.

        Every `begin` ends with one of `answered`, `not_answered` or `dropped`.
        """
        self._expire(now)
        found = self._begun(key, now)
        self._table(found.batch_id)[found.batch_id].under_way += 1
        return found

    def _begun(self, key: str, now: float) -> Fresh | Repeat:
        if key.startswith(_NAMED):
            known = self._named.get(key)
            if known is not None and known.answer is not None:
                return Repeat(key, known.answer)
            if known is None:
                self._keep(key, _Entry(key, now))
            return Fresh(key)
        if key in self._undelivered:
            batch_id = self._undelivered[key][0]
            self._settle(batch_id)
            entry = self._unnamed[batch_id]
            return Fresh(batch_id) if entry.answer is None else Repeat(batch_id, entry.answer)
        batch_id, number = key, 1
        while batch_id in self._unnamed:
            number += 1
            batch_id = f"{key}.{number}"
        self._keep(batch_id, _Entry(key, now))
        return Fresh(batch_id)

    def answered(self, batch_id: str, answer: bytes, now: float) -> bool:
        """The sender has its answer; whether the log may forget the batch's id."""
        if batch_id.startswith(_NAMED):
            self._ended(batch_id)
            self.undelivered(batch_id, answer, now)
            return False
        entry = self._ended(batch_id)
        if entry is None or not entry.under_way:
            self._remove(batch_id)
            return True
        self._settle(batch_id)
        entry.is_answered = True
        return False

    def not_answered(self, batch_id: str, answer: bytes | None, now: float) -> bool:
        """A batch was taken in, and its answer did not reach the sender; as `undelivered`.

        Whether the log may forget its id, since its repeat was answered before.
        """
        entry = self._ended(batch_id)
        if entry is None or not entry.is_answered:
            self.undelivered(batch_id, answer, now)
            return False
        if entry.under_way:
            return False
        self._remove(batch_id)
        return True

    def undelivered(self, batch_id: str, answer: bytes | None, now: float) -> None:
        """The sender will not get its answer, or did not after `answered`.

        Args:
            batch_id: As `begin` gave it.
            answer: What it did not get; None where it is gone before the batch was stored: its
                repeat is a `Fresh` of the same id, and the log knows what became of the first.
            now: Seconds of any steady clock.
        """
        table = self._table(batch_id)
        if batch_id not in table:
            self._keep(batch_id, _Entry(batch_id.partition(".")[0], now))
        entry = table[batch_id]
        entry.answer, entry.since, entry.is_answered = answer, now, False
        table.move_to_end(batch_id)
        if entry.is_open and table is self._unnamed:
            self._undelivered.setdefault(entry.key, deque()).append(batch_id)
        entry.is_open = False

    def dropped(self, batch_id: str, now: float) -> bool:
        """Nothing of the batch was stored: a refusal. Whether the log may forget its id."""
        entry = self._ended(batch_id)
        if entry is not None and entry.under_way:
            if not entry.is_answered:  # it is sent again, and may be stored before that
                self.undelivered(batch_id, entry.answer, now)
            return False
        self._remove(batch_id)
        return entry is not None and entry.is_answered

    def _ended(self, batch_id: str) -> _Entry | None:
        entry = self._table(batch_id).get(batch_id)
        if entry is not None:
            entry.under_way = max(entry.under_way - 1, 0)
        return entry

    def _remove(self, batch_id: str) -> None:
        self._settle(batch_id)
        self._table(batch_id).pop(batch_id, None)

    def _table(self, batch_id: str) -> OrderedDict[str, _Entry]:
        return self._named if batch_id.startswith(_NAMED) else self._unnamed

    def _keep(self, batch_id: str, entry: _Entry) -> None:
        table = self._table(batch_id)
        if len(table) >= self._max:
            oldest = next(iter(table))
            self.forgotten += not table[oldest].is_open
            self._remove(oldest)
        table[batch_id] = entry

    def _settle(self, batch_id: str) -> None:
        """Takes the batch out of the undelivered ones, if it is among them."""
        entry = self._unnamed.get(batch_id)
        if entry is None or entry.is_open:
            return
        entry.is_open = True
        waiting = self._undelivered[entry.key]
        waiting.remove(batch_id)
        if not waiting:
            del self._undelivered[entry.key]

    def _expire(self, now: float) -> None:
        for table, seconds in (
            (self._named, NAMED_SECONDS),
            (self._unnamed, UNDELIVERED_SECONDS),
        ):
            while table and now - table[oldest := next(iter(table))].since >= seconds:
                self._remove(oldest)
