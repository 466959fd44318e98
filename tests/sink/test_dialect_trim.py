"""The end of line that agents leave behind a message."""

import pytest

from ttsink.dialects.dialect import Dialects

RECEIVED = "2026-11-22T10:20:00.000000Z"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("sent\n", "sent"),
        ("sent\r\n", "sent"),
        ("Traceback:\n  line\n", "Traceback:\n  line"),
        ("two\n\n", "two\n"),
        ("none", "none"),
        ("inside\n\0", "inside\n\0"),
    ],
)
def test_a_message_loses_the_one_end_of_line_behind_it(said: str, shown: str) -> None:
    values = [{"log": "other"}, {"log": said, "stream": "stdout"}, {"log": said}]

    records = Dialects().records(list(values), received=RECEIVED, agent="fluent-bit")

    assert [record.message for record in records] == ["other", shown, shown]
