"""The columns of the levels' table, scale by scale."""

from typing import Any

import pytest

from ttsink.dialects import severity
from ttsink.dialects.dialect import Dialects
from ttsink.dialects.severity import Scale

TABLE: list[tuple[Scale, dict[Any, str | None]]] = [
    ("otel", {1: "trace", 5: "debug", 9: "info", 10: "info", 13: "warn", 17: "error", 18: "error",
              21: "fatal", 24: "fatal", 0: None, 25: None}),
    ("syslog", {0: "fatal", 1: "error", 2: "error", 3: "error", 4: "warn", 5: "info", 6: "info",
                7: "debug", 8: None, "6": "info"}),
    ("pino", {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal",
              35: "info", 5: None}),
    ("python", {5: "trace", 10: "debug", 20: "info", 25: "info", 30: "warn", 40: "error",
                50: "fatal", 0: None}),
    ("monolog", {100: "debug", 200: "info", 250: "info", 300: "warn", 400: "error",
                 550: "error", 600: "fatal"}),
    ("text", {"TRACE": "trace", "Debug": "debug", "FINE": "debug", "info": "info",
              "NOTICE": "info", "Information": "info", "Warning": "warn", "WARN": "warn",
              "err": "error", "SEVERE": "error", "crit": "error", "alert": "error",
              "CRITICAL": "fatal", "emerg": "fatal", "panic": "fatal", "dpanic": "error",
              "SEVERITY_NUMBER_WARN2": "warn", "LogLevel.ERROR": "error", "[INFO]": "info",
              "I": "info", 30: "info", 6: "info", 400: "warn", 800: "fatal", "30": "info",
              "": None, "loud": None, "x" * 1000: None, -4: None, 99_999: None, None: None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("scale", "value", "level"),
    [
        pytest.param(scale, value, level, id=f"{scale} {value!r:.30}")
        for scale, rows in TABLE
        for value, level in rows.items()
    ],
)
def test_a_value_names_its_level(scale: Scale, value: Any, level: str | None) -> None:
    assert severity.level(value, scale)[0] == level


@pytest.mark.parametrize("value", [True, False, [], {}, 1.5, float("inf")])
def test_what_is_no_level_is_none(value: Any) -> None:
    assert severity.level(value) == (None, False)


def test_what_says_more_than_its_level_is_told_apart() -> None:
    assert severity.level("warning") == ("warn", True)
    assert severity.level("notice") == ("info", False)


# Fields beside each other, and the level: one number on four scales.
BESIDE: list[tuple[dict[str, Any], str | None]] = [
    ({"level": 30, "pid": 1, "hostname": "h", "time": 1767323045123, "v": 0}, "info"),
    ({"level": 30, "levelname": "WARNING"}, "warn"),
    ({"levelno": 30}, "warn"),
    ({"level": 30, "funcName": "f"}, "warn"),
    ({"level": 30}, "info"),
    ({"level": 4, "version": "1.1", "short_message": "m", "host": "h"}, "warn"),
    ({"level": 300, "level_name": "WARNING", "channel": "app"}, "warn"),
    ({"severity": "ERROR", "severityNumber": 13}, "warn"),
    ({"PRIORITY": "3", "_PID": "7"}, "error"),
    ({"priority": 3}, None),
    ({"priority": 3, "facility": "daemon"}, "error"),
    ({"log": {"level": "error"}, "message": "m"}, "error"),
    ({"stream": "stderr", "message": "all is well"}, None),
    ({"message": "[ERROR] no"}, "error"),
    ({"message": "error: no"}, "error"),
    ({"message": "an ERROR was met"}, None),
    ({"message": "2026-01-02 03:04:05 app WARN slow"}, "warn"),
    ({"message": "E0102 03:04:05.678901 1 main.go:12] no"}, "error"),
    ({"message": "<12>Jan  2 03:04:05 web-1 app: slow"}, "warn"),
    ({"message": "level=debug detail"}, "debug"),
    ({"level": "loud", "severity": "error"}, "error"),
]


@pytest.mark.parametrize(("said", "level"), BESIDE)
def test_the_fields_beside_a_number_tell_its_scale(said: dict[str, Any], level: str | None) -> None:
    (found,) = Dialects().records([dict(said)], received="2026-01-10T00:00:00.000000Z", agent=None)

    assert found.level == level
