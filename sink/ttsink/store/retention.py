"""The bounds of what the rings keep; each is visible in `/api/info` and counted where it bites."""

from typing import Annotated, Final

from msgspec import Meta

from ttsink.section import Section, option

KIB: Final = 1024
MIB: Final = 1024 * KIB


class Retention(Section, frozen=True, kw_only=True):
    """Bounds of the view, in records, bytes and keys.

    Bytes are real ones: a record counts with its line and `ring.ENTRY_BYTES` for the objects
    around it, so that `max_bytes` bounds the resident memory and not only the text.

    Args:
        max_ring_records: Newest records kept of one job, one worker, and of all together.
        max_ring_bytes: Likewise in bytes; whichever bites first.
        max_bytes: Of all rings together; a record in several rings counts once.
        max_rings: Of each kind.  Past it the least recently written ring that nobody reads
            becomes a tombstone: its records go, its account stays.
        max_tombstones: Of each kind.  Past it the oldest account is added to the overflow's.
        max_new_rings_per_second: Keys invented by a stranger must not push out real ones.
            Records of keys past it go to the overflow ring.
        new_rings_burst: As many at once, so that a fresh sink meets a whole cluster.
    """

    max_ring_records: Annotated[
        int, Meta(ge=1), option("Newest records kept of one job or worker.")
    ] = 10_000
    max_ring_bytes: Annotated[int, Meta(ge=1024), option("Likewise in bytes.")] = 8 * MIB
    max_bytes: Annotated[int, Meta(ge=64 * KIB), option("Memory of all rings together.")] = (
        256 * MIB
    )
    max_rings: Annotated[
        int, Meta(ge=2), option("Jobs, and workers, of which records are kept.")
    ] = 2_000
    max_tombstones: Annotated[
        int, Meta(ge=1), option("Jobs, and workers, of which only the account is kept.")
    ] = 8_000
    max_new_rings_per_second: Annotated[
        float, Meta(gt=0), option("New jobs, and workers, that get a ring of their own.")
    ] = 200.0
    new_rings_burst: Annotated[int, Meta(ge=1), option("As many new ones at once.")] = 2_000


DEFAULT: Final = Retention()
