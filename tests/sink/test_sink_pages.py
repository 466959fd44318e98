"""docs/reading.md and docs/run-the-sink.md are what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest

from support.running import running
from ttsink import config
from ttsink.commands import serve
from ttsink.http import connection, connections, descriptors, server, uptake
from ttsink.http import stream as http_stream
from ttsink.settings import ServerSettings, StreamSettings
from ttsink.store.lookup import DEFAULT_PAGE_RECORDS, MAX_PAGE_RECORDS
from ttsink.store.subscriber import MAX_TAIL
from ttwire import record
from ttwire.gap import GapReason

DOCS = Path(__file__).resolve().parents[2] / "docs"
READING = (DOCS / "reading.md").read_text("utf-8")
RUNNING = (DOCS / "run-the-sink.md").read_text("utf-8")


async def test_every_route_is_on_a_page_and_every_route_of_the_page_is_there() -> None:
    async with running() as sink:
        runner = sink.server._runner
        assert runner is not None
        served = {
            resource.canonical
            for resource in runner.app.router.resources()
            if resource.canonical.rstrip("/") != "/ingest"
            and not resource.canonical.startswith("/v1/")
        }

    told = set(re.findall(r"`GET (/[^`]*)`", READING.split("## Routes")[1].split("##")[0]))
    assert told == served


def test_the_example_has_every_member_of_a_record() -> None:
    (line,) = re.findall(r"```json\n(\{.*\})\n```", READING)

    example = record.decode(line.encode())

    assert all(getattr(example, name) for name in example.__struct_fields__)


def test_every_reason_of_a_gap_is_told() -> None:
    assert [reason for reason in get_args(GapReason) if f"`{reason}`" not in READING] == []


@pytest.mark.parametrize(
    "told",
    [
        f"{MAX_TAIL:,} at most",
        f"newest {DEFAULT_PAGE_RECORDS} where",
        f"{MAX_PAGE_RECORDS:,} at most",
        f"`retry: {http_stream.RETRY_MS}`",
        f"after {StreamSettings().heartbeat_seconds:g} s of silence",
        f"takes nothing for {StreamSettings().write_seconds:g} s",
        "a time between {:g} and {:g} s".format(
            *(ms / 1000 for ms in http_stream.CLOSING_RETRY_MS)
        ),
    ],
)
def test_the_numbers_of_the_reading_page_are_those_in_force(told: str) -> None:
    assert told in READING


async def test_every_metric_is_told() -> None:
    told = dict(re.findall(r"^\| `(ttsink_\w+)` \| (.*) \|$", RUNNING, re.MULTILINE))
    async with running() as sink:
        counted = {
            family.name + ("_total" if family.type == "counter" else ""): family.documentation
            for family in sink.sink.metrics.registry.collect()
            if family.name.startswith("ttsink_")
        }

    assert told == counted


def test_the_flags_and_statuses_of_the_page_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        serve.run(["--help"])
    offered = capsys.readouterr().out

    assert [flag for flag in re.findall(r"--[a-z][a-z-]+", RUNNING) if flag not in offered] == []
    assert f"| {config.EXIT_CONFIG} |" in RUNNING
    assert f"| {server.EXIT_UNAVAILABLE} |" in RUNNING
    assert f"idle for {server.KEEPALIVE_SECONDS:g} s" in RUNNING
    assert f"`{ServerSettings().listen}`" in RUNNING


@pytest.mark.parametrize(
    "told",
    [
        f"within {connection.HEAD_SECONDS:g} s of its first byte",
        f"within {connection.MAX_HEAD_BYTES // 1024} KiB",
        (
            f"less than {uptake.MIN_TAKEN_BYTES // 1024} KiB of its answer in "
            f"{uptake.UNTAKEN_SECONDS:g} s"
        ),
        f"hold {connections.MAX_UNSENT_BYTES // 1024**2} MiB at most",
        ", ".join(f"`{reason}`" for reason in connections.TOLD),
        f"keeps {descriptors.KEPT_BACK} files for itself",
    ],
)
def test_the_bounds_of_connections_are_those_in_force(told: str) -> None:
    assert told in RUNNING
