"""What the blocks promise when the sink is down, slow or full, and where that ends.

docs/add-to-vector.md and docs/add-to-fluent-bit.md state it; the stand-ins of
tests/support/retrying_agent.py behave as the agents' sources do, and where Fluent Bit is
installed it says the same itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from support.agents import CONFIGS, not_proven, program
from support.retrying_agent import (
    REFUSED,
    Answer,
    Sink,
    fluent_bit_chunk,
    vector_batch,
    vector_pipeline,
)
from support.running import running
from ttsink.agents import check, fluentbit_config
from ttsink.agents import program as agent_program
from ttsink.agents.fluentbit_config import FluentBit

BLOCK: dict[str, Any] = yaml.safe_load((CONFIGS / "vector/sink-block.yaml").read_text())["sinks"][
    "tracetail"
]
DOWN = Answer(REFUSED, 0.0)
FULL = Answer(503)
HANGS = Answer(200, 10_000)
SLOW = Answer(200, 4.0)
WELL = Answer(200)
TROUBLES = {"down": DOWN, "full": FULL, "hangs": HANGS, "slow": SLOW}


def always(answer: Answer) -> Sink:
    return lambda _now: answer


def until(seconds: float, answer: Answer) -> Sink:
    return lambda now: answer if now < seconds else WELL


# Vector.


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_other_sinks_of_a_source_get_every_event_when_it_comes(trouble: Answer) -> None:
    course = vector_pipeline(BLOCK, always(trouble), events=20_000, gap=0.01)

    assert course.other == [number * 0.01 for number in range(20_000)]
    assert course.most_held <= BLOCK["buffer"]["max_events"]
    assert course.delivered + course.dropped == 20_000


@pytest.mark.parametrize("trouble", [DOWN, FULL, HANGS], ids=["down", "full", "hangs"])
def test_vectors_defaults_would_stop_them_all(trouble: Answer) -> None:
    """The stand-in shows what the block is there for: without it the other sink starves."""
    course = vector_pipeline({}, always(trouble), events=20_000, gap=0.01)

    stalled = [at for at, seen in enumerate(course.other) if seen > at * 0.01 + 60]
    assert stalled
    assert stalled[0] <= 1_001


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [(DOWN, 6.0), (FULL, 6.04), (HANGS, 26.0)],
    ids=["down", "full", "hangs"],
)
def test_a_batch_is_given_up_after_the_time_the_block_names(
    trouble: Answer, seconds: float
) -> None:
    batch = vector_batch(BLOCK["request"], always(trouble), 0.0)

    assert (batch.delivered, batch.attempts) == (False, 4)
    assert batch.seconds == pytest.approx(seconds)


@pytest.mark.parametrize("trouble", [DOWN, FULL], ids=["down", "full"])
def test_an_outage_of_three_seconds_loses_nothing(trouble: Answer) -> None:
    course = vector_pipeline(BLOCK, until(3.0, trouble), events=2_000, gap=0.01)

    assert (course.delivered, course.dropped) == (2_000, 0)


def test_after_a_long_outage_it_delivers_again_at_once() -> None:
    course = vector_pipeline(BLOCK, until(60.0, DOWN), events=12_000, gap=0.01)

    assert course.delivered >= 12_000 - 6_100
    assert course.dropped > 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 501])
def test_what_vector_drops_at_once_the_sink_must_not_answer_lightly(status: int) -> None:
    assert vector_batch(BLOCK["request"], always(Answer(status)), 0.0)[:2] == (False, 1)


async def test_a_draining_sink_answers_what_both_agents_try_again() -> None:
    async with running() as sink:
        sink.sink.drain()
        answer = await sink.post(b'{"message":"x"}')

    assert answer.status == 503
    assert not vector_batch({"retry_attempts": 0}, always(Answer(503)), 0.0).delivered
    assert vector_batch(BLOCK["request"], until(3.0, Answer(answer.status)), 0.0).delivered


# Fluent Bit.


def sections(name: str) -> tuple[dict[str, str], dict[str, str], FluentBit]:
    text = (CONFIGS / f"fluentbit/{name}.yaml").read_text()
    held = fluentbit_config.from_yaml(check.load_yaml(text, texts=True))
    return dict(held.of("output")[0].rows), dict(held.service.rows), held


@pytest.mark.parametrize("name", ["files", "docker", "kubernetes"])
@pytest.mark.parametrize("trouble", [DOWN, FULL, HANGS], ids=["down", "full", "hangs"])
def test_a_pipeline_delivers_after_an_outage_of_an_hour(name: str, trouble: Answer) -> None:
    output, service, _ = sections(name)

    chunk = fluent_bit_chunk(output, service, until(3600.0, trouble), 0.0)

    assert chunk.delivered
    assert chunk.seconds <= 3600 + 31 + 60 + 0.01


def test_fluent_bits_defaults_lose_a_chunk_in_an_outage_of_twelve_seconds() -> None:
    assert not fluent_bit_chunk({}, {}, until(12.0, DOWN), 0.0).delivered


def test_the_block_tries_for_five_minutes_at_most_and_then_lets_go() -> None:
    output, _, _ = sections("output-block")

    assert fluent_bit_chunk(output, {}, until(300.0, DOWN), 0.0).delivered
    given_up = fluent_bit_chunk(output, {}, always(DOWN), 0.0)
    assert (given_up.delivered, given_up.attempts) == (False, 6)
    assert given_up.seconds == pytest.approx(11 + 21 + 41 + 81 + 161)


def test_the_pipelines_bound_what_they_hold() -> None:
    for name in ("files", "docker", "kubernetes"):
        output, service, held = sections(name)
        (tail,) = held.of("input")
        assert int(service["storage.max_chunks_up"]) <= 16
        assert tail.get("storage.type") == "filesystem"
        assert tail.get("storage.pause_on_chunks_overlimit") == "on"
        assert output["storage.total_limit_size"] == "256M"


class Troubled:
    """A sink that answers as it is told, over a real socket; counts what came."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.lines: set[bytes] = set()
        self.requests = 0

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self.statuses.pop(0) if self.statuses else 200
        self.requests += 1
        if status == 200:
            self.lines.update(line for line in body.split(b"\n") if line)
        return web.Response(status=status)


@contextlib.asynccontextmanager
async def troubled() -> AsyncIterator[tuple[Troubled, int]]:
    sink = Troubled()
    app = web.Application()
    app.router.add_post("/ingest", sink.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield sink, runner.addresses[0][1]
    finally:
        await runner.cleanup()


def with_another_output(port: int, folder: Path) -> str:
    output = dict(sections("output-block")[0])
    output.update(match="jobs", host="127.0.0.1", port=str(port), compress="gzip")
    return yaml.safe_dump(
        {
            "service": {"flush": "0.2", "grace": "1", "scheduler.base": "1", "scheduler.cap": "2"},
            "pipeline": {
                "inputs": [
                    {
                        "name": "dummy",
                        "tag": "jobs",
                        "dummy": '{"message":"x"}',
                        "samples": "10",
                        "rate": "20",
                    }
                ],
                "outputs": [
                    output,
                    {"name": "file", "match": "jobs", "path": str(folder), "file": "other.log"},
                ],
            },
        }
    )


@pytest.mark.parametrize("statuses", [[503, 503], [429], [500]], ids=str)
async def test_fluent_bit_itself_tries_again_while_its_other_output_goes_on(
    statuses: list[int], tmp_path: Path
) -> None:
    found = program("fluent-bit")
    if found is None:
        pytest.skip(not_proven("fluent-bit"))
    other = tmp_path / "other.log"
    async with troubled() as (sink, port):
        sink.statuses = list(statuses)
        config = tmp_path / "two.yaml"
        config.write_text(with_another_output(port, tmp_path))
        async with agent_program.running(
            [found, "-c", str(config)], tmp_path, {"TRACETAIL_TOKEN": "t"}, None
        ):
            async with asyncio.timeout(60):
                while len(sink.lines) < 10 or not other.exists():  # noqa: ASYNC110  polls a peer
                    await asyncio.sleep(0.1)

    assert sink.requests > len(statuses)
    assert len(other.read_text().splitlines()) == 10


async def test_fluent_bit_itself_feeds_its_other_output_while_the_sink_is_down(
    tmp_path: Path,
) -> None:
    found = program("fluent-bit")
    if found is None:
        pytest.skip(not_proven("fluent-bit"))
    other = tmp_path / "other.log"
    async with troubled() as (_, port):
        pass
    config = tmp_path / "two.yaml"
    config.write_text(with_another_output(port, tmp_path))
    async with agent_program.running(
        [found, "-c", str(config)], tmp_path, {"TRACETAIL_TOKEN": "t"}, None
    ):
        async with asyncio.timeout(60):
            while not other.exists() or len(other.read_text().splitlines()) < 10:  # noqa: ASYNC110  polls a peer
                await asyncio.sleep(0.1)
