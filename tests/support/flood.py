"""One job at a hundred times the others' pace: what is left of the others in the end."""

from typing import NamedTuple

from ttsink.store.batch import Stored, of_records
from ttsink.store.retention import Retention
from ttsink.store.view import View
from ttwire.record import Record, decode

QUIET_JOBS = 40
FLOOD_SHARE = 100


class Flooded(NamedTuple):
    """`lost` counts the newest `keep` records of quiet jobs that are gone; it is to be 0."""

    records: int
    retained: int
    lost: int
    over_budget: int


def flood(records: int, keep: int, retention: Retention) -> Flooded:
    """Records come in batches of 1000, every 101st for a quiet job, in turn."""
    view = View("e", retention)
    newest: dict[str, list[int]] = {f"quiet-{n}": [] for n in range(QUIET_JOBS)}
    over = 0
    seq = 0
    while seq < records:
        batch = []
        for _ in range(1_000):
            seq += 1
            if seq % (FLOOD_SHARE + 1):
                batch.append(Record(job="loud", worker="w-1", message=f"{seq} of very many alike"))
                continue
            job = f"quiet-{seq // (FLOOD_SHARE + 1) % QUIET_JOBS}"
            newest[job] = [*newest[job][1 - keep :], seq]
            batch.append(Record(job=job, worker=f"w-{seq % 7}", message=str(seq)))
        view.apply(Stored(seq - len(batch) + 1, of_records(batch), seq / 1_000))
        over += view.bytes > retention.max_bytes
    lost = 0
    for job, wanted in newest.items():
        ring = view.jobs.find(job)
        held = {int(decode(entry.line).message) for entry in ring.entries} if ring else set()
        lost += len(set(wanted) - held)
    return Flooded(seq, view.order.live, lost, over)
