"""Hostile lines: the cost of a line grows with its length and no faster."""

import time

import pytest

from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttwire.record import Record

REDACTOR = Redactor(RedactionSettings(), b"k" * 32)
SHORT_BYTES = 32_768
"""Long enough that the engine has left the methods it keeps for short texts."""
TIMES = 4
MAX_GROWTH = TIMES * 3
"""Linear is a growth of `TIMES`, quadratic one of its square; the rest is a busy machine."""
CHEAP_SECONDS = 0.05
"""What the long line may cost at any growth: too little to measure a growth by."""


ATTEMPTS = 3
"""Other work on the machine may spoil one measurement, hardly three."""


def seconds(text: str) -> float:
    record = Record(message=text)
    start = time.process_time()
    REDACTOR.records([record])
    return time.process_time() - start


@pytest.mark.parametrize(
    "part",
    [
        "a@",
        "a@b.",
        "joe@example.com ",
        "4",
        "4111 ",
        "4111111111111111 ",
        "[4111111111111111,",
        '{"n":4111111111111111,',
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
        "curl -u a",
        'curl -u "',
        "password is ",
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
    long = short * TIMES
    cost = 0.0
    for _ in range(ATTEMPTS):
        cost = seconds(long)
        if cost < CHEAP_SECONDS or cost / max(seconds(short), 1e-4) < MAX_GROWTH:
            return
    pytest.fail(f"{cost:.3f} s for {len(long)} characters")
