"""Where intake's time goes: CPU microseconds a record of each stage, in one process.

No socket and no other process, and CPU time instead of the clock's, so that a busy machine
changes little. `floor` is what the floor of bench_intake.py does with a body.

    PYTHONPATH=sink:viewer:tests python tests/bench/bench_stages.py --jobs 100
"""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from bench.bench_intake import Flat, Shape, bodies
from ttsink.bodies.body import split_by_shape
from ttsink.bodies.encoding import decode
from ttsink.bodies.rows import Shapes
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.table import column, lines_of
from ttsink.intake.beside import GC_THRESHOLDS
from ttsink.intake.prepare import COLUMNS
from ttsink.intake.repeat import batch_key
from ttsink.redact.key import installation_key
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import KeyStates
from ttsink.store.batch import Batch, Columns, Stored, columns
from ttsink.store.view import View

RECEIVED = "2026-01-02T03:04:05.000000Z"


class Stages:
    """Sums of CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        begun = time.process_time()
        result = call(*arguments)
        taken = time.process_time() - begun
        self.seconds[name] = self.seconds.get(name, 0.0) + taken
        return result


def run(shape: Shape, batches: int, key: bytes) -> dict[str, float]:
    posted = bodies(shape)
    encoding = shape.encoding
    dialects = Dialects()
    redactor = Redactor(RedactionSettings(), key)
    shapes = Shapes()
    lifecycle = Lifecycle(BUILT_IN)
    states = KeyStates(lifecycle)
    view = View("bench")
    floor = msgspec.json.Decoder(Flat)
    stages = Stages()
    first = 1
    for number in range(batches):
        if number == batches // 4:
            stages.seconds.clear()  # warm
        body = posted[number % len(posted)]
        stages.timed("hash", batch_key, "/ingest", body)
        body = stages.timed("decompress", decode, body, encoding)
        if not shape.array:
            stages.timed("floor", floor.decode_lines, body)
        held = stages.timed("split", split_by_shape, shapes, body)
        records = stages.timed("dialect", _records, dialects, held.values)
        stages.timed("redact", redactor.records, records)
        text = stages.timed("encode", lines_of, records)
        verdicts = stages.timed("verdicts", lifecycle.verdicts, records)
        told = stages.timed("columns", _columns, records, verdicts)
        batch = Batch(text, told)
        stages.timed("lines", _lines, batch)
        stored = Stored(first, batch, float(number))
        first += len(batch)
        stages.timed("view", view.apply, stored)
        stages.timed("states", states.applied, stored)  # which counts some batches at once
    counted = (batches - batches // 4) * shape.batch
    return {name: seconds / counted * 1e6 for name, seconds in stages.seconds.items()}


def _records(dialects: Dialects, values: Any) -> Any:
    return dialects.records(values, received=RECEIVED, agent="vector")


def _columns(records: Any, verdicts: Any) -> Columns:
    given = {name: column(records, member) for member, name in COLUMNS.items()}
    return columns(**given, verdicts=verdicts)


def _lines(batch: Batch) -> list[bytes]:
    return batch.lines


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--encoding", choices=("", "gzip", "zstd"), default="")
    parser.add_argument("--hit-rate", type=float, default=0.0)
    parser.add_argument("--batches", type=int, default=80)
    options = parser.parse_args(arguments)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    shape = Shape(options.batch, options.jobs, options.encoding, options.hit_rate)
    with TemporaryDirectory() as folder:
        costs = run(shape, options.batches, installation_key(Path(folder)))
    for name, cost in costs.items():
        print(f"{name:<12} {cost:6.2f} us a record")
    print(f"{'sum':<12} {sum(costs.values()) - costs.get('floor', 0.0):6.2f} us a record")


if __name__ == "__main__":
    main()
