"""Records a subscriber did not get."""

from typing import Literal

import msgspec

GapReason = Literal["evicted", "restart", "rate", "unknown_id"]


class Gap(msgspec.Struct, frozen=True, omit_defaults=True, rename={"start": "from", "end": "to"}):
    """The `data` of a `gap` event.

    `start` and `end` are cursors as text; the records lost lie after `start`, up to and with
    `end`. `lost` is None where the numbering cannot tell; with `exact` false it is an upper
    bound, since a filter could have left some of them out anyway.
    """

    reason: GapReason
    start: str | None = None
    end: str | None = None
    lost: int | None = None
    exact: bool = True


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Gap)


def encode(gap: Gap) -> bytes:
    return _encoder.encode(gap)


def decode(line: bytes) -> Gap:
    """Raises msgspec.DecodeError where the bytes are no gap."""
    return _decoder.decode(line)
