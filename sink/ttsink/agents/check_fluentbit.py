"""One configuration of Fluent Bit: read, judged, validated and run on its sample."""

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from ttsink.agents import fluentbit_check, fluentbit_config, trial
from ttsink.agents import program as agent_program
from ttsink.agents.check_trial import (
    NO_SAMPLE,
    Opened,
    Tools,
    compared,
    dumped,
    not_run,
    replayed,
    workplace,
)
from ttsink.agents.finding import Finding, failed, proved, unproved
from ttsink.agents.fluentbit_config import FluentBit, Section
from ttsink.agents.sample import Sample
from ttsink.agents.throwaway import throwaway
from ttsink.agents.trial import TOKEN, Trial

USER_AGENT: Final = "Fluent-Bit"
AGENT: Final = "fluent-bit"
OPTION: Final = "--fluent-bit-bin"
NEEDS_SYSTEM: Final = {"systemd": "a journal", "forward": "a sender", "syslog": "a sender"}
UNKNOWN_PLUGIN: Final = "plugin name that doesn't exist"


async def check(opened: Opened, held: FluentBit, tools: Tools) -> AsyncIterator[Finding]:
    held, problems = with_parsers(held, opened.path.parent)
    sample = opened.sample
    given = {**os.environ, **(sample.env if sample else {})}
    said = [*problems, *fluentbit_check.look(held, given)]
    for finding in said:
        yield finding
    if not any(finding.kind == "failed" for finding in said):
        sections = sum(1 for each in held.sections if each.kind in {"input", "filter", "output"})
        yield proved(f"{sections} plugins have only properties they know")
    block = not held.of("input")
    if tools.fluent_bit is None:
        yield not_run(AGENT, OPTION)
    else:
        async for finding in _dry_run(opened, held, tools.fluent_bit):
            yield finding
    if sample is None:
        if not block:
            yield unproved(NO_SAMPLE)
        return
    async with throwaway() as sink:
        for finding in await replayed(sample, sink, USER_AGENT):
            yield finding
    if tools.fluent_bit is not None:
        async for finding in _run(opened, held, sample, tools):
            yield finding


def with_parsers(held: FluentBit, folder: Path) -> tuple[FluentBit, list[Finding]]:
    """With the sections of its parsers files, which lie where the configuration does."""
    more: list[Section] = []
    problems = []
    for key, name in held.service.rows:
        if key == "parsers_file":
            try:
                text = (folder / name).read_text(encoding="utf-8")
                more += fluentbit_config.from_classic(text).sections
            except (OSError, UnicodeDecodeError, fluentbit_config.FormatError) as error:
                problems.append(failed(f"service: parsers_file {name}: {error}"))
    return FluentBit((*more, *held.sections), held.env), problems


async def _dry_run(opened: Opened, held: FluentBit, program: str) -> AsyncIterator[Finding]:
    names = {each.text.partition(":")[0] for each in fluentbit_config.variables(held)}
    ended = await agent_program.run(
        [program, "--dry-run", "-c", str(opened.path.resolve())],
        opened.path.parent,
        {name: os.environ.get(name, "x") for name in names},
    )
    if ended.status == 0:
        yield proved("fluent-bit --dry-run passes")
    elif UNKNOWN_PLUGIN in ended.text:
        yield unproved(f"this fluent-bit lacks a plugin: {agent_program.complaints(ended.text)}")
    else:
        yield failed(f"fluent-bit --dry-run: {agent_program.complaints(ended.text) or ended.text}")


async def _run(
    opened: Opened, held: FluentBit, sample: Sample, tools: Tools
) -> AsyncIterator[Finding]:
    absent = [NEEDS_SYSTEM[each.name] for each in held.of("input") if each.name in NEEDS_SYSTEM]
    if absent:
        yield unproved(f"fluent-bit did not run the sample: that takes {', '.join(absent)}")
        return
    with workplace(sample) as folder:
        token = any(key == "header" for each in held.of("output") for key, _ in each.rows)
        async with throwaway(token=token) as sink:
            place = Trial(str(folder), sink.host, sink.port, free_port())
            words = _written(opened, trial.fluentbit(held, place), folder)
            env = {**dict.fromkeys(trial.token_variables(held), TOKEN), **sample.env}
            assert tools.fluent_bit is not None
            async with agent_program.running(
                [tools.fluent_bit, "-c", words], folder, env, sample.stdin
            ) as program:
                await _offer(held, sample, place)
                got = await sink.until(len(sample.expected), tools.seconds, program.ended)
            findings = await compared(sample, sink, got, "ran fluent-bit on the sample")
            for finding in findings:
                yield finding
            notices = await sink.notices()
            for notice in notices:
                yield failed(f"the sink noticed {notice}")
            if any(finding.kind == "failed" for finding in findings):
                yield failed(f"its log says:\n{agent_program.complaints(program.said())}")


def _written(opened: Opened, held: FluentBit, folder: Path) -> str:
    """In the form it came in, so that the form is tried too."""
    if opened.path.suffix == ".conf":
        (folder / "parsers.conf").write_text(fluentbit_config.parsers_text(held), encoding="utf-8")
        sections = tuple(
            each.having(parsers_file="parsers.conf") if each.kind == "service" else each
            for each in held.sections
        )
        path = folder / "fluent-bit.conf"
        path.write_text(fluentbit_config.classic(FluentBit(sections, held.env)), encoding="utf-8")
    else:
        path = folder / "fluent-bit.yaml"
        path.write_text(dumped(fluentbit_config.as_yaml(held)), encoding="utf-8")
    for section in held.sections:
        for key in ("db", "storage.path"):
            if section.get(key):
                Path(section.get(key)).parent.mkdir(parents=True, exist_ok=True)
    return str(path)


async def _offer(held: FluentBit, sample: Sample, place: Trial) -> None:
    """OTLP requests go to the agent's own port, once it is open."""
    if not any(each.name == "opentelemetry" for each in held.of("input")):
        return
    for path, body in sample.sent.items():
        await agent_program.posted(f"http://{place.host}:{place.otlp_port}{path}", body)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
