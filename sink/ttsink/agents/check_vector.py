"""One configuration of Vector: read, judged, its VRL run, validated and run on its sample."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ttsink.agents import program as agent_program
from ttsink.agents import trial, vector_config, vector_flow
from ttsink.agents.check_trial import NO_SAMPLE, Opened, Tools, compared, dumped, not_run, workplace
from ttsink.agents.finding import Finding, failed, proved, unproved
from ttsink.agents.sample import Sample
from ttsink.agents.throwaway import throwaway
from ttsink.agents.trial import Trial
from ttsink.agents.vector_config import Config
from ttsink.agents.vrl import MISSING, VrlError

USER_AGENT: Final = "Vector/0.58.0 (check)"
AGENT: Final = "vector"
OPTION: Final = "--vector-bin"
CONFIG_ERROR: Final = 78
"""sysexits' EX_CONFIG, with which Vector ends for a configuration it refuses."""


async def check(opened: Opened, config: Config, tools: Tools) -> AsyncIterator[Finding]:
    said = [*vector_config.look(config, opened.text)]
    for finding in said:
        yield finding
    if not any(finding.kind == "failed" for finding in said):
        yield proved("the sink has only options that 0.45 to 0.58 know, and cannot stall others")
    if tools.vrl is None:
        yield unproved(MISSING)
    else:
        for finding in vector_flow.compiled(config, tools.vrl):
            yield finding
        for finding in vector_flow.unit_tests(config, tools.vrl):
            yield finding
    if tools.vector is None:
        yield not_run(AGENT, OPTION)
    elif config.get("sources"):
        async for finding in _validated(opened, config, tools.vector):
            yield finding
    if opened.sample is None:
        if config.get("sources"):
            yield unproved(NO_SAMPLE)
        return
    if tools.vrl is not None and opened.sample.events:
        async for finding in _through_vrl(config, opened.sample, tools):
            yield finding
    if tools.vector is not None:
        async for finding in _run(config, opened.sample, tools):
            yield finding


async def _through_vrl(config: Config, sample: Sample, tools: Tools) -> AsyncIterator[Finding]:
    """The events a source makes, through the transforms, as the http sink sends them."""
    assert tools.vrl is not None
    flow = vector_flow.Flow(config, tools.vrl)
    async with throwaway() as sink:
        for name in vector_config.our_sinks(config):
            try:
                with agent_program.variables_set(sample.env):
                    events = flow.delivered(name, sample.events)
            except (VrlError, vector_flow.Unknown, KeyError) as error:
                told = unproved if isinstance(error, vector_flow.Unknown) else failed
                yield told(f"sinks.{name}: {error}")
                return
            status = await sink.post("/ingest", vector_flow.encoded(events), USER_AGENT)
            if status != 200:
                yield failed(f"sinks.{name}: its batch was answered {status}")
        how = "ran the sources' events through VRL"
        for finding in await compared(sample, sink, await sink.records(), how):
            yield finding


def _prepared(config: Config, folder: Path, place: Trial, *, feed: bool) -> dict[str, Any]:
    secrets = msgspec.json.encode(trial.vector_secrets(config))
    (folder / "secrets.json").write_bytes(secrets)
    (folder / "vector-data").mkdir(exist_ok=True)
    return trial.vector(config, place, feed=feed)


async def _validated(opened: Opened, config: Config, program: str) -> AsyncIterator[Finding]:
    """Vector's own validator and unit tests; secrets are looked up even there."""
    with workplace(None) as folder:
        held = _prepared(config, folder, Trial(str(folder), "127.0.0.1", 9), feed=False)
        if config.get("tests"):
            held["tests"] = config["tests"]
        path = folder / opened.path.with_suffix(".yaml").name
        path.write_text(dumped(held), encoding="utf-8")
        words = [program, "validate", "--no-environment", str(path)]
        ended = await agent_program.run(words, opened.path.parent, {})
        if ended.status:
            yield failed(f"vector validate ended with {ended.status}: {ended.text}")
        else:
            yield proved("vector validate passes")
        if config.get("tests"):
            ended = await agent_program.run([program, "test", str(path)], opened.path.parent, {})
            if ended.status:
                yield failed(f"vector test ended with {ended.status}: {ended.text}")
            else:
                yield proved("vector test passes")


async def _run(config: Config, sample: Sample, tools: Tools) -> AsyncIterator[Finding]:
    assert tools.vector is not None
    sources = config.get("sources") or {}
    others = {name: each for name, each in sources.items() if each["type"] not in trial.VECTOR_RUNS}
    stdin = sample.stdin
    if others:
        kinds = ", ".join(str(each["type"]) for each in others.values())
        fed = next(iter(others)) if len(sources) == 1 else ""
        if fed not in sample.events:
            yield unproved(f"vector did not run the sample: {kinds} needs its system")
            return
        yield unproved(f"{kinds} needs its system; its events were given to vector as JSON instead")
        stdin = b"\n".join(map(msgspec.json.encode, sample.events[fed])) + b"\n"
    with workplace(sample) as folder:
        token = any("auth" in each for each in vector_config.our_sinks(config).values())
        async with throwaway(token=token) as sink:
            place = Trial(str(folder), sink.host, sink.port)
            path = folder / "vector.yaml"
            held = _prepared(config, folder, place, feed=bool(others))
            path.write_text(dumped(held), encoding="utf-8")
            async with agent_program.running(
                [tools.vector, "--config", str(path)], folder, sample.env, stdin
            ) as program:
                got = await sink.until(len(sample.expected), tools.seconds, program.ended)
            findings = await compared(sample, sink, got, "ran vector on the sample")
            for finding in findings:
                yield finding
            if any(finding.kind == "failed" for finding in findings):
                yield failed(f"its log says:\n{agent_program.complaints(program.said())}")
