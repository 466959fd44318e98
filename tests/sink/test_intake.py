"""Any bytes at all: an answer, never an exception, and no good line lost beside a bad one."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ttsink.bodies.limits import BodyRefused
from ttsink.dialects.dialect import Dialects
from ttsink.intake.admission import Refused
from ttsink.intake.intake import Intake, Posted, Taken, limits
from ttsink.intake.preparation import Preparation
from ttsink.intake.prepare import Preparer
from ttsink.metrics import Metrics
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttsink.settings import IngestSettings
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.store.log import MemoryLog
from ttsink.store.view import View

GOOD = {"job": "digest-1", "message": "a good line"}
REDACTOR = Redactor(RedactionSettings(), b"k" * 32)
DIALECTS = Dialects()
LIFECYCLE = Lifecycle(BUILT_IN)
EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.integers(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=12,
)


class Kept:
    """What an intake gave to its log, and what it answered."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.answer: Taken | None = None
        self.status = 200
        self.failures = 0.0


def posted(body: bytes, encoding: str = "", content_type: str = "") -> Kept:
    return asyncio.run(_posted(body, encoding, content_type))


async def _posted(body: bytes, encoding: str, content_type: str) -> Kept:
    log = MemoryLog()
    await log.open()
    metrics = Metrics()
    intake = Intake(
        settings=IngestSettings(),
        preparation=Preparation(
            lambda: Preparer(DIALECTS, REDACTOR, LIFECYCLE, limits(IngestSettings()))
        ),
        log=log,
        view=View("e"),
        metrics=metrics,
    )
    kept = Kept()
    ticket = intake.admit("peer", len(body))
    batch = intake.begin("key")
    try:
        kept.answer = await intake.take(
            Posted("batch", body, encoding, content_type, None, "peer", batch.batch_id), ticket
        )
    except (Refused, BodyRefused) as error:
        kept.status = error.status
    finally:
        ticket.release()
    await log.aclose()
    async for stored in log.entries():
        kept.messages += [record.message for record in stored.batch.records()]
    kept.failures = sum(
        sample.value
        for family in metrics.registry.collect()
        if family.name == "ttsink_internal_errors"
        for sample in family.samples
        if sample.name.endswith("_total")
    )
    return kept


@EXAMPLES
@given(st.binary(max_size=400), st.sampled_from(["", "gzip", "zstd", "snappy", "deflate", "br"]))
def test_any_bytes_get_an_answer_and_no_stage_fails(body: bytes, encoding: str) -> None:
    kept = posted(body, encoding)

    assert kept.status in {200, 400, 413, 415}
    assert kept.failures == 0


@EXAMPLES
@given(st.lists(values, max_size=6), st.binary(max_size=60).filter(lambda b: b"\n" not in b))
def test_good_lines_are_kept_beside_whatever_else_comes(others: list[Any], bad: bytes) -> None:
    good = json.dumps(GOOD).encode()
    lines = [good, *(json.dumps(other).encode() for other in others), bad, good]

    kept = posted(b"\n".join(lines), content_type="application/x-ndjson")

    assert kept.status == 200
    assert kept.failures == 0
    assert kept.messages.count("a good line") >= 2


@EXAMPLES
@given(st.dictionaries(st.text(), values, max_size=8))
def test_any_object_becomes_one_record(value: dict[str, Any]) -> None:
    kept = posted(json.dumps([value, GOOD]).encode(), content_type="application/json")

    assert kept.failures == 0
    assert kept.answer is not None
    assert kept.answer.accepted >= 1
    assert "a good line" in kept.messages
