"""Mistakes in agents' configurations that the sink notices by itself."""

import json
import logging
from typing import Any

import pytest

from support.captures import request
from support.running import running
from ttsink.intake.mistakes import LONE_REQUESTS, MAX_SENDERS, MIN_RECORDS, Mistakes
from ttsink.oplog import stamp
from ttsink.store.batch import of_records
from ttwire.record import Record

NOW = 1_767_323_045.0


def records(count: int, **members: Any) -> list[Record]:
    return [Record(timestamp=stamp(NOW), message="x", **members)] * count


ONE = of_records(records(1, job="j")).columns


def codes(mistakes: Mistakes, *batches: list[Record], gap: float = 0.05, **who: Any) -> list[str]:
    given = {"shape": "json_lines", "agent": "vector", "address": "10.0.0.1", **who}
    return [
        found.code
        for at, batch in enumerate(batches)
        for found in mistakes.look(columns=of_records(batch).columns, now=NOW + at * gap, **given)
    ]


@pytest.mark.parametrize(
    ("shape", "agent", "code", "right"),
    [
        ("msgpack", "fluent-bit", "sends_msgpack", "set format json_lines"),
        ("text", "fluent-bit", "sends_text", "set format json_lines"),
        ("text", "vector", "sends_text", "set encoding.codec json"),
    ],
)
def test_a_body_of_another_kind_than_json_is_told_once_with_what_is_right(
    shape: Any, agent: str, code: str, right: str
) -> None:
    mistakes = Mistakes()

    (found,) = mistakes.look(shape, agent, "10.0.0.1", ONE, NOW)

    assert found.code == code
    assert found.detail.startswith(f"{agent} at 10.0.0.1 sends")
    assert right in found.detail
    assert not [*mistakes.look(shape, agent, "10.0.0.1", ONE, NOW)]
    assert codes(mistakes, records(1, job="j"), shape=shape, agent=agent, address="10.0.0.2")


def test_text_of_somebody_who_means_it_is_no_mistake() -> None:
    assert codes(Mistakes(), records(2), shape="text", agent="curl") == []
    assert codes(Mistakes(), records(2), shape="text", agent=None) == []


def test_a_busy_agent_that_batches_nothing_is_told() -> None:
    lone = [records(1, job="j")] * LONE_REQUESTS

    assert codes(Mistakes(), *lone) == ["one_record_requests"]
    assert codes(Mistakes(), *lone[1:]) == []
    assert codes(Mistakes(), *lone[1:], records(2, job="j"), *lone[1:]) == []


def test_a_quiet_agent_may_send_one_record_a_second_for_ever() -> None:
    assert codes(Mistakes(), *[records(1, job="j")] * 500, gap=1.0) == []


def test_records_that_never_name_a_job_are_told_and_one_job_is_enough() -> None:
    assert codes(Mistakes(), records(MIN_RECORDS - 1), records(2)) == ["no_job"]
    assert codes(Mistakes(), records(MIN_RECORDS - 1)) == []
    assert codes(Mistakes(), records(2), records(1, job="j"), *[records(MIN_RECORDS)] * 3) == []


@pytest.mark.parametrize(("ahead", "told"), [(61.5, True), (59.0, False), (-86_400.0, False)])
def test_only_a_time_in_the_future_shows_a_clock(ahead: float, *, told: bool) -> None:
    batch = [
        Record(timestamp=stamp(NOW + ahead), message="x", job="j"),
        Record(timestamp=stamp(NOW), message="x", job="j"),
    ]

    assert codes(Mistakes(), batch) == (["clock_ahead"] if told else [])
    assert codes(Mistakes(), batch[::-1]) == (["clock_ahead"] if told else [])


def test_senders_are_remembered_up_to_a_bound() -> None:
    mistakes = Mistakes()

    for number in range(MAX_SENDERS * 2):
        codes(mistakes, records(2), address=str(number))

    assert len(mistakes._senders) == MAX_SENDERS


async def test_a_batch_without_records_shows_nothing() -> None:
    assert codes(Mistakes(), [], []) == []


async def test_fluent_bits_own_msgpack_is_on_the_info_page_and_once_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = request("fluentbit", "fmt_msgpack")
    headers = {name: sent.headers[name] for name in ("content-type", "user-agent")}
    async with running() as sink:
        with caplog.at_level(logging.WARNING, "ttsink"):
            for _ in range(3):
                assert (await sink.post(sent.body, headers=headers)).status == 200
        about = json.loads((await sink.get("/api/info")).body)

    (notice,) = about["notices"]
    assert notice["code"] == "sends_msgpack"
    assert "fluent-bit at 127.0.0.1 sends msgpack" in notice["detail"]
    assert sum("sends msgpack" in record.getMessage() for record in caplog.records) == 1


async def test_a_header_whose_variable_was_not_set_is_named_as_that() -> None:
    async with running({"TTSINK_INGEST_TOKEN": "s3cret", "TTSINK_READ_TOKEN": "r"}) as sink:
        bare = await sink.post(b"{}", headers={"Authorization": "Bearer "})
        left = await sink.post(b"{}", headers={"Authorization": "Bearer ${TRACETAIL_TOKEN}"})
        about = await sink.get("/api/info", headers={"Authorization": "Bearer r"})

    assert (bare.status, bare.json["error"]) == (401, "token_empty")
    assert (left.status, left.json["error"]) == (401, "token_uninterpolated")
    assert [notice["code"] for notice in about.json["notices"]] == [
        "ingest_token_empty",
        "ingest_token_uninterpolated",
    ]
