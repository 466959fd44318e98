"""Hostile lines: the cost of a line grows with its length and no faster."""

import time

import pytest

from ttsink.redact_settings import RedactionSettings
from ttsink.redaction import Redactor
from ttwire.record import Record

REDACTOR = Redactor(RedactionSettings(), b"k" * 32)
SHORT_BYTES = 8_192
TIMES = 8
MAX_GROWTH = TIMES * 4
"""Linear is a growth of `TIMES`, quadratic one of its square; the rest is a busy machine."""


def seconds(text: str) -> float:
    record = Record(message=text, fields={"k": text})
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        REDACTOR.records([record])
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize(
    "part",
    [
        "a@",
        "a@b.",
        "joe@example.com ",
        "4",
        "4111 ",
        "4111111111111111 ",
        "token={",
        'token=\\"',
        "password=none,",
        "password=x)",
        "\\",
        "\\%40",
        "%25",
        "[email:3f9a2c]",
        "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOi.",
        "://a:",
        "phone +",
        "DE89 ",
        "cookie: a=b; ",
        '"',
        "[",
        '{"a":',
    ],
)
def test_a_hostile_line_costs_time_in_proportion(part: str) -> None:
    short = (part * SHORT_BYTES)[:SHORT_BYTES]
    growth = seconds(short * TIMES) / max(seconds(short), 1e-4)

    assert growth < MAX_GROWTH
