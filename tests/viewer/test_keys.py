"""The key table is the one source of bindings, help and docs."""

from collections import Counter

import pytest

from support import keys_page
from support.stage import FakeSource, Stage
from support.traffic import records, states
from ttview.actions import COMMANDS
from ttview.feed import StatesChanged
from ttview.keys import ALL, bound, pressed
from ttview.prompting import VERB_HELP, VERBS
from ttview.settings import Settings
from ttview.trace.pane import PANE_COMMANDS


def test_every_action_of_the_table_exists() -> None:
    assert {key.action for key in ALL} <= {*COMMANDS, *PANE_COMMANDS}


def test_every_command_can_be_reached_by_a_key() -> None:
    wheel = {"wheel_up", "wheel_down"}

    assert {*COMMANDS, *PANE_COMMANDS} - wheel <= {key.action for key in ALL}


def test_no_key_means_two_things_in_one_place() -> None:
    meant = Counter(
        (spelling, place) for key in ALL for spelling in key.keys for place in key.where
    )

    assert [pair for pair, count in meant.items() if count > 1] == []


def test_every_key_names_a_key_and_has_a_help_line() -> None:
    for key in ALL:
        assert key.help
        for spelling in key.keys:
            assert pressed(spelling)


@pytest.mark.parametrize("where", ["log", "side", "peek", "help"])
def test_no_key_fails_wherever_it_is_valid(where: str) -> None:
    found = records(100)
    way = {"log": [], "side": ["s"], "peek": ["k", "Enter"], "help": ["?"]}[where]
    opened = None
    for key in ALL:
        if where not in key.where or key.action in {"quit", "quit_now", "suspend"}:
            continue
        if opened is None or opened.model.focus != where or opened.model.prompt is not None:
            opened = Stage(FakeSource(found), columns=120, rows=30)
            opened.deliver(StatesChanged(states(found), whole=True))
            opened.keys(*way)
        assert opened.model.focus == where
        opened.keys(key.keys[0])


def test_a_key_bound_anew_does_only_that() -> None:
    table = bound({"x": "wrap", "^W": "context"})
    meant = {spelling: key.action for key in table if "log" in key.where for spelling in key.keys}

    assert meant["x"] == "wrap"
    assert meant["^W"] == "context"
    assert meant["w"] == "wrap"


def test_a_binding_to_nothing_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match='no action "fly"'):
        bound({"x": "fly"})
    with pytest.raises(ValueError, match='"Hyper" names no key'):
        bound({"Hyper": "wrap"})


def test_help_shows_the_keys_a_person_bound() -> None:
    opened = Stage(
        FakeSource(records(10)),
        columns=200,
        rows=80,
        settings=Settings(zone="utc", bindings={"^W": "wrap"}),
    )
    opened.keys("?")

    assert "^W w" in opened.text


def test_the_page_of_keys_is_the_table() -> None:
    assert keys_page.PAGE.read_text(encoding="utf-8") == keys_page.page()


def test_every_command_after_the_colon_has_a_help_line() -> None:
    assert list(VERB_HELP) == list(VERBS)
