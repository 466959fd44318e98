"""The whole road: bytes an agent posted in, text of the screen out.

Synchronous: no socket, no event loop, no clock, no terminal.
"""

import pytest

from support.captures import Request, names, request
from ttsink.bodies.encoding import decode
from ttsink.bodies.limits import DEFAULT
from ttsink.dialects.dialect import Dialects
from ttsink.intake.prepare import Form, Prepared, Preparer, Task
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings
from ttsink.states.lifecycle import Lifecycle
from ttsink.states.lifecycle_rules import BUILT_IN
from ttsink.states.states import KeyStates
from ttsink.store import lookup
from ttsink.store.batch import Stored
from ttsink.store.subscriber import Start, Subscriber
from ttsink.store.view import View
from ttsink.store.wanted import Wanted
from ttview.actions import Do, Resized, Tick, start, update
from ttview.feed import Arrived, Connection, StatesChanged
from ttview.frame import Piece, draw
from ttview.model import Model
from ttview.settings import Settings
from ttwire import filter as filters
from ttwire import record, sse
from ttwire.record import Record
from ttwire.state import States

NOW = 1_795_342_520.0
RECEIVED = "2026-11-22T10:15:20.000000Z"
COLUMNS, ROWS = 170, 40
AGENT = "fluentbit"
LOGS = [name for name in names(AGENT) if name != "otlp_traces"]


def posted(given: Request) -> Prepared:
    body = decode(given.body, given.headers.get("content-encoding", ""), DEFAULT)
    kind = given.headers.get("content-type", "")
    redactor = Redactor(RedactionSettings(), b"k" * 32)
    preparer = Preparer(Dialects(), redactor, Lifecycle(BUILT_IN), DEFAULT)
    form: Form = "logs" if given.path == "/v1/logs" else "batch"
    return preparer.prepare(Task(form, kind, AGENT, RECEIVED), body)


def sink(given: Request) -> tuple[View, KeyStates]:
    """What a sink holds after one request."""
    states = KeyStates(Lifecycle(BUILT_IN))
    view = View("e1", observers=(states,))
    view.apply(Stored(1, posted(given).batch(), NOW))
    return view, states


def streamed(view: View, text: str = "", tail: int = 1_000) -> bytes:
    """What a stream of this filter sends."""
    wanted = Wanted(filters.parse(text, now=NOW))
    subscriber = Subscriber(view, wanted, Start(tail=tail), lambda: None, rate=None, now=0.0)
    sent = b""
    while (step := subscriber.step(0.0)).frames or step.behind:
        sent += step.frames
    subscriber.close()
    return sent


def arrived(stream: bytes, cut: int) -> list[Record]:
    """The records of a stream that comes in pieces."""
    decoder = sse.Decoder()
    events = [
        event for at in range(0, len(stream), cut) for event in decoder.feed(stream[at : at + cut])
    ]
    assert decoder.dropped == 0
    return [record.decode(event.data) for event in events if event.event == "record"]


def screen(records: list[Record], states: States, *keys: str) -> str:
    model = Model(Settings(zone="utc"), now=NOW, source_name="sink")
    for action in (Resized(COLUMNS, ROWS), Connection("live"), Arrived(records)):
        update(model, action)
    update(model, StatesChanged(states, whole=True))
    update(model, Tick(NOW))
    for key in keys:
        update(model, Do(key))
    assert start(model)
    return "\n".join(map(text_of, draw(model)))


def text_of(pieces: list[Piece]) -> str:
    """The characters of one row of the screen."""
    made = ""
    for piece in sorted(pieces, key=lambda one: one.x):
        made = made.ljust(piece.x) + piece.row.text
    return made.ljust(COLUMNS)


def whole_road(given: Request, text: str = "", *keys: str, cut: int = 4_096) -> str:
    view, states = sink(given)
    return screen(arrived(streamed(view, text), cut), states.changes(NOW), *keys)


def test_a_batch_becomes_lines_with_job_worker_level_message_and_trace() -> None:
    shown = whole_road(request(AGENT, "fmt_json_lines"))

    line = next(line for line in shown.splitlines() if "job started" in line)
    for part in ("10:15:01.123", "INFO", "invoice.render", "billing-worker-2", "4bf92f35"):
        assert part in line


def test_personal_values_never_reach_the_screen_and_their_marks_do() -> None:
    shown = whole_road(request(AGENT, "fmt_json_lines"))

    assert "jane.doe@example.com" not in shown
    assert "4111 1111 1111 1111" not in shown
    assert "[email:" in shown
    assert "[card:" in shown


@pytest.mark.parametrize("cut", [1, 7, 1_000, 10_000_000])
def test_how_the_stream_is_cut_changes_nothing(cut: int) -> None:
    given = request(AGENT, "fmt_json_lines")

    assert whole_road(given, cut=cut) == whole_road(given)


@pytest.mark.parametrize(
    "name", ["fmt_json", "json_lines_gzip", "json_lines_snappy", "fmt_msgpack", "canonical_yaml"]
)
def test_every_form_of_the_same_lines_is_the_same_screen(name: str) -> None:
    shown = whole_road(request(AGENT, name))

    assert "job started" in shown
    assert "invoice.render" in shown


@pytest.mark.parametrize("name", LOGS)
def test_every_capture_arrives_whole_and_once(name: str) -> None:
    given = request(AGENT, name)
    view, _ = sink(given)

    records = arrived(streamed(view, tail=10_000), 512)

    assert len(records) == len(posted(given).batch()) > 0
    assert [one.id for one in records] == [f"e1-{n}" for n in range(1, len(records) + 1)]
    assert view.ledger().total.accepted == len(records)


def test_a_filter_narrows_what_is_sent_and_shown() -> None:
    given = request(AGENT, "fmt_json_lines")

    shown = whole_road(given, "level:>=warn job:invoice.*")

    assert "bounced" in shown
    assert "job started" not in shown


def test_the_job_list_stands_beside_the_lines() -> None:
    shown = whole_road(request(AGENT, "fmt_json_lines"))

    assert any("invoice.render" in line.split("│")[0] for line in shown.splitlines())


def test_the_record_pane_shows_every_member_and_field() -> None:
    shown = whole_road(request(AGENT, "fmt_json_lines"), "", "top", "enter")

    for part in ("traceparent", "01JD8X2Q3V6Z8K4N7T5R9W1M0A", "4bf92f3577b34da6a3ce929d0e0e4736"):
        assert part in shown


def test_a_line_that_is_no_json_is_kept_beside_its_neighbours() -> None:
    body = (
        b'{"job":"a","message":"before"}\nnot json at all \x1b[31m\n{"job":"a","message":"after"}'
    )

    shown = whole_road(Request("/ingest", {}, body))

    assert "before" in shown
    assert "after" in shown
    assert "not json at all" in shown
    assert "\x1b" not in shown


def test_what_is_sent_is_what_a_page_holds() -> None:
    view, _ = sink(request(AGENT, "fmt_json_lines"))
    sent = [event.data for event in sse.Decoder().feed(streamed(view))]

    held = lookup.page(view, Wanted(filters.EVERYTHING), limit=100)

    assert sent == held.lines
