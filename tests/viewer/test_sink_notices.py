"""What a sink noticed of agents' mistakes, on the screen."""

from support.stage import FakeSource, Stage
from ttview.feed import AboutSeen
from ttwire.about import About, Notice

MSGPACK = Notice("sends_msgpack", "fluent-bit at 10.0.0.1 sends msgpack; set format json_lines")
CLOCK = Notice("clock_ahead", "vector at 10.0.0.2 sends records from the future\x1b[2J")


def about(*notices: Notice) -> AboutSeen:
    return AboutSeen(About("0", "e", notices=notices))


def test_a_mistake_is_said_once_and_safely() -> None:
    stage = Stage(FakeSource([]), columns=120, rows=20)

    stage.deliver(about(MSGPACK))
    assert "the sink noticed: fluent-bit at 10.0.0.1 sends msgpack" in stage.text

    stage.deliver(about(MSGPACK, CLOCK))
    assert "the sink noticed: vector at 10.0.0.2 sends records from the future" in stage.text
    assert "\x1b" not in stage.text


def test_several_are_counted_and_the_doctor_is_named() -> None:
    stage = Stage(FakeSource([]), columns=120, rows=20)

    stage.deliver(about(MSGPACK, CLOCK))

    assert "the sink noticed (and 1 more: ttview doctor): vector" in stage.text


def test_a_sink_that_noticed_nothing_says_nothing() -> None:
    stage = Stage(FakeSource([]), columns=120, rows=20)

    stage.deliver(about())

    assert "noticed" not in stage.text
