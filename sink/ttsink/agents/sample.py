"""Sample input of an agent's configuration, and the records it should become.

A folder `samples/NAME/` beside `NAME.yaml` or `NAME.conf` holds some of these:

- `root/`: files, where the agent's machine has them (`root/var/log/jobs/nightly.log`)
- `stdin`: what the agent reads from its standard input
- `env`: variables of its environment, `NAME=value` a line
- `SOURCE.ndjson`: events as that source of Vector makes them, one a line
- `sent.ndjson`, `sent.logs.json`, `sent.traces.json`: what the agent posts to `/ingest`,
  `/v1/logs` and `/v1/traces`; recorded, or written in the shapes its documentation gives
- `expected.ndjson`: the records, one a line; `"*"` stands for any text
- `spans.ndjson`: the spans, one a line, with trace_id, span_id and name
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

Row = Mapping[str, Any]

MEMBERS: Final = (
    *("timestamp", "job", "worker", "queue", "attempt", "level", "message"),
    *("trace_id", "span_id", "truncated", "malformed"),
)
ANY: Final = "*"
EXPECTED: Final = "expected.ndjson"
SPANS: Final = "spans.ndjson"
SENT: Final = {
    "sent.ndjson": "/ingest",
    "sent.logs.json": "/v1/logs",
    "sent.traces.json": "/v1/traces",
}
MAX_SHOWN: Final = 5
"""Differences listed one by one."""


class SampleError(Exception):
    """A sample that cannot be read, in one line."""


class Sample(NamedTuple):
    folder: Path
    expected: Sequence[Row]
    spans: Sequence[Row]
    events: Mapping[str, Sequence[Row]]
    sent: Mapping[str, bytes]
    stdin: bytes | None
    root: Path | None
    env: Mapping[str, str]


def rows(path: Path) -> list[Row]:
    """Raises SampleError where a line is no object."""
    found: list[Row] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            try:
                found.append(msgspec.json.decode(line, type=dict[str, Any]))
            except msgspec.DecodeError as error:
                raise SampleError(f"{path}: line {number} is no JSON object: {error}") from None
    return found


def read(folder: Path) -> Sample:
    """Raises SampleError."""
    try:
        spans = folder / SPANS
        stdin = folder / "stdin"
        root = folder / "root"
        known = {EXPECTED, SPANS, *SENT}
        return Sample(
            folder,
            rows(folder / EXPECTED),
            rows(spans) if spans.exists() else [],
            {
                path.name.removesuffix(".ndjson"): rows(path)
                for path in sorted(folder.glob("*.ndjson"))
                if path.name not in known
            },
            {SENT[name]: (folder / name).read_bytes() for name in SENT if (folder / name).exists()},
            stdin.read_bytes() if stdin.exists() else None,
            root if root.is_dir() else None,
            _env(folder / "env"),
        )
    except OSError as error:
        raise SampleError(f"{error.filename}: {error.strerror}") from None


def _env(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").split()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def differences(expected: Sequence[Row], got: Sequence[Row]) -> list[str]:
    """What is missing, extra or different, in sentences; empty where all is as expected.

    The order is left out: no agent keeps it.
    """
    rest = list(got)
    unmet: list[Row] = []
    for row in expected:
        place = next((at for at, each in enumerate(rest) if fits(row, each)), None)
        if place is None:
            unmet.append(row)
        else:
            del rest[place]
    said: list[str] = []
    for row in unmet:
        near = _nearest(row, rest)
        if near is None:
            said.append(f"missing: {_shown(row)}")
        else:
            rest.remove(near)
            said.append(f"different: {_different(row, near)}; of {_shown(row)}")
    said += [f"extra: {_shown(row)}" for row in rest]
    if len(said) > MAX_SHOWN:
        return [*said[:MAX_SHOWN], f"and {len(said) - MAX_SHOWN} more"]
    return said


def fits(expected: Row, got: Row) -> bool:
    return all(_same(expected.get(name), got.get(name)) for name in MEMBERS)


def _same(expected: object, got: object) -> bool:
    if expected == ANY:
        return bool(got)
    return expected == got


def _nearest(expected: Row, rest: Sequence[Row]) -> Row | None:
    """The record with the same message, whose other members are told apart then."""
    for row in rest:
        if row.get("message") == expected.get("message"):
            return row
    return None


def _different(expected: Row, got: Row) -> str:
    return ", ".join(
        f"{name} is {_value(got.get(name))}, expected {_value(expected.get(name))}"
        for name in MEMBERS
        if not _same(expected.get(name), got.get(name))
    )


def _value(value: object) -> str:
    return "absent" if value is None else msgspec.json.encode(value).decode()


def _shown(row: Row) -> str:
    return msgspec.json.encode(
        {name: row[name] for name in ("job", "worker", "level", "message") if row.get(name)}
    ).decode()


def mapped(got: Sequence[Row]) -> str:
    """How many of the records have each member."""
    counts = {name: sum(1 for row in got if row.get(name)) for name in MEMBERS}
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
