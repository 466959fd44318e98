"""`ttsink check`: what it finds, what it says, how it ends."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from support.agents import CONFIGS
from support.programs import ROOT, Done, environment, run
from ttsink.agents import check, check_report, fluentbit_check, fluentbit_config, vector_config, vrl
from ttsink.agents.check_trial import Tools
from ttsink.agents.finding import Checked, exit_status, failed, noted, proved, unproved
from ttsink.agents.fluentbit_config import FluentBit, FormatError

Change = Callable[[dict[str, Any]], None]


def found(path: str) -> dict[str, Any]:
    held: dict[str, Any] = yaml.safe_load((CONFIGS / path).read_text())
    return held


def put(*way: str | int, value: Any) -> Change:
    def change(held: dict[str, Any]) -> None:
        place: Any = held
        for step in way[:-1]:
            place = place[step]
        place[way[-1]] = value

    return change


def drop(*way: str) -> Change:
    def change(held: dict[str, Any]) -> None:
        place: Any = held
        for step in way[:-1]:
            place = place[step]
        del place[way[-1]]

    return change


SINK = ("sinks", "tracetail")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("sink", value={}), "sink: no such section of a Vector configuration; did you mean"),
        (put(*SINK, "type", value="console"), "no sink of type http"),
        (put(*SINK, "headers", value={}), "sinks.tracetail.headers: the http sink has no such"),
        (put(*SINK, "retry_strategy", value={}), "unknown before 0.56"),
        (put(*SINK, "batch", value={"max_byte": 1}), "batch.max_byte: no such option; did you"),
        (put(*SINK, "encoding", value={"codec": "ndjson"}), "ndjson is gone"),
        (put(*SINK, "encoding", value={"codec": "text"}), "text sends the message only"),
        (put(*SINK, "encoding", value={"codec": "native"}), "native; expected json"),
        (put(*SINK, "framing", value={"method": "bytes"}), "expected newline_delimited"),
        (drop(*SINK, "buffer"), "every sink of the same sources stops"),
        (put(*SINK, "buffer", value={"type": "disk", "when_full": "drop_newest"}), "at least 268"),
        (drop(*SINK, "request"), "one failing batch is tried for ever"),
        (put(*SINK, "acknowledgements", value={"enabled": True}), "makes your sources wait"),
        (put(*SINK, "uri", value="localhost/ingest"), "expected http://HOST:PORT/ingest"),
        (put(*SINK, "uri", value="http://h:8686/ingest"), "the port of Vector's own API"),
        (put(*SINK, "uri", value="http://h/%Y/ingest"), "% starts a date"),
        (put(*SINK, "uri", value="http://h/{{ job }}/ingest"), "from 0.57 on many are refused"),
        (put(*SINK, "auth", "token", value="${TOKEN}"), "sent as it stands from 0.57 on"),
        (drop("secret"), "names no backend of the section secret"),
        (
            put(*SINK, "request", "headers", value={"Authorization": "x"}),
            "together are an error",
        ),
        (put(*SINK, "inputs", value=["jobs"]), "jobs is no source or transform"),
        (put("transforms", "job", "source", value='.a = "$HOME"'), "'$HOME' is a variable"),
        (drop("tests"), "exits 0 where it finds no tests"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_mistake_of_a_vector_configuration_is_named(change: Change, said: str) -> None:
    held = found("vector/files.yaml")
    assert [f for f in vector_config.look(held, yaml.safe_dump(held)) if f.kind == "failed"] == []

    change(held)

    wrong = [f.text for f in vector_config.look(held, yaml.safe_dump(held)) if f.kind == "failed"]
    assert any(said in text for text in wrong), wrong


def test_a_variable_outside_of_the_sink_is_noted_only() -> None:
    held = found("vector/files.yaml")
    text = yaml.safe_dump(held) + "# ${NOT_THIS}\napi: {address: '${API}'}\n"

    told = [*vector_config.look(yaml.safe_load(text), text)]

    assert [(f.kind, f.text.partition(":")[0]) for f in told] == [("noted", "${API}")]


OUTPUT = ("pipeline", "outputs", 0)
INPUT = ("pipeline", "inputs", 0)


def as_read(held: dict[str, Any]) -> FluentBit:
    text = yaml.safe_dump(held)
    return fluentbit_config.from_yaml(yaml.load(text, Loader=yaml.BaseLoader))


def mistakes(held: dict[str, Any]) -> list[str]:
    return [
        f.text
        for f in fluentbit_check.look(as_read(held), {"TRACETAIL_TOKEN"})
        if f.kind == "failed"
    ]


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        ((*OUTPUT, "retry_limits"), "3", "retry_limits is no property of http; did you mean"),
        ((*OUTPUT, "format"), "ndjson", "Fluent Bit then sends msgpack"),
        ((*OUTPUT, "format"), "msgpack", "json_lines keeps every field"),
        ((*OUTPUT, "json_date_format"), "iso", "expected iso8601"),
        ((*OUTPUT, "compress"), "br", "does not start with it"),
        ((*OUTPUT, "port"), "notaport", "expected a number"),
        ((*OUTPUT, "retry_limit"), "1", "away for 10 seconds loses records"),
        ((*OUTPUT, "retry_limit"), "often", "away for 10 seconds loses records"),
        ((*OUTPUT, "net.max_worker_connections"), "1", "fails every batch but one"),
        ((*OUTPUT, "header"), "Authorization Bearer $TOKEN", "is sent as it stands; ${TOKEN}"),
        ((*OUTPUT, "header"), "Authorization Bearer ${TOKEN:=x}", "only :- is understood"),
        ((*OUTPUT, "uri"), "/other", "nothing reaches tracetail"),
        ((*OUTPUT, "host"), ["a", "b"], "host stands twice"),
        ((*INPUT, "skip_long_lines"), "off", "send its start again and again"),
        ((*INPUT, "storage.type"), "memory", "memory grows without end"),
        ((*INPUT, "multiline.parser"), "pyton", "multiline.parser pyton is defined nowhere"),
        (("pipeline", "filters", 0, "parser"), "nobody", "parser nobody is defined nowhere"),
        (("service", "storage.path"), "", "needs storage.path"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_mistake_that_dry_run_passes_is_named(
    way: tuple[str | int, ...], value: Any, said: str
) -> None:
    held = found("fluentbit/files.yaml")
    assert mistakes(held) == []

    put(*way, value=value)(held)

    assert any(said in text for text in mistakes(held)), mistakes(held)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"input": "opentelemetry", "output": "http"}, "loses trace ids and all spans"),
        ({"input": "tail", "output": "opentelemetry"}, "only the message is sent"),
        ({"input": "opentelemetry", "compress": "snappy"}, "crashes Fluent Bit"),
        ({"input": "opentelemetry", "logs_uri": "/logs"}, "takes OTLP at /v1/logs"),
        ({"input": "stdin", "output": "http"}, "only lines of JSON are taken"),
    ],
    ids=str,
)
def test_plugins_that_do_not_go_together_are_named(held: dict[str, str], said: str) -> None:
    given = {"output": "opentelemetry", **held}
    name = given.pop("output")
    document = {
        "pipeline": {
            "inputs": [{"name": given.pop("input")}],
            "outputs": [{"name": name, "uri": "/ingest", "match": "*", **given}],
        }
    }

    assert any(said in text for text in mistakes(document)), mistakes(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key value\n", "line 1: a property before any section"),
        ("[INPUT\n", "a section's name ends in ]"),
        ("[INPUT]\n  name\n", "line 2: the property name has no value"),
        ("@LOAD x\n", "expected @SET name=value or @INCLUDE file"),
    ],
)
def test_what_is_no_classic_configuration_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(FormatError) as refused:
        fluentbit_config.from_classic(text)

    assert said in str(refused.value)


def test_an_unknown_classic_section_is_named() -> None:
    held = fluentbit_config.from_classic("[OUTPUTS]\n    name http\n")

    said = [f.text for f in fluentbit_check.look(held, ())]

    assert "[OUTPUTS] is no section; Fluent Bit leaves it out silently" in said


def test_the_classic_form_is_written_as_it_is_read() -> None:
    text = (CONFIGS / "fluentbit/files.conf").read_text()
    held = fluentbit_config.from_classic("@SET A=b\n" + text)

    assert fluentbit_config.from_classic(fluentbit_config.classic(held)) == held
    assert held.env == (("A", "b"),)


# The command.


async def ttsink(tmp_path: Path, *words: str, **more: str) -> Done:
    return await run("ttsink", ["check", *words], environment(tmp_path, **more), seconds=60)


async def test_a_configuration_that_holds_ends_with_0_and_says_what_was_not_proved(
    tmp_path: Path,
) -> None:
    done = await ttsink(tmp_path, str(CONFIGS / "vector/slurm.yaml"), PATH=str(tmp_path))

    assert done.status == 0, done.err
    text = done.out.decode()
    assert "ran the sources' events through VRL: 3 records as expected" in text
    assert "not proved  vector itself was not run" in text
    assert "1 configurations: 1 hold, 0 failed" in text


async def test_a_failure_ends_with_1_and_is_in_the_junit_file(tmp_path: Path) -> None:
    held = found("vector/slurm.yaml")
    held["transforms"]["job"]["source"] = ".a = unknown_function(1)"
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(held))

    done = await ttsink(tmp_path, str(tmp_path / "bad.yaml"), "--junit", str(tmp_path / "out.xml"))

    assert done.status == 1
    assert "transforms.job.source does not compile" in done.out.decode()
    suite = ET.parse(tmp_path / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "does not compile" in (suite.findtext("testcase/failure") or "")


async def test_wrong_words_end_with_2(tmp_path: Path) -> None:
    missing = await ttsink(tmp_path, str(tmp_path / "none.yaml"))
    program = await ttsink(tmp_path, str(CONFIGS / "vector"), "--vector-bin", "/nowhere/vector")

    assert (missing.status, program.status) == (2, 2)
    assert "none.yaml: no such file or folder" in missing.err
    assert "/nowhere/vector: no such file or folder" in program.err


async def test_without_the_extra_it_says_so_and_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ImportError\n")
    env = environment(tmp_path)
    env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), env["PYTHONPATH"]])

    done = await run("ttsink", ["check", str(CONFIGS)], env)

    assert done.status == 3
    assert "pip install 'tracetail[check]'" in done.err


async def test_a_file_that_is_no_configuration_fails_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [1\n")
    (tmp_path / "b.yaml").write_text("- 1\n")
    (tmp_path / "c.yaml").write_text("hello: 1\n")
    (tmp_path / "d.conf").write_text("[INPUT\n")

    done = await ttsink(tmp_path, str(tmp_path))

    assert done.status == 1
    text = done.out.decode()
    assert text.count("FAILED") == 4
    assert "Traceback" not in text + done.err


@pytest.mark.parametrize("name", ["files", "stdin", "docker", "opentelemetry", "airflow"])
async def test_vector_is_validated_tested_and_run_where_it_is_there(
    name: str, tmp_path: Path
) -> None:
    """By a stand-in for the program; the real one runs in test_agent_configs."""
    lines = len((CONFIGS / f"vector/samples/{name}/expected.ndjson").read_text().splitlines())
    stand_in = tmp_path / "vector"
    paths = os.pathsep.join(str(ROOT / each) for each in ("sink", "viewer"))
    script = ROOT / "tests/support/vector_stand_in.py"
    stand_in.write_text(
        f'#!/bin/sh\nPYTHONPATH={paths} exec {sys.executable} {script} "$@" {lines}\n'
    )
    stand_in.chmod(0o755)

    checked = await check.check(
        CONFIGS / f"vector/{name}.yaml", Tools(vector=str(stand_in), vrl=vrl.Vrl())
    )

    assert checked.of("failed") == []
    assert {"vector validate passes", "vector test passes"} <= set(checked.of("proved"))
    ran = any("ran vector on the sample" in text for text in checked.of("proved"))
    assert ran == (name != "opentelemetry")
    assert bool(checked.of("unproved")) == (name in {"docker", "opentelemetry"})


async def test_an_agent_that_delivers_nothing_fails_with_its_own_log(tmp_path: Path) -> None:
    program = tmp_path / "fluent-bit"
    program.write_text("#!/bin/sh\necho '[error] no luck today'\n")
    program.chmod(0o755)

    checked = await check.check(
        CONFIGS / "fluentbit/stdin.yaml", Tools(fluent_bit=str(program), seconds=2)
    )

    assert any("ran fluent-bit on the sample: missing" in text for text in checked.of("failed"))
    assert any("no luck today" in text for text in checked.of("failed"))


@pytest.mark.parametrize(
    ("findings", "strict", "status"),
    [
        ([proved("a")], False, 0),
        ([proved("a"), noted("b"), unproved("c")], False, 0),
        ([proved("a"), unproved("c")], True, 1),
        ([proved("a"), failed("b")], False, 1),
        ([unproved("c")], False, 3),
        ([], False, 3),
    ],
)
def test_the_exit_status_follows_from_the_findings(
    findings: list[Any], *, strict: bool, status: int
) -> None:
    assert exit_status([Checked("x", findings)], strict=strict) == status


def test_junit_holds_no_character_that_xml_has_not() -> None:
    text = check_report.junit([Checked("a\x1b.yaml", [failed("bad \x00\x1b[31m text")])])

    assert ET.fromstring(text).find("testcase/failure") is not None
