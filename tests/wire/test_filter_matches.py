"""Which records a filter keeps."""

import pytest

from ttwire.filter import parse
from ttwire.record import Record, encode

NOW = 1_767_323_045.0  # 2026-01-02T03:04:05Z
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

RECORD = Record(
    id="e-1",
    timestamp="2026-01-02T03:00:00.000000Z",
    received="2026-01-02T03:00:01.000000Z",
    job="email-17",
    worker="w-3",
    queue="mail",
    attempt=2,
    level="warn",
    message="Request TIMED out after 3 tries (straße)",
    trace_id=TRACE,
    span_id="00f067aa0ba902b7",
    fields={
        "status": 503,
        "duration_ms": 1500,
        "elapsed": "1m2.5s",
        "latency": 2.5,
        "size_bytes": 2048,
        "ok": True,
        "nothing": None,
        "tags": ["red", "Green", 7],
        "customer": {"tier": "gold", "id": "c*1"},
        "kubernetes": {"labels": {"app.kubernetes.io/name": "mailer"}},
        "a.b": {"c.d": {"e": "deep"}},
        "version": "2026-01-01",
        "text number": "42",
        "none": "none",
    },
    redacted=("email", "card"),
    truncated=True,
    agent="vector",
)
BARE = Record(message="plain")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "timed",
        "TIMED OUT",
        '"timed out"',
        "“timed out”",
        "time*tries",
        "*time*",
        "*",
        "STRASSE",
        "/TIMED/",
        "/timed/i",
        r"/after \d+ tries/",
        "message:request",
        "message~=request",
        "job:email-17",
        "job:email-*",
        "job:*-17",
        "job:e*1*",
        "job:*",
        "job=email-17",
        "job!=other",
        "job~=MAIL",
        "job:/^email-[0-9]+$/",
        "job:(other OR email-*)",
        "worker:w-3 queue:mail agent:vector",
        "-job:none",
        "!other",
        "NOT other",
        "level:warn",
        "level:warning",
        "level:>=warn",
        "level:<=warn",
        "level:<error",
        "level>=info",
        "level:[info TO error]",
        "level:(warn OR error)",
        "severity:warn",
        "attempt:2",
        "attempt:>1",
        "attempt:[1 TO 2]",
        f"trace:{TRACE}",
        f"trace:{TRACE.upper()}",
        f"trace:00-{TRACE}-00f067aa0ba902b7-01",
        "trace:4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "trace:4bf92f",
        "trace:4bf92f*",
        "trace:a3ce929d0e0e4736",
        "trace:*",
        "span:00f067aa0ba902b7",
        "span:00f0",
        "redacted:email",
        "redacted:ca*",
        "redacted:*",
        "is:redacted",
        "is:truncated",
        "-is:malformed",
        "since:5m",
        "until:4m",
        "since:2026-01-02T03:00:00Z until:2026-01-02T03:00:00Z",
        "since:2026-01-02",
        "since:2026-01-02T04:00:00+01:00",
        "@status:503",
        "status:503",
        "@status:[500 TO 599]",
        "@status:[500 TO *]",
        "@status:>=503",
        "@status:5*",
        "@duration_ms:>1400",
        "@duration_ms:>1.4s",
        "@duration_ms:>=1.5s",
        "@elapsed:>1m",
        "@latency:>2.4s",
        "@latency:<=2500ms",
        "@size_bytes:>=2KiB",
        "@ok:true",
        "@tags:red",
        "@tags:7",
        "@tags~=green",
        "@tags:>6",
        "@customer.tier:gold",
        '@customer.id:"c*1"',
        "@customer:*",
        "@kubernetes.labels.app.kubernetes.io/name:mailer",
        "@a.b.c.d.e:deep",
        "@version:>2025-12-31",
        "@version:[2026-01-01 TO 2026-01-02]",
        '@"text number":>41',
        '@"text number":42',
        "@none:none",
        "other OR timed",
        "other timed OR job:email-17",
        "(other OR timed) level:warn",
        "-(other OR another)",
    ],
)
def test_a_filter_keeps_what_it_names(text: str) -> None:
    assert parse(text, now=NOW).matches(RECORD)


@pytest.mark.parametrize(
    "text",
    [
        "other",
        "-timed",
        "tries*timed",
        "/timed/",
        "job:email",
        "job:EMAIL-17",
        "job:email-17*7",
        "job:none",
        'job:"none"',
        "level:error",
        "level:>warn",
        "level:none",
        "attempt:3",
        "attempt:none",
        "trace:none",
        "trace:deadbeef",
        "trace:4bf92f3577b34da6",
        "span:f068",
        "redacted:iban",
        "is:malformed",
        "since:4m",
        "until:5m since:4m",
        "@status:>503",
        "@status:50",
        "@duration_ms:>1.5s",
        "@size_bytes:>1s",
        "@elapsed:>1500",
        "@ok:1",
        "@ok:>0",
        "@nothing:*",
        "@absent:*",
        "@absent:x",
        "@customer:gold",
        '@customer.id:"c*"',
        "@customer.tier:GOLD",
        "@a.b.c:deep",
        "@tags:green",
        "timed other",
        "timed -level:warn",
    ],
)
def test_a_filter_leaves_out_what_it_does_not_name(text: str) -> None:
    assert not parse(text, now=NOW).matches(RECORD)


@pytest.mark.parametrize(
    "text",
    [
        "level:none",
        "job:none worker:none queue:none attempt:none trace:none span:none agent:none",
        "-level:>=warn",
        "-job:x",
        "-redacted:*",
    ],
)
def test_a_record_that_lacks_a_member_is_found_by_none_and_by_exclusion(text: str) -> None:
    assert parse(text, now=NOW).matches(BARE)


@pytest.mark.parametrize(
    "text",
    [
        "level:>=trace",
        "level:<=fatal",
        "job:*",
        "job:/.*/",
        "job~=a",
        "attempt:>0",
        "since:1d",
        "until:1s",
        "span:0",
    ],
)
def test_a_record_that_lacks_a_member_matches_nothing_said_of_it(text: str) -> None:
    assert not parse(text, now=NOW).matches(BARE)


def test_a_record_without_a_timestamp_counts_by_when_it_was_received() -> None:
    late = Record(received="2026-01-02T03:03:00.000000Z")

    assert parse("since:5m until:1m", now=NOW).matches(late)
    assert not parse("since:1m", now=NOW).matches(late)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@took_ms:>=4.035s", 4035),
        ("@took_ms:<=4.035s", 4035),
        ("@took_ms:[1.1s TO 1.1s]", 1100),
        ("@tookMs:>=0.0011s", 1.1),
        ("@took:>=4035ms", "4.035s"),
        ("@took:<=4035ms", "4.035s"),
        ("@size_kb:>=1MB", 1000),
        ("@n:>9007199254740992", 9007199254740993),
        ("@n:9007199254740993", 9007199254740993),
    ],
)
def test_a_bound_is_exact_in_every_unit(text: str, value: object) -> None:
    name = text[1:].partition(":")[0]

    assert parse(text, now=NOW).matches(Record(fields={name: value}))


def test_a_padded_id_is_found_by_the_start_that_is_shown_of_it() -> None:
    record = Record(trace_id="0000000000000000a3ce929d0e0e4736")

    assert parse("trace:a3ce929d", now=NOW).matches(record)
    assert parse("trace:00000000", now=NOW).matches(record)
    assert not parse("trace:929d", now=NOW).matches(record)


def test_whole_numbers_past_the_floats_are_told_apart() -> None:
    record = Record(fields={"n": 9007199254740993})

    assert not parse("@n:9007199254740992", now=NOW).matches(record)
    assert not parse("@n:<=9007199254740992", now=NOW).matches(record)


def test_an_id_of_64_bits_and_one_of_128_are_the_same_trace_where_the_low_half_is() -> None:
    whole = "4bf92f3577b34da6a3ce929d0e0e4736"
    half = "0" * 16 + whole[16:]
    other = "1" * 16 + whole[16:]
    records = {name: Record(trace_id=name) for name in (whole, half, other)}

    def kept(asked: str) -> set[str]:
        found = parse(f"trace:{asked}", now=0.0)
        return {
            name
            for name, one in records.items()
            if found.may_match(encode(one)) and found.matches(one)
        }

    assert kept(whole) == {whole, half}
    assert kept(half) == kept(whole[16:]) == {whole, half, other}
