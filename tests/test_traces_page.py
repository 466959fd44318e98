"""docs/traces.md is what the code does."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from ttsink.config import load
from ttsink.traces import traces
from ttsink.traces.backend import MAX_ANSWER_BYTES, SHAPES, Backend
from ttsink.traces.shapes import MAX_SPANS
from ttsink.traces.span_store import MIB, SpanSettings
from ttview import keys
from ttview.glyphs import ASCII, UNICODE
from ttview.trace import bar as spanbar
from ttview.trace import text as tracetext
from ttview.trace import waterfall
from ttwire import link
from ttwire.span import SourceState

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "traces.md").read_text("utf-8")


def table(title: str) -> Iterator[list[str]]:
    """The rows of the table whose first column has this title."""
    _, _, rest = PAGE.partition(f"| {title} |")
    for line in rest.split("\n")[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


def test_every_preset_is_told_with_what_it_needs() -> None:
    told = {code(name)[0]: tuple(code(values)) for name, _, values in table("preset")}

    assert told == {name: preset.needs for name, preset in link.PRESETS.items()}


def test_every_name_of_a_template_is_told() -> None:
    told = {code(name)[0].strip("{}"): text for name, text in table("name")}

    assert told == link.PLACEHOLDERS


def test_every_kind_of_backend_is_told_with_its_path_and_members() -> None:
    told = {code(kind)[0]: code(path)[0] for kind, path in table("kind")}

    assert told == {k: s.path.replace("{}", "{trace_id}") for k, s in SHAPES.items()}
    line = next(line for line in PAGE.splitlines() if line.startswith("A backend has"))
    assert set(code(line)) == set(Backend.__struct_fields__)


def test_every_state_of_a_source_is_told() -> None:
    assert {code(state)[0] for state, _ in table("state")} == set(get_args(SourceState))


def test_the_signs_are_the_ones_that_are_drawn() -> None:
    told = [code(sign) for sign, _ in table("sign")]

    assert told[0] == [UNICODE.states["failed"], ASCII.states["failed"]]
    assert told[2] == [spanbar._DOTS[0], "2", str(spanbar.MAX_COUNTED), spanbar._DOTS[1]]
    assert told[3] == [UNICODE.gap, ASCII.gap]
    assert told[4][0] == spanbar._SHADED


def test_the_keys_are_in_the_table() -> None:
    known = {
        spelled for key in keys.ALL if {"pane", "log"} & set(key.where) for spelled in key.keys
    }
    told = set(code(PAGE)) & {"gx", "T", "gl", "gy", "A", "d", "J", "K", "y", "i", "H", "/", "c"}

    assert len(told) == 13
    assert told <= known


@pytest.mark.parametrize("place", range(2))
def test_the_examples_are_configurations(place: int) -> None:
    example = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[place]
    settings = load(tables=tomllib.loads(example)).settings

    assert settings.links.effective() or settings.tracing.backends


def test_limits_are_the_ones_in_force() -> None:
    told = {row[0]: row[1] for row in table("limited")}
    spans = SpanSettings()
    timeout = msgspec.structs.asdict(Backend("jaeger", ""))["timeout_seconds"]

    assert told["spans kept of those sent here"].startswith(
        f"{spans.max_bytes // MIB} MiB, {spans.max_spans_per_trace:,} of one trace"
    )
    assert told["a backend's answer"].startswith(
        f"{MAX_ANSWER_BYTES // MIB} MiB, {MAX_SPANS:,} spans, {timeout:g} s"
    )
    assert told["records of a trace"].startswith(f"the newest {traces.MAX_TRACE_RECORDS:,};")
    assert told[f"a trace of more than {waterfall.MANY_SPANS} spans"]
    assert told["bars that `ttview trace` prints"] == f"{tracetext.MAX_SPANS:,}"
