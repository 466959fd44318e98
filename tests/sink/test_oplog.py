import asyncio
import json
import logging

import pytest

from ttsink import oplog
from ttsink.demo.print import line
from ttsink.intake.agent import agent_name
from ttwire.record import Record


def entry(**members: object) -> logging.LogRecord:
    record = logging.LogRecord("ttsink", logging.ERROR, __file__, 1, "stage %s", ("x",), None)
    record.created = 1_767_322_445.123456
    for name, value in members.items():
        setattr(record, name, value)
    return record


def test_a_line_is_one_object_with_its_members() -> None:
    text = oplog.JsonLines().format(entry(peer="10.0.0.1", count=3))

    assert "\n" not in text
    assert json.loads(text) == {
        "time": "2026-01-02T02:54:05.123456Z",
        "level": "error",
        "event": "stage x",
        "logger": "ttsink",
        "peer": "10.0.0.1",
        "count": 3,
    }


def test_on_a_terminal_it_is_text() -> None:
    assert oplog.Text().format(entry(peer="10.0.0.1")) == "02:54:05 error stage x peer=10.0.0.1"


def failing() -> None:
    raise ValueError("the record said SECRETWORD")


@pytest.mark.parametrize("formatter", [oplog.JsonLines(), oplog.Text()])
def test_a_fault_is_told_by_its_place_and_never_by_its_words(formatter: logging.Formatter) -> None:
    with pytest.raises(ValueError, match="SECRETWORD") as raised:
        failing()

    text = formatter.format(entry(exc_info=(raised.type, raised.value, raised.tb)))

    assert "ValueError at failing:" in text
    assert "SECRETWORD" not in text


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Vector/0.58.0 (x86_64-unknown-linux-musl)", "vector"),
        ("Fluent-Bit", "fluent-bit"),
        ("fluent-plugin-out-http", "fluentd"),
        ("OTel-OTLP-Exporter-Python/1.45", "opentelemetry"),
        ("curl/8.5.0", "curl"),
        ("", None),
        (None, None),
        ("(odd) \x1b[31m", None),
    ],
)
def test_an_agent_is_known_by_its_user_agent(user_agent: str | None, expected: str | None) -> None:
    assert agent_name(user_agent) == expected


def test_the_printed_stream_shows_controls_as_escapes() -> None:
    record = Record(
        timestamp="2026-01-02T03:04:05.123456Z", job="a", worker="w", message="red \x1b[31m\nnext"
    )

    assert line(record) == "03:04:05.123 -     a w                      red \\x1b[31m\\nnext"


def test_what_strangers_bring_about_is_logged_once_a_minute_with_its_number() -> None:
    now = [0.0]
    seldom = oplog.Seldom(lambda: now[0])

    first = [seldom.due("a"), seldom.due("a"), seldom.due("a"), seldom.due("b")]
    now[0] = oplog.SELDOM_SECONDS

    assert first == [1, 0, 0, 1]
    assert [seldom.due("a"), seldom.due("b")] == [3, 1]


def test_a_library_is_heard_once_a_minute_for_each_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    oplog.set_up("json")
    for _ in range(5):
        logging.getLogger("asyncio").warning("SSL connection is closed")
        oplog.LOGGER.warning("ours")
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]

    assert events.count("SSL connection is closed") == 1
    assert events.count("ours") == 5


async def test_a_fault_nobody_waits_for_is_logged_without_what_it_quotes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(oplog.loop_fault)
    try:
        loop.call_soon(int, "SECRETWORD")
        await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(None)

    (record,) = caplog.records
    line = oplog.JsonLines().format(record)
    assert "ValueError" in line
    assert "SECRETWORD" not in line
