"""What each observation on the way to a sink is taken for."""

from email.utils import formatdate

import pytest

from ttwire import diagnosis
from ttwire.diagnosis import Symptom

NOW = 1_767_323_045.0


@pytest.mark.parametrize(
    ("symptom", "mark", "said"),
    [
        (diagnosis.answered(200, 0.01, "u"), "ok", "u answers, in 10 ms"),
        (diagnosis.answered(200, 1.5, "u"), "note", "in 1500 ms"),
        (diagnosis.answered(502, 0.01, "u"), "wrong", "a proxy answers 502"),
        (diagnosis.answered(404, 0.01, "u"), "wrong", "something else listens there"),
        (diagnosis.answered(301, 0.01, "u"), "wrong", "agents do not follow"),
        (diagnosis.answered(418, 0.01, "u"), "wrong", "is that a sink?"),
        (diagnosis.ready(200, ""), "ok", "takes batches in"),
        (diagnosis.ready(503, "draining"), "wrong", "nothing in now: draining"),
        (
            diagnosis.refused(401, "token_missing", "", "read", "name its file"),
            "wrong",
            "asks for a token for read, and none was given; name its file",
        ),
        (
            diagnosis.refused(401, "token_wrong", "", "ingest", ""),
            "wrong",
            "there are separate ones for sending and for reading",
        ),
        (diagnosis.refused(401, "token_empty", "why", "ingest", ""), "wrong", "401: why"),
        (diagnosis.refused(403, "foreign_host", "why", "read", ""), "wrong", "403: why"),
        (diagnosis.refused(413, "x", "", "ingest", ""), "wrong", "no body of that size"),
        (diagnosis.refused(429, "x", "later", "ingest", ""), "wrong", "429: later"),
        (diagnosis.arrival(0.02, accepted=True), "ok", "after 20 ms"),
        (diagnosis.arrival(None, accepted=True), "wrong", "the stream did not bring it"),
        (diagnosis.arrival(None, accepted=False), "wrong", "took no record in"),
        (diagnosis.compressed(200, "gzip"), "ok", "gzip arrives"),
        (diagnosis.compressed(400, "gzip"), "wrong", "is answered 400"),
        (diagnosis.silence(3, 5), "ok", "3 records in 5 s"),
        (diagnosis.silence(0, 5), "note", "no agent sent anything in 5 s"),
        (diagnosis.mapping("vector", 9, {"job": 4, "level": 9}), "ok", "job 4, level 9"),
        (diagnosis.mapping("vector", 9, {"job": 0, "level": 9}), "wrong", "[fields] job = [...]"),
    ],
)
def test_an_observation_says_what_is_wrong_and_what_is_right(
    symptom: Symptom, mark: str, said: str
) -> None:
    assert symptom.mark == mark
    assert said in symptom.text


@pytest.mark.parametrize(
    ("ahead", "mark", "said"),
    [
        (0, "ok", "the clocks agree"),
        (2, "ok", "the clocks agree"),
        (90, "wrong", "90 s ahead of"),
        (-3600, "wrong", "3600 s behind"),
    ],
)
def test_a_clock_is_compared_within_what_its_header_can_tell(
    ahead: int, mark: str, said: str
) -> None:
    symptom = diagnosis.clock(formatdate(NOW + ahead, usegmt=True), NOW + 0.5, NOW + 0.5)

    assert symptom is not None
    assert (symptom.mark, said in symptom.text) == (mark, True)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_clock_that_says_nothing_is_not_judged(date: str | None) -> None:
    assert diagnosis.clock(date, NOW, NOW) is None


STREAM = {"content-type": "text/event-stream; charset=utf-8"}


@pytest.mark.parametrize(
    ("first", "headers", "said"),
    [
        (0.01, STREAM, "the stream opens, in 10 ms"),
        (None, STREAM, "the stream's first bytes did not come: a proxy buffers it"),
        (7.0, STREAM, "came after 7.0 s"),
        (0.01, {"content-type": "text/html"}, "no sink's answer"),
        (0.01, {**STREAM, "content-encoding": "gzip"}, "compresses the stream (gzip)"),
        (0.01, {**STREAM, "via": "1.1 nginx"}, "a proxy stands between: 1.1 nginx"),
    ],
)
def test_a_stream_tells_what_stands_between(
    first: float | None, headers: dict[str, str], said: str
) -> None:
    assert any(said in symptom.text for symptom in diagnosis.stream(first, headers))
