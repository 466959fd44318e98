"""Records to a file: JSON lines, or text as it is read on the screen."""

from collections.abc import Sequence
from pathlib import Path

from ttview.sanitise import visible_lines
from ttwire import record as wire
from ttwire.record import Record


def save(path: str, records: Sequence[Record]) -> int:
    """Writes a new file and returns how many records are in it.

    Raises:
        OSError: the file is there already, or cannot be written.
    """
    target = Path(path).expanduser()
    with target.open("xb") as file:
        if target.suffix in {".json", ".jsonl", ".ndjson"}:
            file.write(wire.encode_lines(list(records)))
        else:
            for record in records:
                file.write(line(record).encode())
    return len(records)


def line(record: Record) -> str:
    """One record as text; its further lines are indented."""
    head = (
        record.timestamp or record.received,
        (record.level or "-").upper().ljust(5),
        record.job or "-",
        record.worker or "-",
    )
    first, *more = visible_lines(record.message, 10_000, 1 << 20)
    text = "\n    ".join([" ".join(map(_one_line, head)) + f" {first}", *more])
    return f"{text}\n"


def _one_line(text: str) -> str:
    return visible_lines(text, 1, 500)[0]
