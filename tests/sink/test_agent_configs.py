"""The configurations in configs/, proved without an agent, and by the agents where they are.

Nothing here changes a configuration but what a trial needs: its folder and the sink's address.
"""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.agents import CONFIGS, not_proven, program
from ttsink.agents import check, fluentbit_config, sample, vector_config, vrl
from ttsink.agents.check_trial import Tools
from ttsink.agents.fluentbit_config import FluentBit

FILES = check.found([CONFIGS])
NAMES = [str(path.relative_to(CONFIGS)) for path in FILES]
BLOCKS = {"sink-block.yaml", "output-block.yaml", "output-block.conf"}
VECTOR = sorted((CONFIGS / "vector").glob("*.yaml"))
FLUENT_BIT = [path for path in FILES if path.parent.name == "fluentbit"]


def load(path: Path) -> dict[str, Any]:
    held: dict[str, Any] = yaml.safe_load(path.read_text())
    return held


@pytest.mark.parametrize("path", FILES, ids=NAMES)
async def test_every_configuration_holds_as_far_as_no_agent_is_needed(path: Path) -> None:
    checked = await check.check(path, Tools(vrl=vrl.Vrl()))

    assert checked.of("failed") == []
    assert checked.of("proved")
    if path.name not in BLOCKS:
        assert any(
            "records as expected" in text or "records and" in text for text in checked.of("proved")
        )


def test_every_place_logs_come_from_has_its_pipeline() -> None:
    assert {"files", "stdin", "docker", "kubernetes", "journald", "opentelemetry"} <= {
        path.stem for path in VECTOR
    }
    assert {"airflow", "celery", "jenkins", "rq", "sidekiq", "slurm"} <= {p.stem for p in VECTOR}
    for suffix in ("yaml", "conf"):
        assert {path.stem for path in FLUENT_BIT if path.suffix == f".{suffix}"} == {
            *("files", "stdin", "docker", "kubernetes", "systemd", "opentelemetry", "output-block")
        }


@pytest.mark.parametrize("path", VECTOR, ids=lambda path: path.stem)
def test_each_vector_pipeline_has_the_very_block_that_is_there_to_paste(path: Path) -> None:
    block = load(CONFIGS / "vector/sink-block.yaml")
    held = load(path)

    assert held["secret"] == block["secret"]
    assert {**held["sinks"]["tracetail"], "inputs": ["your_source"]} == block["sinks"]["tracetail"]
    assert path.name in BLOCKS or held["tests"]


def test_the_block_cannot_stall_what_shares_its_sources() -> None:
    """Vector's reference: when_full block stops every sink of a source; retries have no end."""
    sink = load(CONFIGS / "vector/sink-block.yaml")["sinks"]["tracetail"]

    assert sink["buffer"]["when_full"] == "drop_newest"
    assert sink["acknowledgements"] == {"enabled": False}
    assert sink["healthcheck"] == {"enabled": False}
    waits = sum(
        min(wait, sink["request"]["retry_max_duration_secs"])
        for wait in (1, 2, 3)[: sink["request"]["retry_attempts"]]
    )
    attempts = 1 + sink["request"]["retry_attempts"]
    assert waits == 6
    assert waits + attempts * sink["request"]["timeout_secs"] == 26


@pytest.mark.parametrize("stem", sorted({path.stem for path in FLUENT_BIT}))
def test_both_forms_of_a_fluent_bit_configuration_say_the_same(stem: str) -> None:
    classic = fluentbit_config.from_classic((CONFIGS / f"fluentbit/{stem}.conf").read_text())
    text = (CONFIGS / f"fluentbit/{stem}.yaml").read_text()
    held = fluentbit_config.from_yaml(check.load_yaml(text, texts=True))

    def plugins(one: FluentBit) -> list[tuple[str, dict[str, str]]]:
        return [
            (each.kind, {key: value for key, value in each.rows if key != "parsers_file"})
            for each in one.sections
            if each.kind not in {"parser", "multiline_parser"}
        ]

    assert plugins(held) == plugins(classic)
    parsers = fluentbit_config.from_classic((CONFIGS / "fluentbit/parsers.conf").read_text())
    assert set(held.of("parser")) <= set(parsers.of("parser"))


# Two builds of VRL: vrl-python has that of Vector 0.50, pyvrl that of about 0.38.

Engine = Callable[[str, dict[str, Any]], Any]
ENDING = '\n. = {"out": encode_json(.)}\n.'


def second_engine() -> Engine | None:
    try:
        package = importlib.import_module("pyvrl")
    except ImportError:
        return None
    return lambda text, event: package.Transform(text).remap(event)


@pytest.mark.parametrize("path", VECTOR, ids=lambda path: path.stem)
def test_two_builds_of_vrl_make_the_same_of_every_sample(path: Path) -> None:
    other = second_engine()
    if other is None:
        pytest.skip("not proven: no second VRL build for this Python; pyvrl has wheels to 3.11")
    folder = path.parent / "samples" / path.stem
    held = load(path)
    events = (
        [event for rows in sample.read(folder).events.values() for event in rows]
        if folder.is_dir()
        else []
    )
    first = vrl.Vrl()
    for name, transform in (held.get("transforms") or {}).items():
        assert events, name
        for event in events:
            out = other(transform["source"] + ENDING, dict(event))
            assert json.loads(out["out"]) == first.run(transform["source"], event).event


@pytest.mark.parametrize("path", VECTOR, ids=lambda path: path.stem)
def test_no_program_holds_what_an_older_vector_would_fill_in(path: Path) -> None:
    for each in vector_config.programs(load(path)):
        assert not vector_config.interpolated(each.text), each.place


# The agents themselves.


@pytest.mark.parametrize("path", FLUENT_BIT, ids=lambda path: path.name)
async def test_fluent_bit_itself_delivers_every_sample(path: Path) -> None:
    found = program("fluent-bit")
    if found is None:
        pytest.skip(not_proven("fluent-bit"))

    checked = await check.check(path, Tools(fluent_bit=found))

    assert checked.of("failed") == []
    if path.stem == "systemd":
        assert any("journal" in text for text in checked.of("unproved"))
    else:
        assert "fluent-bit --dry-run passes" in checked.of("proved")
        assert checked.of("unproved") == []


@pytest.mark.parametrize("path", VECTOR, ids=lambda path: path.stem)
async def test_vector_itself_delivers_every_sample(path: Path) -> None:
    found = program("vector")
    if found is None:
        pytest.skip(not_proven("vector"))

    checked = await check.check(path, Tools(vector=found))

    assert checked.of("failed") == []
    assert path.name in BLOCKS or "vector validate passes" in checked.of("proved")
