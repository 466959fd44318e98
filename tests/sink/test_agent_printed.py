"""What `ttsink config AGENT` prints passes the checks that the files in configs/ pass."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from support.agents import CONFIGS, not_proven, program
from support.programs import environment, run
from ttsink.agents import check, vrl
from ttsink.agents import config as agent_config
from ttsink.agents.check_trial import Tools
from ttsink.agents.config import SOURCES, Form, Unfit, Wanted
from ttsink.agents.finding import Checked

FORMS: dict[str, tuple[Form, ...]] = {"fluent-bit": ("yaml", "classic")}
EVERY = [
    Wanted(agent, source, form)
    for agent, sources in SOURCES.items()
    for source in sources
    for form in FORMS.get(agent, ("yaml",))
    if source != "parsers"
]


def ids(wanted: Wanted) -> str:
    return f"{wanted.agent}-{wanted.source}-{wanted.form}"


def printed(wanted: Wanted) -> str:
    return agent_config.fill(
        (agent_config.folder() / agent_config.template(wanted)).read_text(), wanted
    )


async def checked(wanted: Wanted, folder: Path, **tools: Any) -> Checked:
    """The text as a user saves it, with the sample of the file it was made from."""
    source = agent_config.folder() / agent_config.template(wanted)
    path = folder / source.name
    path.write_text(printed(wanted))
    if source.suffix == ".conf" and wanted.agent == "fluent-bit":
        shutil.copy(source.with_name("parsers.conf"), folder)
    sample = source.parent / "samples" / source.stem
    return await check.check(
        path, Tools(vrl=vrl.Vrl(), **tools), sample if sample.is_dir() else None
    )


@pytest.mark.parametrize("wanted", EVERY, ids=ids)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"url": "https://logs.example.org", "token_file": "/etc/tracetail/token"},
        {"url": "http://logs.example.org:9000", "token_file": "/etc/tracetail/token.json"},
    ],
    ids=["open", "token", "json"],
)
async def test_what_is_printed_holds(
    wanted: Wanted, options: dict[str, Any], tmp_path: Path
) -> None:
    wanted = wanted._replace(**options)

    found = await checked(wanted, tmp_path)

    assert found.of("failed") == []
    text = printed(wanted)
    assert ("8484" in text) == (not options) or wanted.source == "opentelemetry"
    assert ("earer" in text) == bool(options)


@pytest.mark.parametrize("source", SOURCES["vector"])
async def test_a_job_field_becomes_a_tested_transform(source: str, tmp_path: Path) -> None:
    wanted = Wanted("vector", source, job_field="ctx.task")
    path = tmp_path / "vector.yaml"
    path.write_text(printed(wanted))

    found = await check.check(path, Tools(vrl=vrl.Vrl()))

    assert found.of("failed") == []
    assert "inputs: [tracetail_job]\n    uri" in path.read_text()


@pytest.mark.parametrize("source", ["files", "stdin", "docker", "kubernetes"])
async def test_a_job_field_is_found_in_the_line_by_fluent_bit_itself(
    source: str, tmp_path: Path
) -> None:
    found = program("fluent-bit")
    if found is None:
        pytest.skip(not_proven("fluent-bit"))
    wanted = Wanted("fluent-bit", source, job_field="trace_id")

    result = await checked(wanted, tmp_path, fluent_bit=found)

    # The sample's only line with such a field names a job of its own, which wins.
    assert result.of("failed") == []
    assert "fluent-bit --dry-run passes" in result.of("proved")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("vector", "systemd"), "vector has no source systemd; it has block, files"),
        (Wanted("vector", form="classic"), "only fluent-bit has a classic form"),
        (Wanted("vector", url="logs:8484"), "expected http://HOST:PORT"),
        (Wanted("vector", url="http://h/other"), "the path is added"),
        (Wanted("vector", job_field="a b"), "expected a field's name"),
        (Wanted("vector", token_file="token"), "expected an absolute path"),
        (Wanted("vector", "docker", path="/x/*.log"), "--path is for the source files"),
        (Wanted("fluent-bit", job_field="x"), '[fields] job = ["x"]'),
        (Wanted("fluentd", "files", job_field="x"), '[fields] job = ["x"]'),
        (Wanted("otel-collector", "opentelemetry", job_field="x"), '[fields] job = ["x"]'),
    ],
    ids=str,
)
def test_options_that_do_not_go_together_are_told(wanted: Wanted, said: str) -> None:
    with pytest.raises(Unfit) as refused:
        printed(wanted)

    assert said in str(refused.value)


async def test_the_command_prints_the_block_and_names_a_near_source(tmp_path: Path) -> None:
    env = environment(tmp_path)

    block = await run(
        "ttsink", ["config", "vector", "--token-file", "/etc/vector/tracetail.json"], env
    )
    wrong = await run("ttsink", ["config", "fluent-bit", "--source", "filez"], env)
    listed = await run("ttsink", ["config", "--help"], env)

    assert (block.status, block.out.decode()) == (
        0,
        (CONFIGS / "vector/sink-block.yaml").read_text(),
    )
    assert wrong.status == 2
    assert "did you mean 'files'?" in wrong.err
    assert all(agent.encode() in listed.out for agent in SOURCES)
