"""Writes what the screen shows to a file."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from ttview import line
from ttwire import record
from ttwire.record import Record

JSON_ENDINGS: Final = frozenset({".json", ".jsonl", ".ndjson"})


class Saved(NamedTuple):
    """`path` is None where nothing was written; `detail` is for the person who asked."""

    path: Path | None
    detail: str


def save(path: Path, records: Iterable[Record]) -> Saved:
    """One record a line: JSON where the name ends so, else text.

    Never over a file that is there, and for the owner's eyes only: logs hold what they hold.
    """
    target = path.expanduser()
    as_json = target.suffix.lower() in JSON_ENDINGS
    count = 0
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for found in records:
                if as_json:
                    file.write(record.encode(found) + b"\n")
                else:
                    file.write((line.text(found) + "\n").encode("utf-8", "replace"))
                count += 1
    except FileExistsError:
        return Saved(None, f"{target} is there already; choose another name")
    except OSError as error:
        return Saved(None, f"cannot write {target}: {error.strerror}")
    return Saved(target, f"{count:,} records written to {target}")
