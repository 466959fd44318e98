"""The answer of `GET /api/records`: a page of records, newest last."""

import msgspec

from ttwire.record import Record


class Page(msgspec.Struct, frozen=True):
    """`older` and `newer` are cursors to ask for the neighbouring pages, None at the ends."""

    records: list[Record]
    older: str | None = None
    newer: str | None = None
