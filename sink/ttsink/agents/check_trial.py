"""A sample on its way into a throw-away sink, and what came out of it."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from ttsink.agents.finding import Finding, failed, proved, unproved
from ttsink.agents.sample import Row, Sample, differences, mapped
from ttsink.agents.throwaway import Throwaway, missing_spans
from ttsink.agents.vrl import Vrl

NO_SAMPLE: Final = (
    "no sample was run: put one into samples/NAME beside the file, or name it with --sample"
)


class Tools(NamedTuple):
    """What is there to run; `seconds` is how long a pipeline may take to deliver a sample."""

    vector: str | None = None
    fluent_bit: str | None = None
    vrl: Vrl | None = None
    seconds: float = 20.0


class Opened(NamedTuple):
    path: Path
    text: str
    sample: Sample | None


async def compared(sample: Sample, sink: Throwaway, got: Sequence[Row], how: str) -> list[Finding]:
    """The records and spans that arrived against those that should; `how` says by which way."""
    wrong = differences(sample.expected, got)
    trace_ids = sorted({row["trace_id"] for row in sample.spans})
    wrong += missing_spans(sample.spans, await sink.spans(trace_ids))
    if wrong:
        return [failed(f"{how}: {each}") for each in wrong]
    counted = f"{len(got)} records"
    if sample.spans:
        counted += f" and {len(sample.spans)} spans"
    return [proved(f"{how}: {counted} as expected ({mapped(got)})")]


async def replayed(sample: Sample, sink: Throwaway, user_agent: str) -> list[Finding]:
    """What the agent sent when the sample was recorded, or what it documents to send."""
    if not sample.sent:
        return []
    for path, body in sample.sent.items():
        status = await sink.post(path, body, user_agent)
        if status != 200:
            return [failed(f"what is sent to {path} was answered {status}")]
    return await compared(sample, sink, await sink.records(), "replayed what the agent sends")


@contextmanager
def workplace(sample: Sample | None) -> Iterator[Path]:
    """A folder that stands for the machine's `/`, with the sample's files in it."""
    with tempfile.TemporaryDirectory(prefix="ttsink-check-") as name:
        folder = Path(name).resolve()
        if sample is not None and sample.root is not None:
            shutil.copytree(sample.root, folder, dirs_exist_ok=True)
        yield folder


def dumped(document: Any) -> str:
    import yaml  # noqa: PLC0415  an extra

    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def not_run(program: str, option: str) -> Finding:
    return unproved(f"{program} itself was not run: it is not on PATH, and {option} names none")
