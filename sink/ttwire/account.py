"""The account of every record: the answer of `GET /api/ledger`."""

import msgspec


class Account(msgspec.Struct, frozen=True):
    """Counts of records since the numbering began, for the whole sink or for one job.

    Guarantee G1, at any moment: `accepted == retained + evicted` and
    `received == accepted + rejected + capped + repeated`.
    """

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    capped: int = 0
    repeated: int = 0
    retained: int = 0
    evicted: int = 0
    malformed: int = 0
    truncated: int = 0
    redacted: int = 0


class Ledger(msgspec.Struct, frozen=True):
    """`jobs` is keyed by job; the empty key stands for records without a job."""

    total: Account
    jobs: dict[str, Account] = {}
