"""What keeping job state costs intake: microseconds a record, for few and for many jobs.

Run: python tests/bench/bench_states.py [BATCHES]
"""

import argparse
import time
from collections.abc import Sequence

from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import KeyStates
from ttsink.store.batch import Stored, of_records
from ttwire.record import Record

BATCH = 1000


def batch(number: int, jobs: int) -> list[Record]:
    texts = (
        "sent digest to recipient batch 17 of account 48213 with template weekly",
        "loaded 3 line items from the warehouse in 41 ms",
        "job started",
        "cache miss for key session, falling back to the database",
    )
    return [
        Record(
            timestamp="2026-01-02T03:04:05.123456Z",
            received="2026-01-02T03:04:05.623456Z",
            job=f"email-digest-{(number * BATCH + i) % jobs}",
            worker=f"w-{i % 12}",
            queue="mail",
            attempt=1,
            level="info",
            message=texts[3 if i % 10 else 2] if i % 4 else texts[i % 2],
            trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
            fields={"duration_ms": 41.5, "code": 200},
        )
        for i in range(BATCH)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("batches", type=int, nargs="?", default=50, help="of 1000 records")
    batches = parser.parse_args(arguments).batches
    for jobs in (1, 100, 2_000, 100_000):
        states = KeyStates(Lifecycle(BUILT_IN))
        made = [of_records(batch(number, jobs)) for number in range(batches)]
        start = time.perf_counter()
        first = 1
        for number, each in enumerate(made):
            states.applied(Stored(first, each, 1_000.0 + number))
            first += len(each)
        spent = time.perf_counter() - start
        print(f"apply jobs={jobs:<7d} {spent / (batches * BATCH) * 1e6:8.3f} us/record")
        start = time.perf_counter()
        states.check(5_000.0)
        print(f"check jobs={jobs:<7d} {(time.perf_counter() - start) * 1e3:8.3f} ms")


if __name__ == "__main__":
    main()
